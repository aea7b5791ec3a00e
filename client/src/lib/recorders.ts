import {
  recorderListResponse,
  recorderRetentionResponse,
  type RecorderAlert,
  type RecorderAlerts,
} from '@choi-canh/shared/recorders';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { api } from './api.js';
import { useSocketEvent } from './socket.js';

export const recordersKey = ['recorders'] as const;
type RecorderList = z.infer<typeof recorderListResponse>;

/** Every recorder; only for who has `recorder.view`. Its alerts follow `useRecorderEvents`. */
export function useRecorders(options: { enabled?: boolean; everyMs?: number } = {}) {
  const { enabled = true, everyMs = 30_000 } = options;
  return useQuery({
    queryKey: recordersKey,
    enabled,
    queryFn: ({ signal }) => api.get('/api/recorders', { schema: recorderListResponse, signal }),
    // A recorder that is starting, or was lost, appears by itself.
    refetchInterval: ({ state }) => (state.data?.items.some((recorder) => recorder.reachable) ? everyMs : 2000),
  });
}

/** Takes newer alerts into the list. Undefined where one of the recorders is not in it. */
export function applyAlerts(list: RecorderList, told: readonly RecorderAlerts[]): RecorderList | undefined {
  const byId = new Map(told.map(({ recorderId, alerts }) => [recorderId, alerts]));
  const items = list.items.map((recorder) => {
    const alerts = byId.get(recorder.id);
    return alerts === undefined ? recorder : { ...recorder, alerts };
  });
  const known = new Set(list.items.map((recorder) => recorder.id));
  return told.every(({ recorderId }) => known.has(recorderId)) ? { items } : undefined;
}

/** Keeps the cached recorders current by socket events; the shell mounts it once. */
export function useRecorderEvents(): void {
  const client = useQueryClient();
  useSocketEvent('recorder.alerts', (told) => {
    client.setQueryData<RecorderList>(recordersKey, (list) => (list && applyAlerts(list, told)) ?? list);
    // An alert comes with other facts: whether it answers, its clock, its disk.
    void client.invalidateQueries({ queryKey: recordersKey });
  });
}

/** What a forecast is made from. */
export function useRetentionFacts(recorderId: string, options: { everyMs?: number } = {}) {
  return useQuery({
    queryKey: ['recorder-retention', recorderId],
    queryFn: ({ signal }) =>
      api.get(`/api/recorders/${recorderId}/retention`, { schema: recorderRetentionResponse, signal }),
    staleTime: 20_000,
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
  });
}

export interface NamedAlert {
  recorderId: string;
  recorderName: string;
  alert: RecorderAlert;
}

/** The alerts of all recorders, gravest first, then the newest. */
export function orderedAlerts(list: RecorderList | undefined): NamedAlert[] {
  return (list?.items ?? [])
    .flatMap(({ id, name, alerts }) => alerts.map((alert) => ({ recorderId: id, recorderName: name, alert })))
    .sort(
      (one, other) =>
        Number(other.alert.severity === 'critical') - Number(one.alert.severity === 'critical') ||
        other.alert.sinceAt.localeCompare(one.alert.sinceAt),
    );
}
