import { cameraRuntimeResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraRuntime as Runtime } from '@choi-canh/shared/recorder-api';
import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { FactTable } from '../../components/fact-table.js';
import { Instant } from '../../components/instant.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { clockWords, codecName, engineWords, quirkWords, soundWords, timeWords } from './runtime-words.js';

const everyMs = 3000;

/** How a camera is being pulled and recorded now, in figures and plain words; follows by itself. */
export function CameraRuntime({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const query = useQuery({
    queryKey: ['camera-runtime', camera.id],
    queryFn: ({ signal }) => api.get(`/api/cameras/${camera.id}/runtime`, { schema: cameraRuntimeResponse, signal }),
    refetchInterval: everyMs,
  });
  return (
    <Stack gap="sm" data-testid="camera-runtime">
      <Title order={2} fz="lg">
        {t('runtime.title')}
      </Title>
      {query.data === undefined ? (
        query.isPending ? (
          <SkeletonList rows={4} height={36} />
        ) : (
          <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
        )
      ) : query.data.runtime === null ? (
        <Text>{t('runtime.away')}</Text>
      ) : (
        <RuntimeTable camera={camera} runtime={query.data.runtime} askedAt={query.data.askedAt} />
      )}
    </Stack>
  );
}

function RuntimeTable({ camera, runtime, askedAt }: { camera: CameraResponse; runtime: Runtime; askedAt: string }) {
  const { t, i18n } = useTranslation('cameras');
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 });
  const size = camera.main === null ? '' : `${camera.main.width} × ${camera.main.height}`;
  const stream = [
    runtime.codec === null ? '' : codecName(runtime.codec),
    runtime.codec === null ? '' : size,
    runtime.frameRate === null ? '' : t('runtime.frameRate', { rate: number.format(runtime.frameRate) }),
    runtime.bitrateKbps === null ? '' : t('runtime.bitrate', { rate: number.format(Math.round(runtime.bitrateKbps)) }),
  ].filter((part) => part !== '');
  const lost =
    runtime.engine === null
      ? '—'
      : runtime.engine === 'ffmpeg'
        ? t('runtime.lostUnknown')
        : runtime.lostPackets === 0
          ? t('runtime.lostNone')
          : t('runtime.lostSome', { count: runtime.lostPackets });
  const rows: [string, ReactNode][] = [
    [t('runtime.engine'), engineWords(t, runtime)],
    [t('runtime.stream'), stream.length === 0 ? '—' : stream.join(' · ')],
    [
      t('runtime.last'),
      runtime.lastFragmentAt === null ? t('runtime.never') : <Instant at={runtime.lastFragmentAt} relative />,
    ],
    [t('runtime.lost'), lost],
    [t('runtime.clock'), clockWords(t, i18n.language, runtime, Date.parse(askedAt))],
    [t('runtime.time'), timeWords(t, i18n.language, runtime)],
    [t('runtime.audio'), soundWords(t, runtime, camera.audio)],
    [t('runtime.reconnects'), `${number.format(runtime.reconnects)} (${t('runtime.reconnectsHint')})`],
  ];
  const quirks = quirkWords(t, runtime);
  if (quirks.length > 0) rows.push([t('runtime.quirksTitle'), quirks.join('; ')]);
  return <FactTable rows={rows} />;
}
