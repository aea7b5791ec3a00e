import type { CameraResponse, cameraListResponse } from '@choi-canh/shared/cameras';
import type { QueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { cameraKey, camerasKey, invalidateCameras, retiredCamerasKey, sightingsKey } from './camera-cache.js';
import { compareNatural } from './natural-sort.js';

type CameraList = z.infer<typeof cameraListResponse>;

/** Changes that come this close to each other are one. */
const gatherMs = 150;
/** With more cameras than this the list is loaded again: one question instead of many. */
const fewCameras = 20;

/** The list with the camera as it is now, at its position by name; undefined: it is none of this list any more. */
export function withCamera(list: CameraList, cameraId: string, camera: CameraResponse | undefined): CameraList {
  const items = list.items.filter(({ id }) => id !== cameraId);
  if (camera === undefined) return items.length === list.items.length ? list : { items };
  const at = items.findIndex((other) => compareNatural(other.name, camera.name) > 0);
  items.splice(at < 0 ? items.length : at, 0, camera);
  return { items };
}

export interface CameraChangesDeps {
  client: QueryClient;
  /** The camera as it is now; undefined where the account cannot see it (any more). */
  load(cameraId: string): Promise<CameraResponse | undefined>;
  after(ms: number, callback: () => void): void;
}

/**
 * A camera's change is that camera's: it alone is loaded, and takes its position in the cached lists. With thousands of
 * cameras and hundreds of people a list that everybody loads again for each change would keep the console busy.
 */
export function createCameraChanges({ client, load, after }: CameraChangesDeps): (ids: readonly string[]) => void {
  const waiting = new Set<string>();

  async function refresh(ids: readonly string[]): Promise<void> {
    // A list that is on its way may be of before the change.
    if (ids.length > fewCameras || client.isFetching({ queryKey: camerasKey }) > 0) {
      invalidateCameras(client);
      return;
    }
    try {
      for (const [id, camera] of await Promise.all(ids.map(async (id) => [id, await load(id)] as const))) {
        place(id, camera);
      }
    } catch {
      // The server is away, or answers in another way than this page knows: the list says what is so.
      invalidateCameras(client);
    }
  }

  function place(id: string, camera: CameraResponse | undefined): void {
    const isRetired = camera !== undefined && camera.retiredAt !== null;
    for (const [key, retired] of [
      [camerasKey, false],
      [retiredCamerasKey, true],
    ] as const) {
      const own = isRetired === retired ? camera : undefined;
      client.setQueryData<CameraList>(key, (list) => list && withCamera(list, id, own));
    }
    if (camera === undefined) void client.invalidateQueries({ queryKey: cameraKey(id) });
    else client.setQueryData<CameraResponse>(cameraKey(id), (known) => known && camera);
    void client.invalidateQueries({ queryKey: ['camera-history', id] });
  }

  return (ids) => {
    const isFirst = waiting.size === 0;
    for (const id of ids) waiting.add(id);
    if (!isFirst || waiting.size === 0) return;
    after(gatherMs, () => {
      const all = [...waiting];
      waiting.clear();
      // A device found in a camera's name, or an answer to that, is a change of the camera too.
      void client.invalidateQueries({ queryKey: sightingsKey });
      void refresh(all);
    });
  };
}
