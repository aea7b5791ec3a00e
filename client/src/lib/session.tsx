import { meResponse, type AccountResponse, type Locale, type MeResponse } from '@choi-canh/shared/accounts';
import type { Permission } from '@choi-canh/shared/permissions';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, type ReactNode } from 'react';
import { api, onUnauthenticated } from './api.js';
import { isApiError } from './api-error.js';
import { setLanguage } from './i18n.js';
import { setServerNow } from './server-clock.js';
import { connectSocket, disconnectSocket, onReconnect, useSocketEvent } from './socket.js';

export interface Session {
  /** Undefined while loading or signed out. */
  me: MeResponse | undefined;
  account: AccountResponse | undefined;
  status: 'loading' | 'signed_in' | 'signed_out' | 'failed';
  error: unknown;
  can(permission: Permission): boolean;
  signIn(username: string, password: string): Promise<void>;
  signOut(): Promise<void>;
  changePassword(currentPassword: string, newPassword: string): Promise<void>;
  /** Changes the language here and, when signed in, in the account. */
  changeLanguage(language: Locale): Promise<void>;
  reload(): Promise<void>;
}

const SessionContext = createContext<Session | undefined>(undefined);
const meKey = ['me'] as const;

async function loadMe(signal?: AbortSignal): Promise<MeResponse | null> {
  const sentAtMs = Date.now();
  try {
    const me = await api.get('/api/me', { schema: meResponse, ...(signal === undefined ? {} : { signal }) });
    setServerNow(me.serverNow, sentAtMs, Date.now());
    return me;
  } catch (error) {
    if (isApiError(error, 'unauthenticated')) return null;
    throw error;
  }
}

/** Who is signed in, and what they may do. The server decides; this only hides what would be refused. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: meKey,
    queryFn: ({ signal }) => loadMe(signal),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
  const me = query.data ?? undefined;
  const accountId = me?.account.id;
  const locale = me?.account.locale;

  const forget = useCallback(() => {
    disconnectSocket();
    client.setQueryData(meKey, null);
    client.removeQueries({ predicate: (cached) => cached.queryKey[0] !== meKey[0] });
  }, [client]);

  useEffect(() => onUnauthenticated(forget), [forget]);
  useEffect(() => onReconnect(() => void client.invalidateQueries()), [client]);
  // The server says so also after a changed role or area, where signing in goes on: ask before forgetting.
  useSocketEvent('session.ended', () => void client.invalidateQueries({ queryKey: meKey }));

  useEffect(() => {
    if (accountId === undefined) return;
    connectSocket();
    return disconnectSocket;
  }, [accountId]);
  useEffect(() => {
    if (locale !== undefined) setLanguage(locale);
  }, [accountId, locale]);

  const session = useMemo<Session>(() => {
    const reload = async () => {
      await client.fetchQuery({ queryKey: meKey, queryFn: () => loadMe(), staleTime: 0 });
    };
    return {
      me,
      account: me?.account,
      status: query.isPending ? 'loading' : me !== undefined ? 'signed_in' : query.isError ? 'failed' : 'signed_out',
      error: query.error,
      can: (permission) => me?.permissions.includes(permission) ?? false,
      signIn: async (username, password) => {
        await api.post('/api/session', { body: { username, password } });
        await reload();
      },
      signOut: async () => {
        try {
          await api.delete('/api/session');
        } finally {
          forget();
        }
      },
      changePassword: async (currentPassword, newPassword) => {
        await api.patch('/api/me', { body: { currentPassword, newPassword } });
      },
      changeLanguage: async (language) => {
        setLanguage(language);
        if (me === undefined) return;
        await api.patch('/api/me', { body: { locale: language } });
        await reload();
      },
      reload,
    };
  }, [client, forget, me, query.error, query.isError, query.isPending]);

  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === undefined) throw new Error('useSession needs a SessionProvider');
  return session;
}
