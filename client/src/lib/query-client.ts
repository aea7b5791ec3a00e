import { onlineManager, QueryClient } from '@tanstack/react-query';
import { isApiError } from './api-error.js';
import { freshness } from './freshness.js';

/** Only what may pass by itself is tried again: no answer, or an answer that says so. */
export function shouldRetry(failureCount: number, error: unknown): boolean {
  if (failureCount >= 2) return false;
  return isApiError(error, 'network') || isApiError(error, 'unavailable');
}

// While the server is away no query is sent, none fails, and what is known stays; all go on when it is back.
onlineManager.setEventListener((setOnline) =>
  freshness.subscribe(() => setOnline(freshness.freshness.state !== 'away')),
);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, retry: shouldRetry, refetchOnWindowFocus: true },
    // What a person does is not kept for later: it fails at once and says so, and the form keeps what was typed.
    mutations: { retry: false, networkMode: 'always' },
  },
});
