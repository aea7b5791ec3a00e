import { SimpleGrid } from '@mantine/core';
import { IconServer2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useRecorders } from '../../lib/recorders.js';
import { useSession } from '../../lib/session.js';
import { AddRecorder } from './add-recorder.js';
import { ConsoleAlertsCard } from './console-alerts-card.js';
import { RecorderCard } from './recorder-card.js';

/** The recorders: do they answer, is there room, is anything wrong. */
export function RecordersPage() {
  const { t } = useTranslation('recorders');
  const session = useSession();
  const recorders = useRecorders({ everyMs: 3000 });
  // A recorder belongs to no area: only an account of everything enters, changes and removes one.
  const mayManage = session.can('recorder.manage') && session.account?.areaId === null;
  return (
    <>
      <PageHeader sticky title={t('title')} description={t('text')} actions={mayManage && <AddRecorder />} />
      <ConsoleAlertsCard />
      {recorders.data === undefined ? (
        recorders.isPending ? (
          <SkeletonList rows={6} />
        ) : (
          <ErrorPanel error={recorders.error} onRetry={() => void recorders.refetch()} />
        )
      ) : recorders.data.items.length === 0 ? (
        <EmptyState icon={<IconServer2 size={44} stroke={1.4} />} title={t('empty.title')} text={t('empty.text')} />
      ) : (
        <SimpleGrid cols={{ base: 1, xl: 2 }} spacing="md" style={{ alignItems: 'start' }}>
          {recorders.data.items.map((recorder) => (
            <RecorderCard key={recorder.id} recorder={recorder} mayManage={mayManage} />
          ))}
        </SimpleGrid>
      )}
    </>
  );
}
