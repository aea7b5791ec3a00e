import { Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconDeviceCctvOff, IconPlus, IconSearch, IconX } from '@tabler/icons-react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { useAreas } from '../../lib/areas.js';
import { useCameras, useRetiredCameras } from '../../lib/cameras.js';
import { useSession } from '../../lib/session.js';
import { useUrlState } from '../../lib/url-state.js';
import { CameraList } from './camera-list.js';
import { cameraRows, countStates, readCameraTableView } from './camera-table.js';
import { DeviceTroublesNotice } from './device-troubles-notice.js';
import { SightingsNotice } from './sightings-notice.js';
import { StateCounts } from './state-counts.js';

/** How many are down, since when, why, and what to look at first. */
export function CamerasPage() {
  const { t } = useTranslation('cameras');
  const session = useSession();
  const { search, change } = useUrlState();
  const view = useMemo(() => readCameraTableView(search), [search]);
  const retired = search.get('retired') === '1';
  const inUse = useCameras();
  const outOfUse = useRetiredCameras(retired);
  const cameras = retired ? outOfUse : inUse;
  const { tree } = useAreas();
  const { includes, areaId } = useAreaFilter();
  const areaName = useCallback((id: string) => tree.byId.get(id)?.area.name ?? '', [tree]);

  const inArea = useMemo(
    () => cameras.data?.items.filter((camera) => includes(camera.areaId)) ?? [],
    [cameras.data, includes],
  );
  const counts = useMemo(() => countStates(inArea), [inArea]);
  const rows = useMemo(
    () =>
      cameraRows(inArea, view, areaName, ({ state, reason }) =>
        [t(`common:cameraStates.${state}`), state === 'alive' ? '' : t(`common:cameraReasons.${reason}`)].join(' '),
      ),
    [inArea, view, areaName, t],
  );
  const filtered = view.text !== '' || view.states.length > 0;
  const mayAdd = session.can('camera.discover') && session.can('camera.manage');

  return (
    <>
      <PageHeader
        sticky
        title={t('title')}
        {...(cameras.data === undefined
          ? {}
          : { description: t(retired ? 'totalRetired' : 'total', { count: inArea.length }) })}
        actions={
          mayAdd && (
            <Button component={Link} to="/cameras/add" leftSection={<IconPlus size={20} />}>
              {t('addCameras')}
            </Button>
          )
        }
      />
      <SegmentedControl
        mb="md"
        aria-label={t('use.label')}
        value={retired ? 'retired' : 'inUse'}
        onChange={(value) => change({ retired: value === 'retired' ? '1' : undefined, state: undefined })}
        data={[
          { value: 'inUse', label: t('use.inUse') },
          { value: 'retired', label: t('use.retired') },
        ]}
      />
      {cameras.isPending ? (
        <SkeletonList rows={10} height={52} />
      ) : cameras.data === undefined ? (
        <ErrorPanel error={cameras.error} onRetry={() => void cameras.refetch()} />
      ) : inArea.length === 0 && retired ? (
        <EmptyState title={t('use.noneRetired')} text={t('use.noneRetiredText')} />
      ) : inArea.length === 0 ? (
        <EmptyState
          icon={<IconDeviceCctvOff size={44} stroke={1.4} />}
          title={areaId === undefined ? t('empty.title') : t('empty.titleArea')}
          text={mayAdd ? t('empty.textTechnician') : t('empty.text')}
          action={
            mayAdd && (
              <Button mt="sm" component={Link} to="/cameras/add" leftSection={<IconPlus size={20} />}>
                {t('addCameras')}
              </Button>
            )
          }
        />
      ) : (
        <Stack gap="md">
          <SightingsNotice />
          {!retired && <DeviceTroublesNotice />}
          <Group justify="space-between" align="flex-end" gap="md">
            {!retired && (
              <StateCounts
                counts={counts}
                chosen={view.states}
                onToggle={(state) =>
                  change({
                    state: (view.states.includes(state)
                      ? view.states.filter((other) => other !== state)
                      : [...view.states, state]
                    ).join(','),
                  })
                }
              />
            )}
            <TextInput
              w={{ base: '100%', sm: 300 }}
              leftSection={<IconSearch size={18} aria-hidden="true" />}
              placeholder={t('search')}
              aria-label={t('search')}
              value={view.text}
              onChange={(event) => change({ q: event.currentTarget.value })}
            />
          </Group>
          {filtered && (
            <Group gap="sm">
              <Text role="status">{t('shown', { shown: rows.length, total: inArea.length })}</Text>
              <Button
                variant="subtle"
                leftSection={<IconX size={18} />}
                onClick={() => change({ q: undefined, state: undefined })}
              >
                {t('clearFilters')}
              </Button>
            </Group>
          )}
          {rows.length === 0 ? (
            <EmptyState title={t('noMatch.title')} text={t('noMatch.text')} />
          ) : (
            <CameraList
              rows={rows}
              view={view}
              areaName={areaName}
              onSort={(sort, descending) => change({ sort, dir: descending ? 'desc' : undefined })}
            />
          )}
        </Stack>
      )}
    </>
  );
}
