import type { CameraResponse } from '@choi-canh/shared/cameras';
import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { createCameraChanges, withCamera } from './camera-changes.js';
import { cameraKey, camerasKey, retiredCamerasKey, sightingsKey } from './camera-cache.js';

const camera = (id: string, name: string, retiredAt: string | null = null) =>
  ({ id, name, retiredAt }) as CameraResponse;
const list = (...items: CameraResponse[]) => ({ items });
const names = (client: QueryClient, key: readonly string[]) =>
  client.getQueryData<{ items: CameraResponse[] }>(key)?.items.map(({ name }) => name);

function setUp(now: Record<string, CameraResponse | undefined | Error>) {
  const client = new QueryClient();
  client.setQueryData(camerasKey, list(camera('a', 'Cam 1'), camera('b', 'Cam 2'), camera('c', 'Cam 10')));
  client.setQueryData(retiredCamerasKey, list(camera('r', 'Cam 3', '2026-01-01T00:00:00Z')));
  const loaded: string[] = [];
  const due: (() => void)[] = [];
  const changed = createCameraChanges({
    client,
    load: (id) => {
      loaded.push(id);
      const found = now[id];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    after: (_ms, callback) => void due.push(callback),
  });
  const isStale = (key: readonly string[]) => client.getQueryState(key)?.isInvalidated;
  return {
    ...{ client, loaded, changed, isStale },
    async flush() {
      for (const callback of due.splice(0)) callback();
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

describe('a change of a camera', () => {
  it('loads that camera once, and nothing else', async () => {
    const { client, loaded, changed, flush, isStale } = setUp({ b: camera('b', 'Cam 20') });
    client.setQueryData(cameraKey('b'), camera('b', 'Cam 2'));
    client.setQueryData(sightingsKey, { items: [] });
    changed(['b']);
    changed(['b']);
    await flush();
    expect(loaded).toEqual(['b']);
    expect(names(client, camerasKey)).toEqual(['Cam 1', 'Cam 10', 'Cam 20']);
    expect(client.getQueryData<CameraResponse>(cameraKey('b'))?.name).toBe('Cam 20');
    expect(client.getQueryData(cameraKey('a'))).toBeUndefined();
    expect(isStale(camerasKey)).toBe(false);
    // Who stands behind it at another address may be asked of people now.
    expect(isStale(sightingsKey)).toBe(true);
  });

  it('brings a new one, takes out of use, brings back, and drops what cannot be seen any more', async () => {
    const { client, changed, flush } = setUp({
      n: camera('n', 'Cam 5'),
      a: camera('a', 'Cam 1', '2026-02-01T00:00:00Z'),
      r: camera('r', 'Cam 3'),
      c: undefined,
    });
    changed(['n', 'a']);
    changed(['r', 'c']);
    await flush();
    expect(names(client, camerasKey)).toEqual(['Cam 2', 'Cam 3', 'Cam 5']);
    expect(names(client, retiredCamerasKey)).toEqual(['Cam 1']);
  });

  it('loads the list again where many changed, or where asking failed', async () => {
    const many = setUp({});
    many.changed(Array.from({ length: 21 }, (_, index) => `x${index}`));
    await many.flush();
    expect(many.loaded).toEqual([]);
    expect(many.isStale(camerasKey)).toBe(true);

    const failing = setUp({ a: new Error('away') });
    failing.changed(['a']);
    await failing.flush();
    expect(failing.isStale(camerasKey)).toBe(true);
    expect(names(failing.client, camerasKey)).toEqual(['Cam 1', 'Cam 2', 'Cam 10']);
  });

  it('makes no list of nothing', () => {
    expect(withCamera(list(), 'a', camera('a', 'Cam 1')).items).toHaveLength(1);
    const known = list(camera('a', 'Cam 1'));
    expect(withCamera(known, 'b', undefined)).toBe(known);
  });
});
