import { clipListResponse, clipResponse, holdListResponse, tagListResponse } from '@choi-canh/shared/evidence';
import type { ClipCreateRequest, ClipResponse, HoldResponse, TagResponse } from '@choi-canh/shared/evidence';
import { categoryListResponse, incidentResponse } from '@choi-canh/shared/incidents';
import type { IncidentCreateRequest, IncidentPatchRequest, IncidentResponse } from '@choi-canh/shared/incidents';
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { use, useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { z } from 'zod';
import { api } from './api.js';
import { createCoalesced } from './coalesced.js';
import { useSocketEvent } from './socket.js';
import { createTagActions } from './tag-actions.js';
import { UndoContext } from './undo-context.js';

export const incidentsKey = ['incidents'] as const;
export const incidentKey = (incidentId: string) => ['incident', incidentId] as const;
const tagsKey = (incidentId: string) => ['incident', incidentId, 'tags'] as const;
const holdsKey = (incidentId: string) => ['incident', incidentId, 'holds'] as const;
const clipsKey = (incidentId: string) => ['incident', incidentId, 'clips'] as const;

/** How often a running extraction is asked for when no event came. */
const clipPollMs = 2000;

export function useCategories() {
  return useQuery({
    queryKey: ['categories'],
    queryFn: ({ signal }) => api.get('/api/categories', { schema: categoryListResponse, signal }),
    staleTime: 10 * 60_000,
  });
}

/** Name of a category in the language shown; its code where the catalogue does not have it. */
export function useCategoryName(): (code: string) => string {
  const { data } = useCategories();
  const { i18n } = useTranslation();
  const language = i18n.language === 'en' ? 'en' : 'vi';
  return useCallback(
    (code: string) => data?.items.find((category) => category.code === code)?.[language] ?? code,
    [data, language],
  );
}

/** What an incident is called: its title, else its category. */
export function incidentTitle(incident: IncidentResponse, categoryName: (code: string) => string): string {
  return incident.title === '' ? categoryName(incident.category) : incident.title;
}

export function useIncident(incidentId: string | undefined) {
  return useQuery({
    queryKey: incidentKey(incidentId ?? ''),
    queryFn: ({ signal }) => api.get(`/api/incidents/${incidentId}`, { schema: incidentResponse, signal }),
    enabled: incidentId !== undefined,
  });
}

export function useTags(incidentId: string | undefined) {
  return useQuery({
    queryKey: tagsKey(incidentId ?? ''),
    queryFn: ({ signal }) => api.get(`/api/incidents/${incidentId}/tags`, { schema: tagListResponse, signal }),
    enabled: incidentId !== undefined,
    select: (list): TagResponse[] => [...list.items].sort((a, b) => Date.parse(a.from) - Date.parse(b.from)),
  });
}

export function useHolds(incidentId: string | undefined) {
  return useQuery({
    queryKey: holdsKey(incidentId ?? ''),
    queryFn: ({ signal }) => api.get(`/api/incidents/${incidentId}/holds`, { schema: holdListResponse, signal }),
    enabled: incidentId !== undefined,
    select: (list): HoldResponse[] => list.items,
    refetchInterval: (query) =>
      query.state.data?.items.some((hold) => hold.state === 'pending' || hold.state === 'releasing') ? 5000 : false,
  });
}

export const isUnfinished = (clip: ClipResponse) => clip.state === 'queued' || clip.state === 'running';

/** Clips of the incident, newest first; asks again by itself while one is being cut. */
export function useClips(incidentId: string | undefined) {
  return useQuery({
    queryKey: clipsKey(incidentId ?? ''),
    queryFn: ({ signal }) => api.get(`/api/incidents/${incidentId}/clips`, { schema: clipListResponse, signal }),
    enabled: incidentId !== undefined,
    select: (list): ClipResponse[] => [...list.items].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt)),
    refetchInterval: (query) => (query.state.data?.items.some(isUnfinished) ? clipPollMs : false),
  });
}

type ClipList = z.infer<typeof clipListResponse>;
type HoldList = z.infer<typeof holdListResponse>;

function replaced<T extends { id: string }>(items: T[], item: T): T[] {
  return items.some((one) => one.id === item.id)
    ? items.map((one) => (one.id === item.id ? item : one))
    : [...items, item];
}

/** Keeps what is cached of incidents current by socket events. */
export function useIncidentEvents(): void {
  const client = useQueryClient();
  useSocketEvent('incident.changed', (incidentId) => invalidateIncident(client, incidentId));
  useSocketEvent('clip.progress', (clip) => {
    client.setQueryData<ClipList>(clipsKey(clip.incidentId), (list) => list && { items: replaced(list.items, clip) });
  });
  useSocketEvent('hold.state', (hold) => {
    client.setQueryData<HoldList>(holdsKey(hold.incidentId), (list) => list && { items: replaced(list.items, hold) });
  });
}

const refreshers = new WeakMap<QueryClient, (incidentId: string) => void>();

/**
 * Lists of an incident are fetched again, once for all that is said about it at about the same time: four clips being
 * cut are dozens of events, and each refresh would cancel the one before.
 */
export function invalidateIncident(client: QueryClient, incidentId: string): void {
  let refresh = refreshers.get(client);
  if (refresh === undefined) {
    refresh = createCoalesced({
      isBusy: (id) => keysOf(id).some((queryKey) => client.isFetching({ queryKey }) > 0),
      run: (id) => {
        for (const queryKey of keysOf(id)) void client.invalidateQueries({ queryKey });
      },
      after: (ms, callback) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
      nowMs: () => performance.now(),
    });
    refreshers.set(client, refresh);
  }
  refresh(incidentId);
}

const keysOf = (incidentId: string) => [incidentKey(incidentId), incidentsKey, ['case-report']] as const;

/** The incident's mutations; each brings the cached lists up to date. */
export function useCaseActions() {
  const client = useQueryClient();
  const history = use(UndoContext);
  const after = (incidentId: string) => invalidateIncident(client, incidentId);
  const tags = createTagActions(history, after);
  return {
    async createIncident(body: IncidentCreateRequest): Promise<IncidentResponse> {
      const incident = await api.post('/api/incidents', { body, schema: incidentResponse });
      client.setQueryData(incidentKey(incident.id), incident);
      void client.invalidateQueries({ queryKey: incidentsKey });
      return incident;
    },
    async patchIncident(incidentId: string, body: IncidentPatchRequest): Promise<IncidentResponse> {
      const incident = await api.patch(`/api/incidents/${incidentId}`, { body, schema: incidentResponse });
      client.setQueryData(incidentKey(incidentId), incident);
      after(incidentId);
      return incident;
    },
    ...tags,
    /** Without a cause all of it is released; with one, what nothing else needs. */
    async releaseHold(hold: HoldResponse, reason: string, causeId?: string): Promise<void> {
      await api.post(`/api/holds/${hold.id}/release`, { body: { reason, causeId } });
      after(hold.incidentId);
    },
    async createClip(incidentId: string, body: ClipCreateRequest): Promise<ClipResponse> {
      const clip = await api.post(`/api/incidents/${incidentId}/clips`, { body, schema: clipResponse });
      client.setQueryData<ClipList>(clipsKey(incidentId), (list) => list && { items: replaced(list.items, clip) });
      after(incidentId);
      return clip;
    },
    /** Cuts a failed clip once more; the failed one goes when the new one is there. */
    async retryClip(failed: ClipResponse): Promise<void> {
      const { incidentId, cameraId, from, to, note } = failed;
      const clip = await api.post(`/api/incidents/${incidentId}/clips`, {
        body: { cameraId, from, to, note },
        schema: clipResponse,
      });
      await api.delete(`/api/clips/${failed.id}`).finally(() => {
        client.setQueryData<ClipList>(clipsKey(incidentId), (list) => list && { items: replaced(list.items, clip) });
        void client.invalidateQueries({ queryKey: clipsKey(incidentId) });
        after(incidentId);
      });
    },
  };
}

/** `12,3 MB` */
export function formatBytes(bytes: number): string {
  const format = new Intl.NumberFormat(i18next.language, { maximumFractionDigits: 1 });
  if (bytes < 1024 * 1024) return `${format.format(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${format.format(bytes / 1024 ** 2)} MB`;
  return `${format.format(bytes / 1024 ** 3)} GB`;
}
