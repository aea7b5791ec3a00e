import { randomUUID } from 'node:crypto';
import type { DesiredState } from '@choi-canh/shared/recorder-api';
import { expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import type { StoredState } from './desired-state.store.js';
import { HoldKeeper } from './hold-keeper.js';
import { RecordingDirector, type RecordingDirectorOptions } from './recording-director.js';

type IngestCameras = Parameters<RecordingDirectorOptions['ingest']['setCameras']>[0];

function rooms(stored?: StoredState) {
  const log: string[] = [];
  const disk: { state: StoredState | undefined; isFull: boolean } = { state: stored, isFull: false };
  const states = new Map<string, string>();
  const listeners = new Set<(cameraId: string) => void>();
  const held: { ids: string[]; complete: boolean }[] = [];
  let ingest: IngestCameras = [];
  const holds = new HoldKeeper({
    setHolds: async (list, complete) => {
      log.push('holds');
      held.push({ ids: list.map((hold) => hold.id), complete });
    },
  });
  let daysOfCamera: ReadonlyMap<string, number> = new Map();
  const director = new RecordingDirector({
    store: {
      load: async () => disk.state,
      save: async (state) => {
        log.push('save');
        if (disk.isFull) throw new Error('the disk is full');
        disk.state = structuredClone(state);
      },
    },
    footage: {
      setRetention: (policy) => {
        log.push('retention');
        daysOfCamera = policy.daysOfCamera;
      },
    },
    holds,
    ingest: {
      setCameras: (cameras) => {
        log.push('ingest');
        ingest = cameras;
      },
      runtime: (cameraId) => {
        const state = states.get(cameraId);
        return state === undefined ? undefined : { state };
      },
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    watch: () => undefined,
    onHolds: (changes) => log.push(...changes.map((change) => `${change.held ? 'held' : 'released'} ${change.holdId}`)),
    clock: systemClock,
    logger: silentLogger,
    defaultMinFreeBytes: 5,
  });
  return {
    ...{ director, holds, held, log, disk, states },
    ingest: () => ingest,
    daysOfCamera: () => daysOfCamera,
    change: (cameraId: string) => listeners.forEach((listener) => listener(cameraId)),
  };
}

const id = randomUUID();
const desired = (change: Partial<DesiredState['cameras'][number]> = {}, revision = 1): DesiredState => ({
  revision,
  minFreeBytes: 1,
  holds: [],
  cameras: [
    {
      ...{ id, name: 'n', deviceAddress: 'http://10.0.0.2/', username: 'u', password: 'p', enabled: true },
      ...{ retentionDays: 30, audio: false, mainProfileToken: 'm', subProfileToken: 's', ...change },
    },
  ],
});
const told = { mainUrl: 'rtsp://10.0.0.2/main', subUrl: 'rtsp://10.0.0.2/sub' };
const until = async (what: () => boolean) => {
  for (const end = performance.now() + 3000; !what();) {
    if (performance.now() > end) throw new Error('waited 3 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

it('writes first, then holds, then retention and streams', async () => {
  const { director, log } = rooms();
  await director.start();
  log.length = 0;
  const hold = { id: randomUUID(), cameraId: id, from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:01:00Z' };
  expect(await director.apply({ ...desired(), holds: [hold] })).toEqual({ revision: 1, holdIds: [hold.id] });
  expect(log).toEqual(['save', 'holds', 'retention', 'ingest', `held ${hold.id}`]);
  await director.apply(desired({}, 2));
  expect(log.at(-1)).toBe(`released ${hold.id}`);
  await director.stop();
});

it('records nothing of cameras out of use, and keeps their footage for their own days, also after a boot', async () => {
  const { director, ingest, daysOfCamera, disk } = rooms();
  await director.start();
  const retired = randomUUID();
  await director.apply({ ...desired(), keptCameras: [{ id: retired, retentionDays: 7 }] });
  expect(ingest().map(({ cameraId }) => cameraId)).toEqual([id]);
  expect([...daysOfCamera()]).toEqual([
    [id, 30],
    [retired, 7],
  ]);
  await director.stop();
  const next = rooms();
  next.disk.state = disk.state;
  await next.director.start();
  expect([...next.daysOfCamera()]).toEqual([
    [id, 30],
    [retired, 7],
  ]);
  await next.director.stop();
});

it('follows a state that cannot be written, and says so, as often as it is asked', async () => {
  const { director, log, disk } = rooms();
  await director.start();
  log.length = 0;
  disk.isFull = true;
  const hold = { id: randomUUID(), cameraId: id, from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:01:00Z' };
  const wanted = { ...desired(), holds: [hold] };
  await expect(director.apply(wanted)).rejects.toThrow('full');
  expect(log).toEqual(['save', 'holds', 'retention', 'ingest', `held ${hold.id}`]);
  await expect(director.apply(wanted)).rejects.toThrow('full');
  disk.isFull = false;
  expect(await director.apply(wanted)).toEqual({ revision: 1, holdIds: [hold.id] });
  expect(disk.state?.state).toEqual(wanted);
  await director.stop();
});

it('records at once after a boot with the addresses of the last life', async () => {
  const first = rooms();
  await first.director.start();
  await first.director.apply(desired());
  first.director.setAddresses(id, told);
  await until(() => first.ingest()[0]?.mainUrl === told.mainUrl);
  await first.director.stop();
  const second = rooms(first.disk.state);
  await second.director.start();
  expect(second.ingest()).toMatchObject([{ cameraId: id, ...told }]);
  expect(second.held).toEqual([]);
  await second.director.stop();
});

it('does not restart a stream that records because the camera tells another address; takes it when the stream breaks', async () => {
  const { director, ingest, states, change } = rooms();
  await director.start();
  await director.apply(desired());
  director.setAddresses(id, told);
  await until(() => ingest()[0]?.mainUrl === told.mainUrl);
  states.set(id, 'recording');
  director.setAddresses(id, { ...told, mainUrl: 'rtsp://10.0.0.2/main?session=2' });
  await director.apply(desired({ name: 'renamed' }, 2));
  expect(ingest()[0]?.mainUrl).toBe(told.mainUrl);
  states.set(id, 'backoff');
  change(id);
  await until(() => ingest()[0]?.mainUrl === 'rtsp://10.0.0.2/main?session=2');
  await director.stop();
});

it.each([{ deviceAddress: 'http://10.0.0.3/' }, { mainProfileToken: 'other' }])(
  'forgets addresses that were asked with something else: %o',
  async (changed) => {
    const { director, ingest, states } = rooms();
    await director.start();
    await director.apply(desired());
    director.setAddresses(id, told);
    await until(() => ingest()[0]?.mainUrl === told.mainUrl);
    states.set(id, 'recording');
    await director.apply(desired(changed, 2));
    expect(ingest()[0]?.mainUrl).toBeUndefined();
    await director.stop();
  },
);

it('joins holds and running extractions, and releases nothing before the console has told its complete list', async () => {
  const { director, holds, held } = rooms();
  await director.start();
  await holds.protect('job-1', id, 0, 1);
  await holds.unprotect('job-1');
  expect(held).toEqual([{ ids: ['job-1'], complete: false }]);
  await holds.protect('job-2', id, 0, 1);
  await director.apply(desired());
  expect(held.at(-1)).toEqual({ ids: ['job-2'], complete: true });
  await holds.unprotect('job-2');
  expect(held.at(-1)).toEqual({ ids: [], complete: true });
  await director.stop();
});
