import type { ClipFile, ClipResponse } from '@choi-canh/shared/evidence';
import { Anchor, Badge, Button, Code, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { IconDownload, IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { formatBytes, useCaseActions } from '../lib/cases.js';
import { useSession } from '../lib/session.js';
import { formatDuration, formatRange, formatTime } from '../lib/time.js';
import { ErrorPanel } from './error-panel.js';
import { Instant } from './instant.js';

const colours = { queued: 'gray', running: 'blue', done: 'teal', failed: 'red' } as const;
const marks = { queued: '◌', running: '◔', done: '●', failed: '■' } as const;

/** An extracted clip: how far it is, why it failed, what it holds, and its files. */
export function ClipCard({ clip, onReview }: { clip: ClipResponse; onReview?: () => void }) {
  const { t, i18n } = useTranslation('incidents');
  const session = useSession();
  const unfinished = clip.state === 'queued' || clip.state === 'running';
  const length = formatDuration(Date.parse(clip.to) - Date.parse(clip.from), i18n.language);
  return (
    <Paper withBorder p="sm" radius="md" data-testid={`clip-${clip.id}`} data-state={clip.state}>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Text fw={600}>{clip.cameraName}</Text>
            <Text>
              {formatRange(clip.from, clip.to, 'tenth')} <Text span c="dimmed">{`(${length})`}</Text>
            </Text>
          </div>
          <Badge size="lg" variant="light" color={colours[clip.state]} tt="none" fz={14}>
            {`${marks[clip.state]} ${t(`clips.states.${clip.state}`)}`}
          </Badge>
        </Group>
        {clip.note !== '' && <Text style={{ whiteSpace: 'pre-line' }}>{clip.note}</Text>}
        {unfinished && (
          <div
            data-testid="clip-progress"
            role="progressbar"
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(clip.progress * 100)}
            aria-label={t('clips.progress')}
          >
            <Progress value={Math.max(3, clip.progress * 100)} size="lg" aria-hidden="true" />
            <Text c="dimmed" fz={14} mt={4}>
              {clip.state === 'queued'
                ? t('clips.queued')
                : t('clips.running', { percent: Math.round(clip.progress * 100) })}
            </Text>
          </div>
        )}
        {clip.state === 'failed' && (
          <>
            <Text c="var(--state-down)" role="alert">
              {clipErrorText(clip.errorCode)}
            </Text>
            {session.can('clip.extract') && <ClipRetry clip={clip} />}
          </>
        )}
        {clip.state === 'done' && clip.files.length > 1 && (
          <Text>{t('clips.several', { count: clip.files.length })}</Text>
        )}
        {clip.files.map((file) => (
          <ClipFileRow key={file.index} clip={clip} file={file} />
        ))}
        <Group justify="space-between" gap="xs">
          <Text c="dimmed" fz={14}>
            {t('clips.by', { name: clip.createdByName })} · <Instant at={clip.createdAt} relative />
          </Text>
          {onReview && (
            <Anchor component="button" type="button" onClick={onReview} fz={15} mih={40}>
              {t('clips.review')}
            </Anchor>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

function ClipRetry({ clip }: { clip: ClipResponse }) {
  const { t } = useTranslation('incidents');
  const { retryClip } = useCaseActions();
  const retry = useMutation({ mutationFn: () => retryClip(clip) });
  return (
    <>
      {retry.isError && <ErrorPanel error={retry.error} />}
      <Group>
        <Button
          variant="default"
          leftSection={<IconRefresh size={20} />}
          loading={retry.isPending}
          onClick={() => retry.mutate()}
          data-testid="clip-retry"
        >
          {t('clips.retry')}
        </Button>
      </Group>
    </>
  );
}

function clipErrorText(code: string | null): string {
  const key = `incidents:clipErrors.${code ?? 'internal'}`;
  return i18next.t(i18next.exists(key) ? key : 'incidents:clipErrors.internal');
}

/** Few players play it, and nothing was made of it that more of them do. */
const hasG711Alone = ({ sounds = [] }: ClipFile): boolean =>
  sounds.some(({ codec }) => codec !== 'aac') && !sounds.some(({ converted }) => converted);

function ClipFileRow({ clip, file }: { clip: ClipResponse; file: ClipFile }) {
  const { t, i18n } = useTranslation('incidents');
  const session = useSession();
  const preRollSeconds = file.hiddenPreRollMs / 1000;
  return (
    <Stack gap={4}>
      <Group gap="xs">
        {session.can('clip.download') ? (
          <Button
            component="a"
            href={`/api/clips/${clip.id}/files/${file.index}`}
            download={file.fileName}
            leftSection={<IconDownload size={20} />}
            data-testid="clip-download"
          >
            {clip.files.length > 1 ? t('clips.downloadPart', { part: file.index + 1 }) : t('clips.download')}
          </Button>
        ) : (
          <Text>{file.fileName}</Text>
        )}
        <Text c="dimmed">
          {clip.files.length > 1 && `${formatTime(file.from, 'tenth')} – ${formatTime(file.to, 'tenth')} · `}
          {formatBytes(file.bytes)}
        </Text>
      </Group>
      {file.startsDamaged === true && <Text>{t('clips.startsDamaged')}</Text>}
      <details>
        <summary style={{ minHeight: 40, lineHeight: '40px', cursor: 'pointer' }}>{t('clips.details')}</summary>
        <Stack gap={4} pb="xs">
          <Text>{t('clips.fileName', { name: file.fileName })}</Text>
          <Text>{t('clips.exact', { range: formatRange(file.from, file.to, 'tenth'), count: file.frames })}</Text>
          <Text>
            {file.hiddenPreRollMs > 0
              ? t('clips.preRoll', {
                  seconds: new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 }).format(preRollSeconds),
                })
              : t('clips.noPreRoll')}
          </Text>
          <Text>{t(`clips.timeSource.${file.timeSource}`)}</Text>
          {(file.sounds ?? []).map(({ codec, converted }) => (
            <Text key={codec}>{t(`clips.sounds.${converted ? 'converted' : codec}`)}</Text>
          ))}
          {hasG711Alone(file) && <Text>{t('clips.sounds.notConverted')}</Text>}
          <Text>
            SHA-256: <Code style={{ overflowWrap: 'anywhere', fontSize: 14 }}>{file.sha256}</Code>
          </Text>
        </Stack>
      </details>
    </Stack>
  );
}
