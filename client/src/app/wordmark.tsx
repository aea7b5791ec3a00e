import { Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function Wordmark({ size = 30 }: { size?: number }) {
  const { t } = useTranslation();
  return (
    <Group gap={10} wrap="nowrap">
      <img src="/favicon.svg" width={size} height={size} alt="" />
      <Text component="span" fw={700} fz={size * 0.6} style={{ whiteSpace: 'nowrap' }}>
        {t('common:appName')}
      </Text>
    </Group>
  );
}
