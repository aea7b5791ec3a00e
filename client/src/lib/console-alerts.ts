import { consoleAlertListResponse, type ConsoleAlertListResponse } from '@choi-canh/shared/console-alerts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from './api.js';
import { useSocketEvent } from './socket.js';

export const consoleAlertsKey = ['console-alerts'] as const;

/** What is wrong with the console itself, gravest first; only for who has `recorder.view`. */
export function useConsoleAlerts(options: { enabled?: boolean } = {}) {
  return useQuery({
    queryKey: consoleAlertsKey,
    enabled: options.enabled ?? true,
    queryFn: ({ signal }) => api.get('/api/console/alerts', { schema: consoleAlertListResponse, signal }),
    // Events bring every change; this is for one that was missed.
    refetchInterval: 60_000,
  });
}

/** Keeps the alerts current by socket events; the shell mounts it once. */
export function useConsoleAlertEvents(): void {
  const client = useQueryClient();
  useSocketEvent('console.alerts', (items) => {
    // An answer that is under way may be older than the event.
    void client.cancelQueries({ queryKey: consoleAlertsKey });
    client.setQueryData<ConsoleAlertListResponse>(consoleAlertsKey, { items });
  });
}
