import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLeaveQuestion } from './use-leave-guard.js';

/** Asks before a page with unsaved text is left. One of it, around all pages. */
export function LeaveQuestion() {
  const { t } = useTranslation();
  const { asking, stay, leave } = useLeaveQuestion();
  return (
    <Modal
      opened={asking}
      onClose={stay}
      title={t('form.leave.title')}
      zIndex={310}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <Stack>
        <Text>{t('form.leave.text')}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={leave} data-testid="leave-discard">
            {t('form.leave.discard')}
          </Button>
          <Button onClick={stay} data-autofocus data-testid="leave-stay">
            {t('form.leave.stay')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
