import { cameraListResponse, cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraStatus } from '@choi-canh/shared/health';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { z } from 'zod';
import { ApiError } from './api-error.js';
import { api } from './api.js';
import { cameraKey, camerasKey, retiredCamerasKey } from './camera-cache.js';
import { createCameraChanges } from './camera-changes.js';
import { useSocketEvent } from './socket.js';

type CameraList = z.infer<typeof cameraListResponse>;

/** Takes the newer facts into the list without loading it again. Returns the same list if nothing changed. */
export function applyStatuses(list: CameraList, statuses: readonly CameraStatus[]): CameraList {
  const byId = new Map(statuses.map((status) => [status.cameraId, status]));
  let changed = false;
  const items = list.items.map((camera) => {
    const status = byId.get(camera.id);
    if (status === undefined) return camera;
    changed = true;
    return withStatus(camera, status);
  });
  return changed ? { items } : list;
}

function withStatus(camera: CameraResponse, { state, reason, detail, sinceAt }: CameraStatus): CameraResponse {
  return { ...camera, state, reason, detail, sinceAt };
}

/** Every camera that the account sees, ordered by name; its states follow `useCameraEvents`. */
export function useCameras() {
  return useQuery({
    queryKey: camerasKey,
    queryFn: ({ signal }) => api.get('/api/cameras', { schema: cameraListResponse, signal }),
    staleTime: 30_000,
  });
}

/** Cameras out of use, ordered by name. */
export function useRetiredCameras(enabled = true) {
  return useQuery({
    queryKey: retiredCamerasKey,
    queryFn: ({ signal }) => api.get('/api/cameras', { query: { retired: '1' }, schema: cameraListResponse, signal }),
    staleTime: 30_000,
    enabled,
  });
}

/** Cameras whose past can be seen: those in use, then those out of use. Follows the list of those in use. */
export function useReviewableCameras() {
  const inUse = useCameras();
  const retired = useRetiredCameras();
  const data = useMemo(
    () => inUse.data && { items: [...inUse.data.items, ...(retired.data?.items ?? [])] },
    [inUse.data, retired.data],
  );
  return { data, isPending: inUse.isPending, error: inUse.error, refetch: inUse.refetch };
}

export function useCamera(cameraId: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: cameraKey(cameraId),
    queryFn: ({ signal }) => api.get(`/api/cameras/${cameraId}`, { schema: cameraResponse, signal }),
    initialData: () => client.getQueryData<CameraList>(camerasKey)?.items.find((camera) => camera.id === cameraId),
    initialDataUpdatedAt: 0,
  });
}

/** Undefined where the account cannot see it (any more). */
async function loadCamera(cameraId: string): Promise<CameraResponse | undefined> {
  try {
    return await api.get(`/api/cameras/${cameraId}`, { schema: cameraResponse });
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not_found') return undefined;
    throw error;
  }
}

const setTimer = (ms: number, callback: () => void) => void setTimeout(callback, ms);

/** Keeps the cached cameras current by socket events; the shell mounts it once. */
export function useCameraEvents(): void {
  const client = useQueryClient();
  useSocketEvent('camera.state', (statuses) => {
    client.setQueryData<CameraList>(camerasKey, (list) => (list === undefined ? list : applyStatuses(list, statuses)));
    for (const status of statuses) {
      client.setQueryData<CameraResponse>(cameraKey(status.cameraId), (camera) =>
        camera === undefined ? camera : withStatus(camera, status),
      );
      void client.invalidateQueries({ queryKey: ['camera-history', status.cameraId] });
    }
  });
  const changed = useMemo(() => createCameraChanges({ client, load: loadCamera, after: setTimer }), [client]);
  useSocketEvent('camera.changed', changed);
}
