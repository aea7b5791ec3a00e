import { randomUUID } from 'node:crypto';
import type { DesiredState } from '@choi-canh/shared/recorder-api';
import { expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import type { StoredState } from './desired-state.store.js';
import { RecordingDirector, type RecordingDirectorOptions } from './recording-director.js';

type IngestCameras = Parameters<RecordingDirectorOptions['ingest']['setCameras']>[0];

function rooms(stored?: StoredState) {
  const log: string[] = [];
  const disk: { state: StoredState | undefined; isFull: boolean } = { state: stored, isFull: false };
  const states = new Map<string, string>();
  const listeners = new Set<(cameraId: string) => void>();
  let ingest: IngestCameras = [];
  let watched: Parameters<RecordingDirectorOptions['watch']>[0] = [];
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
    watch: (cameras) => (watched = cameras),
    clock: systemClock,
    logger: silentLogger,
    defaultMinFreeBytes: 5,
  });
  return {
    ...{ director, log, disk, states },
    ingest: () => ingest,
    watched: () => watched,
    daysOfCamera: () => daysOfCamera,
    change: (cameraId: string) => listeners.forEach((listener) => listener(cameraId)),
  };
}

const id = randomUUID();
const consoleId = randomUUID();
const desired = (change: Partial<DesiredState['cameras'][number]> = {}, revision = 1): DesiredState => ({
  ...{ consoleId, revision, base: null, removed: [] },
  minFreeBytes: 1,
  cameras: [
    {
      ...{ id, name: 'n', deviceAddress: 'http://10.0.0.2/', username: 'u', password: 'p', enabled: true },
      ...{ retentionDays: 30, audio: false, mainProfileToken: 'm', subProfileToken: 's', mark: '', ...change },
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

it('writes first, then retention and streams', async () => {
  const { director, log } = rooms();
  await director.start();
  log.length = 0;
  expect(await director.apply(desired())).toEqual({ revision: 1, dropped: [] });
  expect(log).toEqual(['save', 'retention', 'ingest']);
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
  await expect(director.apply(desired())).rejects.toThrow('full');
  expect(log).toEqual(['save', 'retention', 'ingest']);
  await expect(director.apply(desired())).rejects.toThrow('full');
  disk.isFull = false;
  expect(await director.apply(desired())).toEqual({ revision: 1, dropped: [] });
  expect(disk.state?.state).toMatchObject({ consoleId, revision: 1, cameras: desired().cameras });
  await director.stop();
});

it('takes the change of one camera as that, and only behind what it has', async () => {
  const { director, ingest } = rooms();
  await director.start();
  const other = { ...desired().cameras[0]!, id: randomUUID(), name: 'other' };
  await director.apply({ ...desired(), cameras: [...desired().cameras, other] });
  const change = (base: number): DesiredState => ({
    ...{ ...desired({ username: 'new' }, base + 1), base },
  });
  expect(await director.apply(change(1))).toEqual({ revision: 2, dropped: [] });
  expect(ingest().map(({ username }) => username)).toEqual(['new', 'u']);
  await expect(director.apply(change(1))).rejects.toMatchObject({ kind: 'conflict', code: 'desired_revision' });
  const removal: DesiredState = { ...desired({}, 3), base: 2, cameras: [], removed: [other.id] };
  expect(await director.apply(removal)).toEqual({ revision: 3, dropped: [{ id: other.id, name: 'other' }] });
  expect(director.marks()).toMatchObject({ consoleId, revision: 3, cameras: [{ id, mark: '' }] });
  await director.stop();
});

it('changes nothing for a console that it does not follow, until it is taken over', async () => {
  const { director, ingest, disk } = rooms();
  await director.start();
  await director.apply(desired());
  const stranger = randomUUID();
  const empty: DesiredState = { ...desired({}, 9), consoleId: stranger, cameras: [] };
  const refused = { kind: 'conflict', code: 'console_unknown' };
  await expect(director.apply(empty)).rejects.toMatchObject(refused);
  expect(() => director.requireConsole(stranger)).toThrowError(expect.objectContaining(refused) as Error);
  expect(ingest()).toHaveLength(1);
  expect(director.knownCameras()[0]).toMatchObject({ id, username: 'u', mainProfileToken: 'm' });
  expect(JSON.stringify(director.knownCameras())).not.toContain('"p"');
  await expect(director.takeOver(stranger, randomUUID())).rejects.toMatchObject({ code: 'console_changed' });
  await director.takeOver(stranger, consoleId);
  expect(disk.state?.state.consoleId).toBe(stranger);
  await expect(director.apply(desired({}, 2))).rejects.toMatchObject(refused);
  await director.apply(empty);
  expect(ingest()).toHaveLength(0);
  await director.stop();
});

it('keeps a password that its console does not have, but sends it to no other address', async () => {
  const { director, ingest } = rooms();
  await director.start();
  await director.apply(desired());
  await director.apply(desired({ password: null, name: 'taken over' }, 2));
  expect(ingest()).toMatchObject([{ password: 'p' }]);
  await director.apply(desired({ password: null, deviceAddress: 'http://10.0.0.9/' }, 3));
  expect(ingest()).toMatchObject([{ password: '' }]);
  await director.stop();
});

it('of the time before consoles had ids, follows the console that goes on behind its revision only', async () => {
  const before = rooms();
  await before.director.start();
  await before.director.apply(desired({}, 40));
  await before.director.stop();
  before.disk.state!.state.consoleId = null;
  const { director } = rooms(before.disk.state);
  await director.start();
  const emptied: DesiredState = { ...desired({}, 1), consoleId: randomUUID(), cameras: [] };
  await expect(director.apply(emptied)).rejects.toMatchObject({ code: 'console_unknown' });
  await director.apply(desired({}, 41));
  expect(director.consoleId).toBe(consoleId);
  await director.stop();
});

it('takes 5,000 cameras, and no more', async () => {
  const { director, ingest } = rooms();
  await director.start();
  const many = Array.from({ length: 5000 }, () => ({ ...desired().cameras[0]!, id: randomUUID() }));
  await director.apply({ ...desired(), cameras: many });
  expect(ingest()).toHaveLength(5000);
  const more: DesiredState = { ...desired({ id: randomUUID() }, 2), base: 1 };
  await expect(director.apply(more)).rejects.toMatchObject({ kind: 'invalid', code: 'too_many_cameras' });
  expect(director.revision).toBe(1);
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

it('a camera that was added by its addresses is recorded by them, and never asked over ONVIF', async () => {
  const { director, ingest, watched } = rooms();
  await director.start();
  const given = {
    deviceAddress: 'rtsp://10.0.0.9:554/',
    mainUrl: 'rtsp://10.0.0.9:554/1',
    subUrl: 'rtsp://10.0.0.9:554/2',
  };
  await director.apply(desired(given));
  expect(ingest()).toMatchObject([{ mainUrl: given.mainUrl, subUrl: given.subUrl, confirmedHosts: ['10.0.0.9'] }]);
  expect(watched()).toMatchObject([{ hasOnvif: false, hasStreamUrl: true }]);
  await director.apply(desired({ ...given, subUrl: null }, 2));
  expect(ingest()[0]).not.toHaveProperty('subUrl');
  await director.apply(desired({}, 3));
  expect(watched()).toMatchObject([{ hasOnvif: true, hasStreamUrl: false }]);
  await director.stop();
});

it('keeps and reports no password of addresses, whether a console or a state from before has it there', async () => {
  const mainUrl = 'rtsp://10.0.0.2/user=u&password=ge%2Fheim&channel=1';
  const kept = 'rtsp://10.0.0.2/user={username}&password={password}&channel=1';
  const given = { password: 'ge/heim', mainUrl, subUrl: mainUrl, sourceToken: '/user=u&password=ge%2Fheim&channel=1' };
  const cameras = desired(given).cameras.map((camera) => ({ ...camera, password: 'ge/heim' }));
  const before = rooms({ state: { consoleId, revision: 1, minFreeBytes: 1, cameras }, addresses: {} });
  await before.director.start();
  const fresh = rooms();
  await fresh.director.start();
  await fresh.director.apply(desired(given));
  for (const { director, disk, ingest } of [before, fresh]) {
    expect(disk.state?.state.cameras[0]).toMatchObject({ mainUrl: kept, subUrl: kept, sourceToken: kept.slice(15) });
    expect(ingest()[0]).toMatchObject({ mainUrl: kept, subUrl: kept, fillIn: true, password: 'ge/heim' });
    expect(JSON.stringify(director.knownCameras())).not.toContain('heim');
    await director.stop();
  }
});
