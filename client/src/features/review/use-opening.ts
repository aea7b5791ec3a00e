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
