import { openingResponse, type OpeningRequest, type OpeningResponse } from '@choi-canh/shared/footage';
import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api } from '../../lib/api.js';
import { playableCodecs } from '../../lib/playable-codecs.js';

/** Openings last twelve hours; a little less here, so that one is never used past its end. */
const openingLifeMs = 11.5 * 3600_000;

const openingQuery = (request: OpeningRequest | undefined) =>
  queryOptions({
    queryKey: ['opening', request],
    queryFn: () => api.post('/api/openings', { body: request, schema: openingResponse }),
    staleTime: 'static',
    gcTime: openingLifeMs,
  });

/**
 * Opens past footage. Each opening is a record in the audit trail, so one is made only when cameras, range or purpose
 * change, never as a refresh.
 */
export function useOpening(request: OpeningRequest | undefined) {
  return useQuery({
    ...openingQuery(request),
    enabled: request !== undefined,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
}

/** Pause between two questions whether a recorder is back. */
const awayEveryMs = 8000;

/** While a recorder of an opening is out of reach: asks what is recorded until it is back. Opens nothing. */
export function useAwayRecorders(request: OpeningRequest | undefined, opening: OpeningResponse | undefined): void {
  const client = useQueryClient();
  const isAway = opening?.cameras.some(({ away }) => away !== undefined) === true;
  useQuery({
    queryKey: ['opening-away', opening?.id],
    queryFn: async ({ signal }) => {
      const now = await api.get(`/api/openings/${opening?.id}`, { schema: openingResponse, signal });
      const isBack = JSON.stringify(now.cameras) !== JSON.stringify(opening?.cameras);
      if (isBack && request !== undefined) client.setQueryData(openingQuery(request).queryKey, now);
      return now;
    },
    enabled: isAway && request !== undefined,
    refetchInterval: awayEveryMs,
    initialData: opening,
    staleTime: awayEveryMs,
    gcTime: 0,
  });
}

/** Opens what will be shown next; `useOpening` then has it at once. Rejects where it cannot be opened. */
export function useOpenAhead(): (request: OpeningRequest) => Promise<OpeningResponse> {
  const client = useQueryClient();
  return useCallback((request) => client.fetchQuery(openingQuery(request)), [client]);
}

export function playlistUrl(
  openingId: string,
  cameraId: string,
  from: string,
  to: string,
  content: 'full' | 'keyframes' | 'sound',
) {
  const query = new URLSearchParams({ from, to, plays: playableCodecs.join(',') });
  if (content === 'keyframes') query.set('mode', 'keyframes');
  if (content === 'sound') query.set('sound', '1');
  return `/api/openings/${openingId}/cameras/${cameraId}/playlist.m3u8?${query}`;
}

/** @param stepMs instants are cut to this, so that the browser's cache serves neighbours */
export function thumbnailUrl(openingId: string, cameraId: string, atMs: number, width: number, stepMs = 1000) {
  const at = new Date(Math.floor(atMs / stepMs) * stepMs).toISOString();
  return `/api/openings/${openingId}/cameras/${cameraId}/thumbnail.jpg?${new URLSearchParams({ at, width: String(width) })}`;
}
