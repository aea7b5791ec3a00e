import { Button, Drawer, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceCctvOff } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { CameraPicker } from '../../components/camera-picker.js';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { useCameras } from '../../lib/cameras.js';
import { notifyError } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { useUrlState } from '../../lib/url-state.js';
import { FocusedCamera } from './focused-camera.js';
import { LiveTile } from './live-tile.js';
import { LiveToolbar } from './live-toolbar.js';
import classes from './live-wall.module.css';
import { pageOf, readWallAddress } from './wall-address.js';

/** The wall of live pictures: 1, 4, 9 or 16 tiles, all cameras of the area page by page or a chosen set. */
export function LivePage() {
  const { t } = useTranslation('live');
  const session = useSession();
  const { search, change } = useUrlState();
  const address = readWallAddress(search);
  const cameras = useCameras();
  const { includes, areaId, setAreaId } = useAreaFilter();
  const wall = useRef<HTMLDivElement>(null);
  const [choosing, chooser] = useDisclosure(false);

  const inArea = useMemo(
    () => cameras.data?.items.filter((camera) => includes(camera.areaId)) ?? [],
    [cameras.data, includes],
  );
  const chosen = address.cameraIds.flatMap((id) => cameras.data?.items.find((camera) => camera.id === id) ?? []);
  const tiles = pageOf(chosen.length > 0 ? chosen : inArea, address.size, address.page);
  const focused =
    address.focus === undefined ? undefined : cameras.data?.items.find((camera) => camera.id === address.focus);

  const goTo = useCallback((page: number) => change({ page: page <= 1 ? undefined : String(page) }), [change]);
  const leaveFocus = useCallback(() => change({ focus: undefined }), [change]);
  useEffect(() => {
    if (focused !== undefined || choosing) return;
    const turn = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, [role=dialog]') !== null)
        return;
      if (event.key === 'PageDown' && tiles.page < tiles.pages) goTo(tiles.page + 1);
      else if (event.key === 'PageUp' && tiles.page > 1) goTo(tiles.page - 1);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', turn);
    return () => window.removeEventListener('keydown', turn);
  }, [choosing, focused, goTo, tiles.page, tiles.pages]);

  if (focused !== undefined) {
    return (
      <>
        <PageHeader title={focused.name} tabTitle={`${focused.name} · ${t('title')}`} description={focused.place} />
        <FocusedCamera camera={focused} onBack={leaveFocus} />
      </>
    );
  }
  const toolbar = tiles.items.length > 0 && (
    <LiveToolbar
      size={address.size}
      onSize={(size) =>
        // Stay at the first camera that is seen now.
        change({ n: String(size), tiles: undefined, page: String(Math.floor(tiles.first / size) + 1) })
      }
      page={tiles.page}
      pages={tiles.pages}
      first={tiles.first}
      shown={tiles.items.length}
      total={chosen.length > 0 ? chosen.length : inArea.length}
      onPage={goTo}
      chosen={chosen.length > 0}
      onChoose={chooser.open}
      onClearChosen={() => change({ cams: undefined, page: undefined })}
      onFullScreen={() => void wall.current?.requestFullscreen().catch(notifyError)}
    />
  );

  return (
    <>
      <PageHeader title={t('title')} actions={toolbar} />
      {cameras.isPending ? (
        <div className={classes.wall} data-size={address.size} aria-busy="true">
          {Array.from({ length: address.size }, (_, index) => (
            <Skeleton key={index} className={classes.skeleton} radius="sm" />
          ))}
        </div>
      ) : cameras.data === undefined ? (
        <ErrorPanel error={cameras.error} onRetry={() => void cameras.refetch()} />
      ) : tiles.items.length === 0 ? (
        <EmptyState
          icon={<IconDeviceCctvOff size={44} stroke={1.4} />}
          title={areaId === undefined ? t('empty.title') : t('emptyArea.title')}
          text={areaId === undefined ? t('empty.text') : t('emptyArea.text')}
          action={
            areaId !== undefined ? (
              <Button mt="sm" onClick={() => setAreaId(undefined)}>
                {t('emptyArea.action')}
              </Button>
            ) : session.can('camera.discover') ? (
              <Button mt="sm" component={Link} to="/cameras/add">
                {t('empty.action')}
              </Button>
            ) : undefined
          }
        />
      ) : (
        <div ref={wall} className={classes.wall} data-size={address.size}>
          {tiles.items.map((camera) => (
            <LiveTile
              key={camera.id}
              camera={camera}
              stream={address.size === 1 ? 'main' : 'sub'}
              mode={address.size === 1 ? 'focus' : 'live'}
              onFocus={() => change({ focus: camera.id }, { push: true })}
            />
          ))}
        </div>
      )}
      <Drawer
        opened={choosing}
        onClose={chooser.close}
        position="right"
        size="md"
        title={t('choose')}
        closeButtonProps={{ 'aria-label': t('common:actions.close') }}
      >
        <ChosenCameras
          cameras={cameras.data?.items ?? []}
          initial={address.cameraIds}
          onApply={(ids) => {
            change({ cams: ids.join(','), page: undefined });
            chooser.close();
          }}
        />
      </Drawer>
    </>
  );
}

function ChosenCameras({
  cameras,
  initial,
  onApply,
}: {
  cameras: Parameters<typeof CameraPicker>[0]['cameras'];
  initial: string[];
  onApply: (ids: string[]) => void;
}) {
  const { t } = useTranslation('live');
  const [ids, setIds] = useState(initial);
  return (
    <div style={{ height: 'calc(100dvh - 90px)', display: 'flex', flexDirection: 'column', gap: 12 }}>
      <div style={{ flex: 1, minHeight: 0 }}>
        <CameraPicker cameras={cameras} value={ids} onChange={setIds} most={16} />
      </div>
      <Button onClick={() => onApply(ids)}>{t('apply')}</Button>
    </div>
  );
}
