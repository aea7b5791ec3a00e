import type { CameraAddResponse, DiscoveredDevice } from '@choi-canh/shared/cameras';
import { Alert, Anchor, Button, Card, Group, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { TechnicalDetail } from '../../components/technical-detail.js';
import { areasKey } from '../../lib/areas.js';
import { invalidateCameras } from '../../lib/camera-cache.js';
import { useUrlState } from '../../lib/url-state.js';
import { AdditionForm, type AdditionAccount } from './addition-form.js';
import { useAddition } from './additions.js';
import { devicesToAdd, type DeviceWords } from './device-choice.js';
import { OfferedChannels } from './offered-channels.js';

type Outcome = CameraAddResponse['results'][number]['outcome'];
const good: readonly Outcome[] = ['added', 'returned', 'already_there'];

/** How the addition goes, device by device; those that failed can be tried again with another password. */
export function AdditionProgress({
  additionId,
  recorderId,
  devices,
  typed,
  account,
  onAccount,
}: {
  additionId: string;
  recorderId: string;
  devices: readonly DiscoveredDevice[];
  typed: ReadonlyMap<string, DeviceWords>;
  account: AdditionAccount;
  onAccount: (account: AdditionAccount) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { search, change } = useUrlState();
  const way = search.get('way');
  const query = useAddition(additionId);
  const addition = query.data;
  const done = addition?.state === 'done';
  useEffect(() => {
    if (!done) return;
    invalidateCameras(client);
    void client.invalidateQueries({ queryKey: areasKey });
  }, [client, done]);

  if (addition === undefined) {
    return query.isPending ? (
      <SkeletonList rows={5} />
    ) : (
      <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const offered = addition.results.filter(({ offer }) => offer !== null);
  const failed = addition.results.filter(({ outcome, offer }) => !good.includes(outcome) && offer === null);
  // A device may have many cameras.
  const added = addition.results.reduce((sum, { cameras }) => sum + cameras, 0);
  const nameOf = (address: string) =>
    typed.get(address)?.name ?? devices.find((device) => device.deviceAddress === address)?.name ?? '';
  // Failures first: they are what is left to do.
  const rows = [...failed, ...offered, ...addition.results.filter((result) => good.includes(result.outcome))];
  const failedAddresses = new Set(failed.map((result) => result.deviceAddress));
  const again = [
    ...devicesToAdd(devices, failedAddresses, typed),
    // Typed, or a reload has lost what was found; the address is enough to try again.
    ...failed
      .filter((result) => !devices.some((device) => device.deviceAddress === result.deviceAddress))
      .map(({ deviceAddress }) => ({
        ...{ deviceAddress, name: '', place: '', endpointReference: '' },
        ...typed.get(deviceAddress),
      })),
  ];

  return (
    <Stack gap="md">
      <Card withBorder>
        <Stack gap="sm">
          <Text role="status" fw={600}>
            {!done
              ? t('addition.running', { done: addition.results.length, total: addition.total })
              : added > 0
                ? t('addition.done', { count: added, added, total: addition.total })
                : failed.length > 0
                  ? t('addition.none', { total: addition.total })
                  : t(offered.length > 0 ? 'addition.choose' : 'addition.allThere')}
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
              <Button variant="default" onClick={() => change({ addition: undefined, discovery: undefined })}>
                {t(way === 'address' ? 'rtsp.more' : 'addition.searchMore')}
              </Button>
            </Group>
          )}
        </Stack>
      </Card>
      {done && offered.length > 0 && (
        <OfferedChannels
          key={`channels ${additionId}`}
          addition={addition}
          recorderId={recorderId}
          areaId={addition.areaId}
          username={addition.username}
          nameOf={nameOf}
          onStarted={(id) => change({ addition: id }, { push: true })}
        />
      )}
      {done && failed.length > 0 && (
        <Stack gap="sm">
          <Title order={2} fz="lg">
            {t('addition.retryTitle', { count: failed.length })}
          </Title>
          {/* Why, before the fields that mend it. */}
          <div data-testid="addition-reasons">
            {[...new Set(failed.map(({ outcome }) => outcome))].map((outcome) => (
              <Text key={outcome} c="var(--state-down)" fw={600}>
                {`■ ${t(`outcomes.${outcome}`)}`}
              </Text>
            ))}
          </div>
          <AdditionForm
            key={additionId}
            recorderId={recorderId}
            devices={again}
            submitLabel={t('addition.retry', { count: again.length })}
            account={account}
            onAccount={onAccount}
            onStarted={(id) => change({ addition: id }, { push: true })}
          />
        </Stack>
      )}
      {done && added > 0 && failed.length === 0 && offered.length === 0 && (
        <Alert color="teal">{t('addition.allGood')}</Alert>
      )}
      {rows.length > 0 && (
        <Card withBorder padding={0}>
          <Table.ScrollContainer minWidth={300}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th visibleFrom="sm">{t('addition.device')}</Table.Th>
                  <Table.Th>{t('columns.name')}</Table.Th>
                  <Table.Th>{t('addition.outcome')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map((result) => (
                  <Table.Tr key={result.deviceAddress}>
                    <Table.Td visibleFrom="sm" style={{ overflowWrap: 'anywhere' }}>
                      {result.deviceAddress}
                    </Table.Td>
                    <Table.Td>
                      {result.camera === null ? (
                        nameOf(result.deviceAddress) || '—'
                      ) : (
                        <Anchor component={Link} to={`/cameras/${result.camera.id}`}>
                          {result.camera.name}
                        </Anchor>
                      )}
                      {/* On a phone there is no room for a column of its own. */}
                      <Text hiddenFrom="sm" size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                        {result.deviceAddress}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" {...(failed.includes(result) ? { c: 'var(--state-down)', fw: 600 } : {})}>
                        {failed.includes(result) ? '■ ' : result.offer !== null ? '○ ' : '● '}
                        {t(`outcomes.${result.outcome}`)}
                        {result.cameras > 1 && ` · ${t('device.channels', { count: result.cameras })}`}
                      </Text>
                      {result.deviceId !== null && result.camera?.deviceKind !== 'camera' && (
                        <Anchor size="sm" component={Link} to={`/devices/${result.deviceId}`}>
                          {t('device.open')}
                        </Anchor>
                      )}
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
