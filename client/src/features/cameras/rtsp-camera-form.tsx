import {
  rtspAddResponse,
  rtspDevice,
  rtspProbeResponse,
  type RtspAddResponse,
  type RtspDevice,
  type RtspProbeResponse,
} from '@choi-canh/shared/rtsp-cameras';
import {
  asksForChannel,
  rtspTemplate,
  rtspTemplates,
  usualRtspPort,
  type RtspBrand,
} from '@choi-canh/shared/rtsp-templates';
import { Button, Card, SimpleGrid, Text, TextInput } from '@mantine/core';
import { IconPlugConnected, IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { NumberField } from '../../components/form/number-field.js';
import { PasswordField } from '../../components/form/password-field.js';
import { SearchSelect } from '../../components/form/search-select.js';
import type { TypedValue } from '../../components/form/typed-value.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { RtspTried } from './rtsp-tried.js';

interface Values {
  brand: RtspBrand;
  host: string;
  port: TypedValue<number>;
  channel: TypedValue<number>;
  mainUrl: string;
  subUrl: string;
  username: string;
  password: string;
  name: string;
  place: string;
  areaId: string | undefined;
}
const understood = (value: number): TypedValue<number> => ({ kind: 'understood', value, text: String(value) });
const numberOf = (value: TypedValue<number>, otherwise: number) =>
  value.kind === 'understood' ? value.value : otherwise;

/** The device that the form names; undefined where its address is none. */
function deviceOf({ brand, host, port, channel, mainUrl, subUrl }: Values): RtspDevice | undefined {
  const given =
    brand === 'plain'
      ? { brand, mainUrl: mainUrl.trim(), subUrl: subUrl.trim() === '' ? null : subUrl.trim() }
      : { brand, host: host.trim(), port: numberOf(port, usualRtspPort), channel: numberOf(channel, 1) };
  return rtspDevice.safeParse(given).data;
}

/** One camera without ONVIF: brand, address, channel, account; tried, then added. */
export function RtspCameraForm({
  recorderId,
  areaId,
  mainUrl = '',
  onArea,
  onStarted,
}: {
  recorderId: string;
  /** Typed before; it belongs to no brand. */
  mainUrl?: string | undefined;
  areaId: string | undefined;
  onArea: (areaId: string | undefined) => void;
  onStarted: (additionId: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { tree } = useAreas();
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const isTrying = useRef(false);
  const [tried, setTried] = useState<RtspProbeResponse>();
  const [trying, setTrying] = useState(false);
  const form = useAppForm<Values>({
    initial: {
      ...{
        brand: mainUrl === '' ? 'hikvision' : 'plain',
        host: '',
        port: understood(usualRtspPort),
        channel: understood(1),
        mainUrl,
        subUrl: '',
      },
      ...{ username: 'admin', password: '', name: '', place: '', areaId: areaId ?? onlyArea },
    },
    most: { host: 253, mainUrl: 1000, subUrl: 1000, username: 80, password: 200, name: 120, place: 200 },
    validate: {
      host: (text, all) =>
        all.brand !== 'plain' && deviceOf({ ...all, host: text }) === undefined ? t('rtsp.hostWrong') : undefined,
      mainUrl: (text, all) =>
        all.brand === 'plain' && deviceOf({ ...all, mainUrl: text, subUrl: '' }) === undefined
          ? t('rtsp.urlWrong')
          : undefined,
      subUrl: (text, all) =>
        all.brand === 'plain' && text.trim() !== '' && deviceOf({ ...all, mainUrl: text, subUrl: '' }) === undefined
          ? t('rtsp.urlWrong')
          : undefined,
      username: (text) => (text.trim() === '' ? t('add.usernameMissing') : undefined),
      password: (text) => (text === '' ? t('add.passwordMissing') : undefined),
      areaId: (id) => (id === undefined && !isTrying.current ? t('errors:fields.areaId') : undefined),
    },
    serverFields: { address_not_allowed: 'host' },
  });
  const { brand } = form.values;

  const account = ({ username, password }: Pick<Values, 'username' | 'password'>) => ({
    ...{ username: username.trim(), password },
  });
  const attempt = form.submit(async (values) => {
    setTried(undefined);
    const device = deviceOf(values);
    if (device === undefined) return false;
    const body = { recorderId, device, ...account(values) };
    setTrying(true);
    try {
      setTried(await api.post('/api/cameras/rtsp-probes', { schema: rtspProbeResponse, body }));
    } finally {
      setTrying(false);
    }
    return false;
  });

  return (
    <Card withBorder>
      <AppForm
        form={form}
        gap="sm"
        autoComplete="off"
        guarded={form.values.password !== ''}
        onSubmit={async (values) => {
          const device = deviceOf(values);
          if (device === undefined || values.areaId === undefined) return false;
          const camera = { device, name: values.name.trim(), place: values.place.trim(), ...account(values) };
          const body = { recorderId, areaId: values.areaId, cameras: [camera] };
          const started = await api.post('/api/cameras/rtsp-additions', { schema: rtspAddResponse, body });
          client.setQueryData<RtspAddResponse>(['rtsp-addition', started.id], started);
          onStarted(started.id);
          return undefined;
        }}
        actions={
          <FormActions submitLabel={t('rtsp.add')} icon={<IconPlus size={20} />}>
            <Button
              variant="default"
              h="auto"
              mih={40}
              leftSection={<IconPlugConnected size={20} />}
              loading={trying}
              onClick={() => {
                // The area is asked for when the camera is added, not when it is tried.
                isTrying.current = true;
                attempt();
                isTrying.current = false;
              }}
            >
              {t('rtsp.try')}
            </Button>
          </FormActions>
        }
      >
        <SimpleGrid cols={{ base: 1, sm: brand === 'plain' ? 1 : 4 }}>
          <SearchSelect
            {...form.field('brand')}
            label={t('rtsp.brand')}
            data={rtspTemplates.map((one) => ({
              value: one.brand,
              label: one.name === '' ? t('rtsp.plain') : one.name,
            }))}
            onChange={(next) => {
              setTried(undefined);
              form.set({ brand: next });
            }}
          />
          {brand === 'plain' ? (
            <>
              <TextInput
                {...form.text('mainUrl')}
                label={t('rtsp.mainUrl')}
                description={t('rtsp.urlHint')}
                placeholder="rtsp://192.168.1.70:554/live/main"
                autoComplete="off"
                required
              />
              <TextInput {...form.text('subUrl')} label={t('rtsp.subUrl')} autoComplete="off" />
            </>
          ) : (
            <>
              <TextInput
                {...form.text('host')}
                label={t('rtsp.host')}
                placeholder="192.168.1.64"
                autoComplete="off"
                required
              />
              <NumberField {...form.field('port')} label={t('rtsp.port')} min={1} max={65_535} />
              {asksForChannel(brand) && (
                <NumberField {...form.field('channel')} label={t('rtsp.channel')} min={1} max={256} />
              )}
            </>
          )}
        </SimpleGrid>
        {rtspTemplate(brand).mayBeClosed && (
          <Text size="sm" c="dimmed">
            {t('rtsp.brandHint')}
          </Text>
        )}
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput {...form.text('username')} label={t('credentials.username')} autoComplete="off" required />
          <PasswordField {...form.text('password')} label={t('add.password')} autoComplete="new-password" required />
        </SimpleGrid>
        {tried !== undefined && <RtspTried tried={tried} brand={brand} />}
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextInput {...form.text('name')} label={t('settings.name')} autoComplete="off" />
          <TextInput
            {...form.text('place')}
            label={t('settings.place')}
            placeholder={t('settings.placeExample')}
            autoComplete="off"
          />
          <AreaSelect
            {...form.field('areaId')}
            label={t('settings.area')}
            onChange={(id) => {
              form.set({ areaId: id });
              onArea(id);
            }}
            required
          />
        </SimpleGrid>
      </AppForm>
    </Card>
  );
}
