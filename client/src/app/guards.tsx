import type { Permission } from '@choi-canh/shared/permissions';
import { Box, Button } from '@mantine/core';
import { IconLock, IconMapOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useLocation } from 'react-router';
import { EmptyState } from '../components/empty-state.js';
import { ErrorPanel } from '../components/error-panel.js';
import { usePageTitle } from '../lib/page-title.js';
import { useSession } from '../lib/session.js';
import { homeOfRole } from './navigation.js';
import { ShellWaiting } from './page-waiting.js';

/** Sends who is not signed in to the sign-in page, and back here afterwards. */
export function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  const location = useLocation();
  if (session.status === 'signed_in') return children;
  if (session.status === 'loading') {
    return <ShellWaiting />;
  }
  if (session.status === 'failed') {
    return (
      <Box p="xl" maw={720} mx="auto">
        <ErrorPanel error={session.error} onRetry={() => void session.reload().catch(() => undefined)} />
      </Box>
    );
  }
  const to = `${location.pathname}${location.search}`;
  return <Navigate to={to === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(to)}`} replace />;
}

export function Allowed({ permission, children }: { permission: Permission; children: ReactNode }) {
  const session = useSession();
  if (session.can(permission)) return children;
  return <NotAllowed />;
}

function NotAllowed() {
  const { t } = useTranslation();
  usePageTitle(t('notAllowed.title'));
  return (
    <EmptyState
      heading
      icon={<IconLock size={40} stroke={1.4} />}
      title={t('notAllowed.title')}
      text={t('notAllowed.text')}
    />
  );
}

export function Home() {
  const session = useSession();
  return <Navigate to={session.account === undefined ? '/sign-in' : homeOfRole[session.account.role]} replace />;
}

export function NotFound() {
  const { t } = useTranslation();
  usePageTitle(t('notFound.title'));
  return (
    <EmptyState
      heading
      icon={<IconMapOff size={40} stroke={1.4} />}
      title={t('notFound.title')}
      text={t('notFound.text')}
      action={
        <Button component={Link} to="/" mt="sm">
          {t('notFound.home')}
        </Button>
      }
    />
  );
}
