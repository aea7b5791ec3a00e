import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

/** A made password, shown this once: afterwards only its hash exists. */
export function PasswordOnce({
  username,
  password,
  onClose,
}: {
  username: string;
  password: string;
  onClose: () => void;
}) {
  const { t } = useTranslation('administration');
  return (
    <Stack>
      <Text>{t('accounts.passwordText')}</Text>
      <Text>
        {t('accounts.username')}: <strong>{username}</strong>
      </Text>
      <Group gap="sm">
        <Code fz={20} p="sm" data-testid="new-password">
          {password}
        </Code>
        {/* Only in a secure context; over plain HTTP the password is typed by hand. */}
        {window.isSecureContext && (
          <CopyButton value={password}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                leftSection={copied ? <IconCheck size={20} /> : <IconCopy size={20} />}
                onClick={copy}
              >
                {copied ? t('common:actions.copied') : t('common:actions.copy')}
              </Button>
            )}
          </CopyButton>
        )}
      </Group>
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          {t('accounts.passwordClose')}
        </Button>
      </Group>
    </Stack>
  );
}
