import {
  hostsOf,
  maxTypedHosts,
  rtspAddResponse,
  rtspDevice,
  type RtspAddResponse,
} from '@choi-canh/shared/rtsp-cameras';
import { rtspTemplates } from '@choi-canh/shared/rtsp-templates';
import { Alert, Button, Card, FileButton, Group, Stack, Table, Text } from '@mantine/core';
import { IconDownload, IconFileTypeCsv, IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { maxCsvBytes, maxCsvLines, readRtspCsv, rtspCsvExample, type CsvLine } from './rtsp-csv.js';

const brandNames = rtspTemplates.flatMap(({ name }) => (name === '' ? [] : [name])).join(', ');

/** Many cameras without ONVIF from a CSV file: read and checked here, then tried and added one by one. */
export function RtspImport({
  recorderId,
  areaId,
  onArea,
  onStarted,
}: {
  recorderId: string;
  areaId: string | undefined;
  onArea: (areaId: string | undefined) => void;
  onStarted: (additionId: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { tree } = useAreas();
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const [file, setFile] = useState<{ name: string; lines: CsvLine[] | undefined }>();
  const lines = file?.lines ?? [];
  const cameras = lines.flatMap(({ camera }) => camera ?? []);
  const hosts = hostsOf(cameras.map((camera) => ({ ...camera, device: rtspDevice.parse(camera.device) })));
  const tooMany = hosts > maxTypedHosts;
  const wrong = lines.filter(({ fault }) => fault !== undefined);
  const form = useAppForm<{ areaId: string | undefined; file: null }>({
    initial: { areaId: areaId ?? onlyArea, file: null },
    validate: { areaId: (id) => (id === undefined ? t('errors:fields.areaId') : undefined) },
  });

  const read = useRef<HTMLDivElement>(null);
  // On a phone the buttons at the lower edge would cover what is wrong in the file.
  useEffect(() => {
    read.current?.scrollIntoView({ block: 'center' });
  }, [file]);

  const open = async (chosen: File | null) => {
    if (chosen === null) return;
    const text = chosen.size <= maxCsvBytes ? await chosen.text() : '';
    setFile({ name: chosen.name, lines: text === '' ? undefined : readRtspCsv(text) });
  };
  const download = () => {
    const titles = t('rtsp.csv.columns', { returnObjects: true }) as Parameters<typeof rtspCsvExample>[0];
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([rtspCsvExample(titles)], { type: 'text/csv;charset=utf-8' }));
    link.download = 'camera-rtsp.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  return (
    <Card withBorder>
      <AppForm
        form={form}
        gap="sm"
        guarded={false}
        onSubmit={async ({ areaId: into }) => {
          if (into === undefined || cameras.length === 0) return false;
          const body = { recorderId, areaId: into, cameras };
          const started = await api.post('/api/cameras/rtsp-additions', { schema: rtspAddResponse, body });
          client.setQueryData<RtspAddResponse>(['rtsp-addition', started.id], started);
          onStarted(started.id);
          return undefined;
        }}
        actions={
          <FormActions
            submitLabel={t('rtsp.csv.add', { count: cameras.length })}
            icon={<IconPlus size={20} />}
            disabled={cameras.length === 0 || tooMany}
          />
        }
      >
        <Text>{t('rtsp.csv.text', { count: maxCsvLines })}</Text>
        <Group>
          <FileButton onChange={(chosen) => void open(chosen)} accept=".csv,text/csv,text/plain">
            {(props) => (
              <Button {...props} leftSection={<IconFileTypeCsv size={20} />}>
                {t('rtsp.csv.choose')}
              </Button>
            )}
          </FileButton>
          <Button variant="default" leftSection={<IconDownload size={20} />} onClick={download}>
            {t('rtsp.csv.example')}
          </Button>
        </Group>
        {file !== undefined && file.lines === undefined && (
          <Alert ref={read} color="red" role="alert">
            {t('rtsp.csv.unreadable', { file: file.name })}
          </Alert>
        )}
        {file?.lines !== undefined && (
          <Stack ref={read} gap="xs">
            <Text role="status" fw={600}>
              {t('rtsp.csv.read', { file: file.name, good: cameras.length, bad: wrong.length })}
            </Text>
            {tooMany && (
              <Alert color="red" role="alert">
                {t('rtsp.csv.tooManyHosts', { hosts, most: maxTypedHosts })}
              </Alert>
            )}
            {wrong.length > 0 && (
              <Table.ScrollContainer minWidth={320} mah={260}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('rtsp.csv.line')}</Table.Th>
                      <Table.Th>{t('columns.name')}</Table.Th>
                      <Table.Th>{t('rtsp.csv.fault')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {wrong.map(({ line, name, address, fault }) => (
                      <Table.Tr key={line}>
                        <Table.Td>{line}</Table.Td>
                        <Table.Td style={{ overflowWrap: 'anywhere' }}>{name || address || '—'}</Table.Td>
                        <Table.Td>
                          {fault === undefined ? '' : t(`rtsp.csv.wrong.${fault}`, { brands: brandNames })}
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Stack>
        )}
        <AreaSelect
          {...form.field('areaId')}
          label={t('settings.area')}
          maw={420}
          onChange={(id) => {
            form.set({ areaId: id });
            onArea(id);
          }}
          required
        />
      </AppForm>
    </Card>
  );
}
