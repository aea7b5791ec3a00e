import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

export function ConflictPanel({ onMine, onTheirs }: { onMine(): void; onTheirs(): void }) {
  const { t } = useTranslation('incidents');
  return (
    <Alert color="yellow" variant="light" icon={<IconUsers />} title={t('conflict.title')} role="alert">
      <Stack gap="sm">
        <Text>{t('conflict.text')}</Text>
        <Group>
          <Button onClick={onMine}>{t('conflict.useMine')}</Button>
          <Button variant="default" onClick={onTheirs}>
            {t('conflict.useTheirs')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
