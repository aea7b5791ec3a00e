import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { reloadWhenServerAnswers } from '../lib/server-contact.js';

/** Loads the page again as soon as the server answers; never leads out of the application. */
export function ReloadButton() {
  const { t } = useTranslation('common');
  const [waiting, setWaiting] = useState(false);
  return (
    <Group gap="sm">
      <Button
        variant="default"
        loading={waiting}
        onClick={() => {
          setWaiting(true);
          void reloadWhenServerAnswers();
        }}
      >
        {t('error.reload')}
      </Button>
      {waiting && <Text role="status">{t('away.waitingReload')}</Text>}
    </Group>
  );
}
