import { Box } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { AwayBar } from '../components/away-bar.js';
import { EmptyState } from '../components/empty-state.js';
import { SkeletonList } from '../components/skeleton-list.js';
import { useFreshness } from '../lib/freshness.js';

/** In a page's place while its code is loaded. */
export function PageWaiting() {
  const { t } = useTranslation('common');
  if (useFreshness().state !== 'away') return <SkeletonList rows={6} />;
  return <EmptyState icon={<IconPlugConnectedX size={40} stroke={1.4} />} title={t('away.waiting')} />;
}

/** Before there is a frame around the pages. */
export function ShellWaiting() {
  return (
    <Box p="xl" maw={720} mx="auto">
      <AwayBar floating />
      <PageWaiting />
    </Box>
  );
}
