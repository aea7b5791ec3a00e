import { meResponse, type AccountResponse, type Locale, type MeResponse } from '@choi-canh/shared/accounts';
import type { Permission } from '@choi-canh/shared/permissions';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { api, onUnauthenticated } from './api.js';
import { followComeBack } from './come-back.js';
import { dropDrafts, keepDrafts } from './form-drafts.js';
import { setLanguage } from './i18n.js';
import { rememberAccount, rememberedAccount } from './remembered-account.js';
import { serverNowMs, setServerNow } from './server-clock.js';
import { onProbeAnswered } from './server-contact.js';

export interface Session {
  /** Undefined while loading or signed out. */
  me: MeResponse | undefined;
  account: AccountResponse | undefined;
  status: 'loading' | 'signed_in' | 'signed_out' | 'failed';
  error: unknown;
  /** The session ended without the person's doing. */
  ended: boolean;
  can(permission: Permission): boolean;
  signIn(username: string, password: string): Promise<void>;
  signOut(): Promise<void>;
  changePassword(currentPassword: string, newPassword: string): Promise<void>;
  /** Changes the language here and, when signed in, in the account. */
  changeLanguage(language: Locale): Promise<void>;
  reload(): Promise<void>;
}

const SessionContext = createContext<Session | undefined>(undefined);
export const meKey = ['me'] as const;

/** Who was signed in on this page a moment ago: what they were typing is kept for them when the session ends. */
let typingAccountId: string | undefined;

function keepTyped(): void {
  if (typingAccountId !== undefined) keepDrafts(typingAccountId, window.location.pathname, serverNowMs());
  typingAccountId = undefined;
}

async function loadMe(signal?: AbortSignal): Promise<MeResponse | null> {
  const sentAtMs = Date.now();
  const me = await api.get('/api/me', { schema: meResponse.nullable(), ...(signal === undefined ? {} : { signal }) });
  if (me !== null) setServerNow(me.serverNow, sentAtMs, Date.now());
  // Before the pages know it, for their forms go with them.
  else keepTyped();
  return me;
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
  const [remembered, setRemembered] = useState(rememberedAccount);
  const [ended, setEnded] = useState(false);
  const wasSignedIn = useRef(remembered !== undefined);
  // Until the server has said who is signed in, it is who was signed in when this tab was loaded the last time.
  const me = query.data === undefined ? remembered : (query.data ?? undefined);
  const accountId = me?.account.id;
  const locale = me?.account.locale;
  useEffect(() => {
    if (accountId !== undefined) typingAccountId = accountId;
  }, [accountId]);

  const forget = useCallback(() => {
    rememberAccount(undefined);
    setRemembered(undefined);
    client.setQueryData(meKey, null);
    client.removeQueries({ predicate: (cached) => cached.queryKey[0] !== meKey[0] });
  }, [client]);

  const lose = useCallback(() => {
    if (wasSignedIn.current) {
      setEnded(true);
      keepTyped();
    }
    wasSignedIn.current = false;
    forget();
  }, [forget]);

  useEffect(() => onUnauthenticated(lose), [lose]);
  useEffect(() => followComeBack(client), [client]);
  useEffect(() => {
    if (query.data === undefined) return;
    rememberAccount(query.data ?? undefined);
    // Signed in until a moment ago, here or before a reload, and not by the person's doing no more.
    if (query.data === null && wasSignedIn.current) lose();
    wasSignedIn.current = query.data !== null;
  }, [lose, query.data]);
  // While the server was away the session may have ended; the socket that is refused does not say so.
  useEffect(
    () =>
      onProbeAnswered(() => {
        if (!wasSignedIn.current) return;
        loadMe().then(
          (now) => client.setQueryData(meKey, now),
          () => undefined, // away again; the next probe asks again
        );
      }),
    [client],
  );
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
      status: me !== undefined ? 'signed_in' : query.isPending ? 'loading' : query.isError ? 'failed' : 'signed_out',
      error: query.error,
      ended,
      can: (permission) => me?.permissions.includes(permission) ?? false,
      signIn: async (username, password) => {
        await api.post('/api/session', { body: { username, password } });
        setEnded(false);
        await reload();
      },
      signOut: async () => {
        // Not forgotten unless the server has ended it: the cookie would sign in again.
        await api.delete('/api/session');
        wasSignedIn.current = false;
        setEnded(false);
        typingAccountId = undefined;
        dropDrafts();
        forget();
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
  }, [client, ended, forget, me, query.error, query.isError, query.isPending]);

  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === undefined) throw new Error('useSession needs a SessionProvider');
  return session;
}
