import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { errorCause, errorText } from '../lib/error-text.js';
import { TechnicalDetail } from './technical-detail.js';

/** An error as people need it: a sentence, the cause for who must look into it, and a button that tries again. */
export function ErrorPanel({ error, onRetry, title }: { error: unknown; onRetry?: () => void; title?: string }) {
  const { t } = useTranslation();
  const cause = errorCause(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle />} title={title ?? t('error.title')} role="alert">
      <Stack gap="sm">
        <Text>{errorText(error)}</Text>
        {onRetry !== undefined && (
          <Group>
            <Button variant="default" leftSection={<IconRefresh size={18} />} onClick={onRetry}>
              {t('actions.retry')}
            </Button>
          </Group>
        )}
        {cause !== '' && <TechnicalDetail detail={t('error.cause', { cause })} />}
      </Stack>
    </Alert>
  );
}
