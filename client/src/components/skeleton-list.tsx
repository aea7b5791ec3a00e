import { Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFreshness } from '../lib/freshness.js';

/** Grey rows of the height of what will come. */
export function SkeletonList({ rows = 8, height = 44 }: { rows?: number; height?: number }) {
  const { t } = useTranslation('common');
  // Nothing comes while the server is away: then words instead of what looks like soon.
  if (useFreshness().state === 'away') {
    return (
      <Text c="dimmed" py="md" role="status">
        {t('away.waiting')}
      </Text>
    );
  }
  return (
    <Stack gap="xs" aria-busy="true">
      <VisuallyHidden role="status">{t('loading')}</VisuallyHidden>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={height} radius="sm" style={{ opacity: 1 - index / (rows + 2) }} />
      ))}
    </Stack>
  );
}
