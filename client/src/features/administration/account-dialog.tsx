import { accountResponse, usernameSchema, type AccountResponse } from '@choi-canh/shared/accounts';
import { roles, type Role } from '@choi-canh/shared/permissions';
import { Alert, Button, Switch, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { useNames } from '../../lib/names.js';
import { changedFields } from '../../lib/changed-since.js';
import { notifyDone } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { generatePassword } from './password.js';
import { PasswordOnce } from './password-once.js';
import { accountsKey } from './use-accounts.js';

export type AccountDialogTarget = { kind: 'create' } | { kind: 'edit'; account: AccountResponse };

export function AccountDialog({ target, onClose }: { target: AccountDialogTarget | undefined; onClose: () => void }) {
  const { t } = useTranslation('administration');
  const [shown, setShown] = useState<{ username: string; password: string }>();
  const close = () => {
    setShown(undefined);
    onClose();
  };
  return (
    <FormDialog
      opened={target !== undefined}
      onClose={close}
      // A password that is shown once must not vanish by a click beside the dialog or a key.
      closesByAccident={shown === undefined}
      title={
        shown !== undefined
          ? t('accounts.passwordTitle')
          : target?.kind === 'edit'
            ? t('accounts.editTitle', { name: target.account.displayName })
            : t('accounts.createTitle')
      }
    >
      {shown !== undefined ? (
        <PasswordOnce {...shown} onClose={close} />
      ) : (
        target !== undefined && <AccountForm target={target} onClose={close} onPassword={setShown} />
      )}
    </FormDialog>
  );
}

interface AccountDraft {
  username: string;
  displayName: string;
  role: Role;
  everywhere: boolean;
  areaId: string | undefined;
  enabled: boolean;
}

function AccountForm({
  target,
  onClose,
  onPassword,
}: {
  target: AccountDialogTarget;
  onClose: () => void;
  onPassword: (shown: { username: string; password: string }) => void;
}) {
  const { t } = useTranslation('administration');
  const client = useQueryClient();
  const session = useSession();
  const names = useNames();
  const account = target.kind === 'edit' ? target.account : undefined;
  const own = account !== undefined && account.id === session.account?.id;
  const form = useAppForm<AccountDraft>({
    initial: {
      username: account?.username ?? '',
      displayName: account?.displayName ?? '',
      role: account?.role ?? 'commune_officer',
      everywhere: account !== undefined && account.areaId === null,
      areaId: account?.areaId ?? undefined,
      enabled: account?.enabled ?? true,
    },
    most: { displayName: 120 },
    draft: { name: `account ${account?.id ?? ''}`, fields: ['displayName', 'username', 'role', 'areaId'] },
    validate: {
      displayName: (text) => (text.trim() === '' ? t('errors:fields.displayName') : undefined),
      username: (text) =>
        account === undefined && !usernameSchema.safeParse(text).success ? t('errors:fields.username') : undefined,
      areaId: (areaId, { everywhere }) => (!everywhere && areaId === undefined ? t('errors:fields.areaId') : undefined),
    },
    serverFields: { username_taken: 'username' },
  });
  /** A new password comes with what else was changed, so that nothing typed is lost when it is shown. */
  const save = async (draft: AccountDraft, password: string | undefined) => {
    const { username, role, enabled } = draft;
    const displayName = draft.displayName.trim();
    const areaId = draft.everywhere ? null : (draft.areaId ?? null);
    // Of what is as it was nothing is sent: a colleague may have locked the account meanwhile.
    const changes =
      account === undefined
        ? {}
        : changedFields(
            { displayName: account.displayName, role: account.role, areaId: account.areaId, enabled: account.enabled },
            { displayName, role, areaId, enabled },
          );
    const saved =
      account === undefined
        ? await api.post('/api/accounts', {
            schema: accountResponse,
            body: { username, displayName, role, areaId, password },
          })
        : await api.patch(`/api/accounts/${account.id}`, {
            schema: accountResponse,
            body: { ...changes, ...(password === undefined ? {} : { password }) },
          });
    await client.invalidateQueries({ queryKey: accountsKey });
    if (password !== undefined) {
      onPassword({ username: saved.username, password });
      return;
    }
    notifyDone(t('common:saved'));
    if (own) await session.reload();
    onClose();
  };
  const { values } = form;

  return (
    <AppForm
      form={form}
      autoComplete="off"
      onSubmit={(draft) => save(draft, account === undefined ? generatePassword() : undefined)}
      actions={
        <FormActions submitLabel={account === undefined ? t('accounts.create') : t('accounts.save')}>
          {account !== undefined && !own && (
            <Button
              variant="default"
              disabled={form.busy}
              onClick={() => form.submit((draft) => save(draft, generatePassword()))()}
              title={t('accounts.resetHint')}
            >
              {t('accounts.reset')}
            </Button>
          )}
        </FormActions>
      }
    >
      <TextInput {...form.text('displayName')} label={t('accounts.displayName')} required data-autofocus />
      {account === undefined && (
        <TextInput
          {...form.text('username')}
          label={t('accounts.username')}
          description={t('auth:usernameHint')}
          autoCapitalize="none"
          spellCheck={false}
          required
        />
      )}
      <SearchSelect
        {...form.field('role')}
        label={t('accounts.role')}
        description={t(`accounts.roleHints.${values.role}`)}
        data={roles.map((role) => ({ value: role, label: names.roleName(role) }))}
        disabled={own}
      />
      <Switch {...form.check('everywhere')} label={t('accounts.everywhere')} disabled={own} />
      {!values.everywhere && (
        <AreaSelect
          {...form.field('areaId')}
          label={t('accounts.area')}
          description={t('accounts.areaHint')}
          disabled={own}
          required
        />
      )}
      {account !== undefined && (
        <Switch
          {...form.check('enabled')}
          label={t('accounts.enabled')}
          description={t('accounts.enabledHint')}
          disabled={own}
        />
      )}
      {own && <Alert color="blue">{t('accounts.ownHint')}</Alert>}
    </AppForm>
  );
}
