import { Alert, Button, Text, TextInput } from '@mantine/core';
import { setupStateResponse, usernameSchema } from '@choi-canh/shared/accounts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useNavigate } from 'react-router';
import { ErrorPanel } from '../../components/error-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { passwordSentence } from '../../lib/password-sentence.js';
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
  const form = useAppForm({
    initial: { displayName: '', username: '', password: '', again: '' },
    most: { displayName: 120 },
    validate: {
      displayName: (text) => (text.trim() === '' ? t('errors:fields.displayName') : undefined),
      username: (text) =>
        usernameSchema.safeParse(text.trim().toLowerCase()).success ? undefined : t('errors:fields.username'),
      password: (text, { username, displayName }) => passwordSentence(t, text, [username, displayName]),
      again: (text, { password }) => (text !== password ? t('passwordsDiffer') : undefined),
    },
  });
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.get('/api/setup', { schema: setupStateResponse, signal }),
  });

  useEffect(() => {
    // The token must not stay in the address bar and the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }, []);

  if (session.status === 'signed_in') return <Navigate to="/" replace />;

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
        <AppForm
          form={form}
          guarded={false}
          onSubmit={async ({ username, displayName, password }) => {
            await api.post('/api/setup', {
              body: {
                token,
                username: username.trim().toLowerCase(),
                displayName: displayName.trim(),
                password,
              },
            });
            await client.invalidateQueries({ queryKey: ['setup'] });
            await session.reload(); // the answer has signed in
            await navigate('/', { replace: true });
          }}
          actions={
            <Button type="submit" loading={form.busy} fullWidth mt="md">
              {t('setup.button')}
            </Button>
          }
        >
          <Text c="dimmed">{t('setup.text')}</Text>
          <TextInput {...form.text('displayName')} label={t('displayName')} autoComplete="name" required autoFocus />
          <TextInput
            {...form.text('username')}
            label={t('username')}
            description={t('usernameHint')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
          <PasswordField
            {...form.text('password')}
            label={t('password')}
            description={t('passwordHint')}
            autoComplete="new-password"
            required
          />
          <PasswordField {...form.text('again')} label={t('passwordAgain')} autoComplete="new-password" required />
        </AppForm>
      )}
    </AuthFrame>
  );
}
