import { useTranslation } from 'react-i18next';
import { AppForm } from '../components/form/app-form.js';
import { FormActions } from '../components/form/form-actions.js';
import { FormDialog } from '../components/form/form-dialog.js';
import { PasswordField } from '../components/form/password-field.js';
import { useAppForm } from '../components/form/use-app-form.js';
import { passwordSentence } from '../lib/password-sentence.js';
import { notifyDone } from '../lib/notify.js';
import { useSession } from '../lib/session.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function ChangePasswordDialog({ opened, onClose }: Props) {
  const { t } = useTranslation('auth');
  return (
    <FormDialog opened={opened} onClose={onClose} title={t('changePassword.title')}>
      <ChangePasswordForm onClose={onClose} />
    </FormDialog>
  );
}

function ChangePasswordForm({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('auth');
  const session = useSession();
  const form = useAppForm({
    initial: { currentPassword: '', newPassword: '', again: '' },
    validate: {
      currentPassword: (text) => (text === '' ? t('errors:fields.currentPassword') : undefined),
      newPassword: (text) =>
        passwordSentence(t, text, [session.account?.username ?? '', session.account?.displayName ?? '']),
      again: (text, { newPassword }) => (text !== newPassword ? t('passwordsDiffer') : undefined),
    },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ currentPassword, newPassword }) => {
        await session.changePassword(currentPassword, newPassword);
        notifyDone(t('changePassword.done'));
        onClose();
      }}
      actions={<FormActions submitLabel={t('common:person.changePassword')} />}
    >
      <PasswordField
        {...form.text('currentPassword')}
        label={t('changePassword.current')}
        autoComplete="current-password"
        required
        data-autofocus
      />
      <PasswordField
        {...form.text('newPassword')}
        label={t('changePassword.new')}
        description={t('passwordHint')}
        autoComplete="new-password"
        required
      />
      <PasswordField {...form.text('again')} label={t('passwordAgain')} autoComplete="new-password" required />
    </AppForm>
  );
}
