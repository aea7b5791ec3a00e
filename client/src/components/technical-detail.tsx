import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** What a machine said, word for word and in English: folded away, for who must look into it. */
export function TechnicalDetail({ detail }: { detail: string }) {
  const { t } = useTranslation();
  if (detail === '') return null;
  return (
    <details>
      <summary style={{ minHeight: 40, lineHeight: '40px', cursor: 'pointer' }}>{t('error.details')}</summary>
      <Text size="sm" c="dimmed" lang="en" style={{ overflowWrap: 'anywhere' }}>
        {detail}
      </Text>
    </details>
  );
}
