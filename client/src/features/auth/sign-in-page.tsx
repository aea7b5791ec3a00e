import { Alert, Button, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { setupStateResponse } from '@choi-canh/shared/accounts';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useSearchParams } from 'react-router';
import { AppForm } from '../../components/form/app-form.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { signInFailure, type SignInFailure } from './sign-in-failure.js';
import { useSession } from '../../lib/session.js';
import { AuthFrame } from './auth-frame.js';

/** Only an address of this site: `//host` and `/\host` would lead elsewhere. */
function safeTarget(to: string | null): string {
  return to !== null && /^\/(?![/\\])/.test(to) ? to : '/';
}

export function SignInPage() {
  const { t } = useTranslation('auth');
  const session = useSession();
  const [search] = useSearchParams();
  const form = useAppForm({
    initial: { username: '', password: '' },
    validate: {
      username: (text) => (text.trim() === '' ? t('signIn.needUsername') : undefined),
      password: (text) => (text === '' ? t('signIn.needPassword') : undefined),
    },
  });
  const [failure, setFailure] = useState<SignInFailure>();
  const setup = useQuery({
    queryKey: ['setup'],
    queryFn: ({ signal }) => api.get('/api/setup', { schema: setupStateResponse, signal }),
  });
  const [waiting, wait] = useCountdown();

  if (session.status === 'signed_in') return <Navigate to={safeTarget(search.get('to'))} replace />;

  const signIn = async ({ username, password }: { username: string; password: string }) => {
    setFailure(undefined);
    try {
      await session.signIn(username.trim(), password);
    } catch (error) {
      const why = signInFailure(error);
      setFailure(why);
      wait(why.retryAfterSeconds ?? 0);
    }
  };

  return (
    <AuthFrame title={t('signIn.title')} subtitle={t('common:appTagline')}>
      {setup.data?.needed === true && (
        <Alert color="blue" title={t('signIn.setupTitle')}>
          {t('signIn.setupText')}
        </Alert>
      )}
      {session.ended && failure === undefined && (
        <Alert color="blue" role="status" data-testid="session-ended">
          {t('signIn.ended')}
        </Alert>
      )}
      <AppForm
        form={form}
        guarded={false}
        onSubmit={signIn}
        actions={
          <Button type="submit" loading={form.busy} disabled={waiting > 0} fullWidth mt="md">
            {t('signIn.button')}
          </Button>
        }
      >
        <TextInput
          {...form.text('username')}
          label={t('username')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
        />
        <PasswordField {...form.text('password')} label={t('password')} autoComplete="current-password" required />
        {failure !== undefined && (
          <Alert color="red" icon={<IconAlertTriangle />} role="alert">
            {waiting > 0 ? t('signIn.throttled', { time: formatWait(waiting, t) }) : failure.text}
          </Alert>
        )}
      </AppForm>
    </AuthFrame>
  );
}

function formatWait(seconds: number, t: (key: string, values: Record<string, number>) => string): string {
  const parts = [
    [Math.floor(seconds / 60), 'minutes'],
    [seconds % 60, 'seconds'],
  ] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : t(unit, { count }))).join(' ');
}

/** Seconds left, one less each second. */
function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  const running = left > 0;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setLeft((value) => Math.max(0, value - 1)), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return [left, setLeft];
}
