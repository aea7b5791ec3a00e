import { discoveryResponse, type DiscoveryResponse } from '@choi-canh/shared/cameras';
import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Alert, Button, Card, SegmentedControl, Stack } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ErrorPanel } from '../../components/error-panel.js';
import { EmptyState } from '../../components/empty-state.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { leaveThen, useLeaveGuard } from '../../components/form/use-leave-guard.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api, withQuery } from '../../lib/api.js';
import { useUrlState } from '../../lib/url-state.js';
import { useRecorders } from '../../lib/recorders.js';
import { AdditionForm, type AdditionAccount } from './addition-form.js';
import { AdditionProgress } from './addition-progress.js';
import { useDiscovery } from './additions.js';
import type { DeviceWords } from './device-choice.js';
import { DiscoveryForm } from './discovery-form.js';
import { FoundDevices } from './found-devices.js';

/**
 * Search → choose → one password → add; or the address of one camera, typed. The search and the addition run on the server and stand in the address, so
 * this page can be left, reloaded and found again.
 */
export function AddCamerasPage() {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { search, change } = useUrlState();
  const discoveryId = search.get('discovery') ?? undefined;
  const additionId = search.get('addition') ?? undefined;
  const recorders = useRecorders();
  const discovery = useDiscovery(discoveryId);
  const [typed, setTyped] = useState<ReadonlyMap<string, DeviceWords>>(new Map());
  const [username, setUsername] = useState('admin');
  const account = { areaId: search.get('into') ?? search.get('area') ?? undefined, username };
  const setAccount = (next: AdditionAccount) => {
    setUsername(next.username);
    if (next.areaId !== account.areaId) change({ into: next.areaId });
  };
  const begin = useMutation({
    mutationFn: (body: { recorderId: string; ranges: string[] }) =>
      api.post('/api/discoveries', { schema: discoveryResponse, body }),
    onSuccess: (started) => {
      client.setQueryData<DiscoveryResponse>(['discovery', started.id], started);
      setTyped(new Map());
      change({ discovery: started.id, addition: undefined });
    },
  });
  // Names that were typed are sent with the addition, and kept for those that must be tried again.
  useLeaveGuard(typed.size > 0 && additionId === undefined);
  const recorderId = search.get('recorder') ?? recorders.data?.items[0]?.id;
  const way = search.get('way') === 'address' ? 'address' : 'search';

  const bySearch = (items: readonly RecorderResponse[]) => (
    <>
      <DiscoveryForm
        recorders={items}
        recorderId={recorderId}
        onRecorder={(id) => change({ recorder: id })}
        discovery={discovery.data}
        error={discovery.error}
        onSearch={(ranges) => begin.mutateAsync({ recorderId: recorderId ?? '', ranges })}
      />
      {discovery.data !== undefined && (
        <FoundDevices
          key={discovery.data.id}
          discovery={discovery.data}
          recorderId={recorderId ?? ''}
          typed={typed}
          onTyped={setTyped}
          account={account}
          onAccount={setAccount}
          onStarted={(id) => change({ addition: id }, { push: true })}
        />
      )}
    </>
  );
  const byAddress = (items: readonly RecorderResponse[]) => (
    <Stack gap="md">
      {items.length > 1 && (
        <Card withBorder>
          <SearchSelect
            label={t('add.recorder')}
            value={recorderId}
            onChange={(id) => change({ recorder: id })}
            data={items.map((one) => ({ value: one.id, label: one.name }))}
          />
        </Card>
      )}
      {items.find(({ id }) => id === recorderId)?.reachable === false && (
        <Alert color="orange">{t('add.recorderAway')}</Alert>
      )}
      {recorderId === undefined ? (
        <EmptyState title={t('add.noRecorder.title')} text={t('add.noRecorder.text')} />
      ) : (
        <AdditionForm
          recorderId={recorderId}
          devices="typed"
          submitLabel={t('rtsp.add')}
          account={account}
          onAccount={setAccount}
          onStarted={(id, devices) => {
            // What they are called is kept for another try.
            setTyped(new Map(devices.map(({ deviceAddress, name, place }) => [deviceAddress, { name, place }])));
            change({ addition: id }, { push: true });
          }}
        />
      )}
    </Stack>
  );

  return (
    <>
      <Button variant="subtle" component={Link} to="/cameras" leftSection={<IconArrowLeft size={20} />} mb="xs" px={4}>
        {t('allCameras')}
      </Button>
      <PageHeader
        title={t('add.title')}
        description={t('add.text')}
        actions={
          <Button
            variant="default"
            component={Link}
            to={withQuery('/cameras/add-rtsp', { into: account.areaId, recorder: search.get('recorder') })}
          >
            {t('rtsp.link')}
          </Button>
        }
      />
      {recorders.isPending ? (
        <SkeletonList rows={4} />
      ) : recorders.data === undefined ? (
        <ErrorPanel error={recorders.error} onRetry={() => void recorders.refetch()} />
      ) : additionId !== undefined ? (
        <AdditionProgress
          additionId={additionId}
          recorderId={recorderId ?? ''}
          devices={discovery.data?.devices ?? []}
          typed={typed}
          account={account}
          onAccount={setAccount}
        />
      ) : (
        <>
          <SegmentedControl
            mb="md"
            size="md"
            value={way}
            onChange={(next) => leaveThen(() => change({ way: next === 'address' ? 'address' : undefined }))}
            data={[
              { value: 'search', label: t('typed.search') },
              { value: 'address', label: t('typed.title') },
            ]}
          />
          {way === 'address' ? byAddress(recorders.data.items) : bySearch(recorders.data.items)}
        </>
      )}
    </>
  );
}
