import { errorResponse } from '@choi-canh/shared/errors';
import { useSyncExternalStore } from 'react';

/** Why a server that answers cannot serve: what its own answer says. The sentence of each is `errors:<code>`. */
const causes = ['database_unavailable', 'database_full', 'database_locked', 'database_damaged'] as const;
export type AwayCause = (typeof causes)[number];

let cause: AwayCause | undefined;
const listeners = new Set<() => void>();

/** Undefined where nothing but silence is known. */
export async function causeOf(response: Response): Promise<AwayCause | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  const code = errorResponse.safeParse(body).data?.error.code;
  return causes.find((known) => known === code);
}

export function setAwayCause(now: AwayCause | undefined): void {
  if (now === cause) return;
  cause = now;
  for (const listener of listeners) listener();
}

export function useAwayCause(): AwayCause | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => cause,
  );
}
