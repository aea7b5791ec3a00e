import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

/** Long words take a second line on a phone. */
const wrapping = { h: 'auto', mih: 44, maw: '100%', py: 6, styles: { label: { whiteSpace: 'normal' } } } as const;

/** Somebody else saved what is being edited: overwrite knowingly, or take theirs. Comes into view by itself. */
export function ConflictPanel({ title, onMine, onTheirs }: { title: string; onMine(): void; onTheirs(): void }) {
  const { t } = useTranslation();
  const panel = useRef<HTMLDivElement>(null);
  // It appears below what was typed, under the docked button of the form.
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <Alert ref={panel} color="yellow" variant="light" icon={<IconUsers />} title={title} role="alert">
      <Stack gap="sm">
        <Text>{t('conflict.text')}</Text>
        <Group>
          <Button onClick={onMine} {...wrapping}>
            {t('conflict.useMine')}
          </Button>
          <Button variant="default" onClick={onTheirs} {...wrapping}>
            {t('conflict.useTheirs')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
