import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { setupStateResponse } from '@choi-canh/shared/accounts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useNavigate } from 'react-router';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { fieldErrors } from '../../lib/error-text.js';
import { useSession } from '../../lib/session.js';
import { AuthFrame } from './auth-frame.js';

/** `#token=…` reaches no server and no log; `?token=…` is taken too, for who typed it so. */
function tokenOfAddress(): string {
  const fragment = new URLSearchParams(window.location.hash.replace(/^#/, ''));
  return fragment.get('token') ?? new URLSearchParams(window.location.search).get('token') ?? '';
}

/** First start: the one-time link opens this page, which creates the administrator. */
export function SetupPage() {
  const { t } = useTranslation('auth');
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [token] = useState(tokenOfAddress);
  const [form, setForm] = useState({ displayName: '', username: '', password: '', again: '' });
  const [checked, setChecked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.get('/api/setup', { schema: setupStateResponse, signal }),
  });
  const fields = fieldErrors(error);

  useEffect(() => {
    // The token must not stay in the address bar and the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }, []);

  if (session.status === 'signed_in') return <Navigate to="/" replace />;

  const set = (key: keyof typeof form) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setForm((current) => ({ ...current, [key]: value }));
  };
  const differs = form.password !== form.again;
  const tooShort = form.password.length < 10;
  const badName = !/^[a-z0-9][a-z0-9._-]{2,39}$/.test(form.username.trim().toLowerCase());

  const noName = form.displayName.trim() === '';

  const complete = async () => {
    setChecked(true);
    if (differs || tooShort || badName || noName) return;
    setBusy(true);
    setError(undefined);
    try {
      const username = form.username.trim().toLowerCase();
      await api.post('/api/setup', {
        body: { token, username, displayName: form.displayName.trim(), password: form.password },
      });
      await client.invalidateQueries({ queryKey: ['setup'] });
      await session.reload(); // the answer has signed in
      await navigate('/', { replace: true });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };

  return (
    <AuthFrame title={t('setup.title')} subtitle={t('common:appTagline')}>
      {setup.isPending ? (
        <SkeletonList rows={4} />
      ) : setup.isError ? (
        <ErrorPanel error={setup.error} onRetry={() => void setup.refetch()} />
      ) : !setup.data.needed ? (
        <>
          <Text>{t('setup.notNeeded')}</Text>
          <Button component={Link} to="/sign-in">
            {t('signIn.button')}
          </Button>
        </>
      ) : token === '' ? (
        <Alert color="orange" title={t('setup.noTokenTitle')}>
          {t('setup.noTokenText')}
        </Alert>
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void complete();
          }}
        >
          <Stack>
            <Text c="dimmed">{t('setup.text')}</Text>
            <TextInput
              label={t('displayName')}
              autoComplete="name"
              value={form.displayName}
              onChange={set('displayName')}
              error={fields['displayName'] ?? (checked && noName ? t('errors:fields.displayName') : undefined)}
              maxLength={120}
              required
              autoFocus
            />
            <TextInput
              label={t('username')}
              description={t('usernameHint')}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={form.username}
              onChange={set('username')}
              error={fields['username'] ?? (checked && badName ? t('errors:fields.username') : undefined)}
              required
            />
            <PasswordInput
              label={t('password')}
              description={t('passwordHint')}
              autoComplete="new-password"
              value={form.password}
              onChange={set('password')}
              error={fields['password'] ?? (checked && tooShort ? t('errors:fields.password') : undefined)}
              required
            />
            <PasswordInput
              label={t('passwordAgain')}
              autoComplete="new-password"
              value={form.again}
              onChange={set('again')}
              error={checked && differs ? t('passwordsDiffer') : undefined}
              required
            />
            {error !== undefined && <ErrorPanel error={error} />}
            <Button type="submit" loading={busy} fullWidth>
              {t('setup.button')}
            </Button>
          </Stack>
        </form>
      )}
    </AuthFrame>
  );
}
