import { Anchor, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import type { AppForm } from '../../components/form/use-app-form.js';
import type { TypedStream } from './add-rtsp-page.js';
import type { AdditionValues } from './addition-form.js';
import { typedDevice } from './typed-device.js';

/** Address of one camera, with what was understood beside it, and what it shall be called. */
export function TypedDeviceFields({ form }: { form: AppForm<AdditionValues> }) {
  const { t } = useTranslation('cameras');
  const { search } = useLocation();
  const device = typedDevice(form.values.address);
  return (
    <>
      <TextInput
        {...form.text('address')}
        label={t('typed.address')}
        description={t('typed.addressHint')}
        placeholder="192.168.1.64"
        inputMode="url"
        autoComplete="off"
        required
      />
      {device.kind === 'onvif' && (
        <Text size="sm" role="status" style={{ overflowWrap: 'anywhere' }}>
          {t('typed.understood', { address: device.deviceAddress })}
        </Text>
      )}
      {device.kind === 'rtsp' && (
        <Anchor
          component={Link}
          to={{ pathname: '/cameras/add-rtsp', search }}
          // Not in the address: streams of some cameras have their password in it.
          state={{ mainUrl: device.url } satisfies TypedStream}
        >
          {t('typed.toRtsp')}
        </Anchor>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput {...form.text('name')} label={t('settings.name')} autoComplete="off" />
        <TextInput
          {...form.text('place')}
          label={t('settings.place')}
          placeholder={t('settings.placeExample')}
          autoComplete="off"
        />
      </SimpleGrid>
    </>
  );
}
