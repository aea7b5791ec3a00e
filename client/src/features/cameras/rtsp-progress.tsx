import { Alert, Anchor, Button, Card, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { TechnicalDetail } from '../../components/technical-detail.js';
import { areasKey } from '../../lib/areas.js';
import { invalidateCameras } from '../../lib/camera-cache.js';
import { useRtspAddition } from './rtsp-additions.js';

/** How an addition of cameras without ONVIF goes, camera by camera; what failed first. */
export function RtspProgress({ additionId, onMore }: { additionId: string; onMore: () => void }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const query = useRtspAddition(additionId);
  const addition = query.data;
  const done = addition?.state === 'done';
  useEffect(() => {
    if (!done) return;
    invalidateCameras(client);
    void client.invalidateQueries({ queryKey: areasKey });
  }, [client, done]);
  if (addition === undefined) {
    return query.isPending ? (
      <SkeletonList rows={4} />
    ) : (
      <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const isGood = (outcome: string) => outcome !== 'failed' && outcome !== 'recorder_full';
  const rows = [...addition.results].sort(
    (a, b) => Number(isGood(a.outcome)) - Number(isGood(b.outcome)) || a.index - b.index,
  );
  const added = addition.results.filter(({ outcome }) => outcome === 'added' || outcome === 'returned').length;
  const failed = rows.filter(({ outcome }) => !isGood(outcome)).length;
  return (
    <Stack gap="md">
      <Card withBorder>
        <Stack gap="sm">
          <Text role="status" fw={600}>
            {done
              ? t('rtsp.done', { added, total: addition.total })
              : t('addition.running', { done: addition.results.length, total: addition.total })}
          </Text>
          {/* A full bar would say that all is well, whatever came of it. */}
          {!done && (
            <>
              <Progress
                value={(addition.results.length / Math.max(1, addition.total)) * 100}
                animated
                size="lg"
                aria-label={t('add.progress')}
              />
              <Text size="sm" c="dimmed">
                {t('addition.leave')}
              </Text>
            </>
          )}
          {done && (
            <Group>
              <Button component={Link} to="/cameras">
                {t('addition.toCameras')}
              </Button>
              <Button variant="default" onClick={onMore}>
                {t('rtsp.more')}
              </Button>
            </Group>
          )}
        </Stack>
      </Card>
      {done && added > 0 && failed === 0 && <Alert color="teal">{t('addition.allGood')}</Alert>}
      {rows.length > 0 && (
        <Card withBorder padding={0}>
          <Table.ScrollContainer minWidth={320}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('addition.device')}</Table.Th>
                  <Table.Th>{t('addition.outcome')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((result) => (
                  <Table.Tr key={result.index}>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>
                      {result.camera === null ? (
                        (result.tried?.mainUrl ?? t('rtsp.row', { number: result.index + 1 }))
                      ) : (
                        <Anchor component={Link} to={`/cameras/${result.camera.id}`}>
                          {result.camera.name}
                        </Anchor>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" {...(isGood(result.outcome) ? {} : { c: 'var(--state-down)', fw: 600 })}>
                        {isGood(result.outcome) ? '● ' : '■ '}
                        {result.outcome === 'failed'
                          ? t(`common:cameraReasons.${result.reason}`)
                          : t(`outcomes.${result.outcome}`)}
                      </Text>
                      <TechnicalDetail detail={result.detail} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Card>
      )}
    </Stack>
  );
}
