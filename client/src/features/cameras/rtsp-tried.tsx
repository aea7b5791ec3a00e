import type { StreamProbeResponse } from '@choi-canh/shared/recorder-api';
import type { RtspProbeResponse } from '@choi-canh/shared/rtsp-cameras';
import { rtspTemplate, type RtspBrand } from '@choi-canh/shared/rtsp-templates';
import { Alert, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { FactTable } from '../../components/fact-table.js';
import { TechnicalDetail } from '../../components/technical-detail.js';
import { soundName } from './sound-name.js';

const closedReasons: ReadonlySet<string> = new Set(['connection_refused', 'no_such_stream', 'host_unreachable']);

/** What a try of a camera without ONVIF came to, in words. */
export function RtspTried({ tried, brand }: { tried: RtspProbeResponse; brand: RtspBrand }) {
  const { t } = useTranslation('cameras');
  const { main, sub, subUrl } = tried;
  const box = useRef<HTMLDivElement>(null);
  // On a phone it is a screen below the button that asked for it.
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'center' });
  }, [tried]);
  const isClosed = closedReasons.has(main.reason);
  const streamWords = (stream: StreamProbeResponse) =>
    [
      (stream.codec ?? '').toUpperCase(),
      stream.width === null ? '' : `${stream.width} × ${stream.height}`,
      stream.frameRate === null ? '' : t('facts.frameRate', { rate: stream.frameRate }),
      stream.bitrateKbps === null ? '' : `${stream.bitrateKbps} kbit/s`,
    ]
      .filter((part) => part !== '')
      .join(' · ');
  if (main.reason !== 'ok')
    return (
      <Alert ref={box} color="red" role="alert" title={t('rtsp.failed')}>
        <Stack gap={4}>
          <Text>{t(`common:cameraReasons.${main.reason}`)}</Text>
          {isClosed && rtspTemplate(brand).mayBeClosed && <Text>{t('rtsp.mayBeClosed')}</Text>}
          <TechnicalDetail detail={[main.detail, tried.mainUrl].filter((part) => part !== '').join('\n')} />
        </Stack>
      </Alert>
    );
  const rows: [string, string][] = [
    [t('facts.main'), streamWords(main)],
    [
      t('facts.sub'),
      sub === null
        ? t('facts.noStream')
        : sub.reason === 'ok'
          ? streamWords(sub)
          : `${t('rtsp.subFailed')} ${t(`common:cameraReasons.${sub.reason}`)}`,
    ],
    [t('rtsp.sound'), main.sound === null ? t('rtsp.noSound') : soundName(main.sound)],
    [t('rtsp.address'), [tried.mainUrl, ...(sub?.reason === 'ok' && subUrl !== null ? [subUrl] : [])].join('\n')],
  ];
  return (
    <Alert ref={box} color="teal" role="status" title={t('rtsp.works')}>
      <FactTable
        rows={rows.map(([label, words]) => [
          label,
          <span key={label} style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-line' }}>
            {words}
          </span>,
        ])}
      />
      {main.engine === 'ffmpeg' && <Text mt="xs">{t('rtsp.throughFfmpeg')}</Text>}
    </Alert>
  );
}
