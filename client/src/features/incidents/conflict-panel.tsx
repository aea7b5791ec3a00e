import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

export function ConflictPanel({ onMine, onTheirs }: { onMine(): void; onTheirs(): void }) {
  const { t } = useTranslation('incidents');
  const panel = useRef<HTMLDivElement>(null);
  // It appears below what was typed, under the docked button of the form.
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <Alert ref={panel} color="yellow" variant="light" icon={<IconUsers />} title={t('conflict.title')} role="alert">
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
