import { accountResponse, usernameSchema, type AccountResponse } from '@choi-canh/shared/accounts';
import { roles, type Role } from '@choi-canh/shared/permissions';
import { Alert, Button, Group, Modal, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { api } from '../../lib/api.js';
import { fieldErrors } from '../../lib/error-text.js';
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
    <Modal
      opened={target !== undefined}
      onClose={close}
      // A password that is shown once must not vanish by a click beside the dialog.
      closeOnClickOutside={shown === undefined}
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
    </Modal>
  );
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
  const account = target.kind === 'edit' ? target.account : undefined;
  const own = account !== undefined && account.id === session.account?.id;
  const [checked, setChecked] = useState(false);
  const [form, setForm] = useState({
    username: account?.username ?? '',
    displayName: account?.displayName ?? '',
    role: account?.role ?? ('commune_officer' as Role),
    everywhere: account !== undefined && account.areaId === null,
    areaId: account?.areaId ?? undefined,
    enabled: account?.enabled ?? true,
  });
  const save = useMutation({
    mutationFn: async (newPassword: string | undefined) => {
      const areaId = form.everywhere ? null : (form.areaId ?? null);
      const displayName = form.displayName.trim();
      const saved =
        account === undefined
          ? await api.post('/api/accounts', {
              schema: accountResponse,
              body: { username: form.username, displayName, role: form.role, areaId, password: newPassword },
            })
          : await api.patch(`/api/accounts/${account.id}`, {
              schema: accountResponse,
              body:
                newPassword !== undefined
                  ? { password: newPassword }
                  : { displayName, ...(own ? {} : { role: form.role, areaId, enabled: form.enabled }) },
            });
      return { saved, newPassword };
    },
    onSuccess: async ({ saved, newPassword }) => {
      await client.invalidateQueries({ queryKey: accountsKey });
      if (newPassword !== undefined) {
        onPassword({ username: saved.username, password: newPassword });
        return;
      }
      notifyDone(t('common:saved'));
      if (own) await session.reload();
      onClose();
    },
  });
  const fields = fieldErrors(save.error);
  const badName = !usernameSchema.safeParse(form.username).success;
  const noName = form.displayName.trim() === '';
  const noArea = !form.everywhere && form.areaId === undefined;

  return (
    <form
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (noName || noArea || (account === undefined && badName)) return;
        save.mutate(account === undefined ? generatePassword() : undefined);
      }}
    >
      <Stack>
        <TextInput
          label={t('accounts.displayName')}
          value={form.displayName}
          onChange={(event) => setForm({ ...form, displayName: event.currentTarget.value })}
          error={fields['displayName'] ?? (checked && noName ? t('errors:fields.displayName') : undefined)}
          maxLength={120}
          required
          data-autofocus
        />
        {account === undefined && (
          <TextInput
            label={t('accounts.username')}
            description={t('auth:usernameHint')}
            value={form.username}
            onChange={(event) => setForm({ ...form, username: event.currentTarget.value })}
            error={fields['username'] ?? (checked && badName ? t('errors:fields.username') : undefined)}
            autoCapitalize="none"
            spellCheck={false}
            required
          />
        )}
        <Select
          label={t('accounts.role')}
          description={t(`accounts.roleHints.${form.role}`)}
          data={roles.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
          value={form.role}
          onChange={(value) => setForm({ ...form, role: roles.find((role) => role === value) ?? form.role })}
          allowDeselect={false}
          disabled={own}
          error={fields['role']}
        />
        <Switch
          label={t('accounts.everywhere')}
          checked={form.everywhere}
          onChange={(event) => setForm({ ...form, everywhere: event.currentTarget.checked })}
          disabled={own}
        />
        {!form.everywhere && (
          <AreaSelect
            label={t('accounts.area')}
            description={t('accounts.areaHint')}
            value={form.areaId}
            onChange={(areaId) => setForm({ ...form, areaId })}
            error={checked && noArea ? t('errors:fields.areaId') : fields['areaId']}
            disabled={own}
            required
          />
        )}
        {account !== undefined && (
          <Switch
            label={t('accounts.enabled')}
            description={t('accounts.enabledHint')}
            checked={form.enabled}
            onChange={(event) => setForm({ ...form, enabled: event.currentTarget.checked })}
            disabled={own}
          />
        )}
        {own && <Alert color="blue">{t('accounts.ownHint')}</Alert>}
        {save.isError && <ErrorPanel error={save.error} />}
        <Group justify="space-between">
          {account !== undefined && !own ? (
            <Button
              variant="default"
              loading={save.isPending}
              onClick={() => save.mutate(generatePassword())}
              title={t('accounts.resetHint')}
            >
              {t('accounts.reset')}
            </Button>
          ) : (
            <span />
          )}
          <Group>
            <Button variant="default" onClick={onClose}>
              {t('common:actions.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {account === undefined ? t('accounts.create') : t('common:actions.save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
