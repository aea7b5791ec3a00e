import { Button, Card, SegmentedControl } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useRecorders } from '../../lib/recorders.js';
import { useUrlState } from '../../lib/url-state.js';
import { RtspCameraForm } from './rtsp-camera-form.js';
import { RtspImport } from './rtsp-import.js';
import { RtspProgress } from './rtsp-progress.js';

/** State of a navigation to this page: the address of a stream that was typed where a camera was meant. */
export interface TypedStream {
  mainUrl: string;
}

/** Cameras without ONVIF, by the address of their streams: one, or many from a file. */
export function AddRtspPage() {
  const { t } = useTranslation('cameras');
  const { search, change } = useUrlState();
  const { mainUrl } = (useLocation().state ?? {}) as Partial<TypedStream>;
  const recorders = useRecorders();
  const additionId = search.get('addition') ?? undefined;
  const way = search.get('way') === 'csv' ? 'csv' : 'one';
  const items = recorders.data?.items ?? [];
  const recorderId = search.get('recorder') ?? items[0]?.id;
  const common = {
    areaId: search.get('into') ?? search.get('area') ?? undefined,
    onArea: (id: string | undefined) => change({ into: id }),
    onStarted: (id: string) => change({ addition: id }, { push: true }),
  };
  return (
    <>
      <Button
        variant="subtle"
        component={Link}
        to="/cameras/add"
        leftSection={<IconArrowLeft size={20} />}
        mb="xs"
        px={4}
      >
        {t('add.title')}
      </Button>
      <PageHeader title={t('rtsp.title')} description={t('rtsp.text')} />
      {recorders.isPending ? (
        <SkeletonList rows={4} />
      ) : recorders.data === undefined ? (
        <ErrorPanel error={recorders.error} onRetry={() => void recorders.refetch()} />
      ) : recorderId === undefined ? (
        <EmptyState title={t('add.noRecorder.title')} text={t('add.noRecorder.text')} />
      ) : additionId !== undefined ? (
        <RtspProgress additionId={additionId} onMore={() => change({ addition: undefined })} />
      ) : (
        <>
          <SegmentedControl
            mb="md"
            size="md"
            value={way}
            onChange={(next) => change({ way: next === 'csv' ? 'csv' : undefined })}
            data={[
              { value: 'one', label: t('rtsp.one') },
              { value: 'csv', label: t('rtsp.many') },
            ]}
          />
          {items.length > 1 && (
            <Card withBorder mb="md">
              <SearchSelect
                label={t('add.recorder')}
                value={recorderId}
                onChange={(id) => change({ recorder: id })}
                data={items.map((one) => ({ value: one.id, label: one.name }))}
              />
            </Card>
          )}
          {way === 'one' ? (
            <RtspCameraForm recorderId={recorderId} {...common} mainUrl={mainUrl} />
          ) : (
            <RtspImport recorderId={recorderId} {...common} />
          )}
        </>
      )}
    </>
  );
}
