import { QueryClient } from '@tanstack/react-query';
import { isApiError } from './api-error.js';

/** Only what may pass by itself is tried again: no answer, or an answer that says so. */
export function shouldRetry(failureCount: number, error: unknown): boolean {
  if (failureCount >= 2) return false;
  return isApiError(error, 'network') || isApiError(error, 'unavailable');
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 10_000, retry: shouldRetry, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
