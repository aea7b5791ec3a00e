/**
 * What many holds cost: taking them, keeping them over a restart, comparing both ends, one more hold, and the edit of one
 * camera beside them, at the console (SQLite) and at the recorder. Real parts of both in one process, without the wire
 * between them; the longest block is of the one thread that both share here.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredState } from '@choi-canh/shared/recorder-api';
import { cameraEntity, type ChannelRow } from '../../server/src/console/cameras/camera.entity.js';
import { CamerasRepository } from '../../server/src/console/cameras/cameras.repository.js';
import { deviceEntity, type DeviceRow } from '../../server/src/console/cameras/device.entity.js';
import { consoleEntities, consoleMigrations } from '../../server/src/console/console.schema.js';
import { HoldTravel } from '../../server/src/console/evidence/hold-travel.js';
import { HoldsRepository } from '../../server/src/console/evidence/holds.repository.js';
import { systemClock } from '../../server/src/lib/clock.js';
import { silentLogger } from '../../server/src/lib/logger.js';
import { openDatabase } from '../../server/src/platform/db/open-database.js';
import { DesiredStateStore } from '../../server/src/recorder/desired-state.store.js';
import { Holds } from '../../server/src/recorder/footage/holds.js';
import { HoldKeeper } from '../../server/src/recorder/hold-keeper.js';
import { RecordingDirector } from '../../server/src/recorder/recording-director.js';
import { benchArguments } from './lib/arguments.js';
import { runBench } from './lib/bench.js';

const options = benchArguments('holds', 'Many holds and cameras at one recorder.', {
  holds: { kind: 'number', fallback: 200_000, min: 500, max: 1_000_000, help: 'at one recorder' },
  cameras: { kind: 'number', fallback: 5000, min: 10, max: 5000, help: 'at one recorder' },
});
const pageSize = 500;
const comparedAtOnce = 200;
const probeMs = 2;
const consoleId = 'c0000000-0000-4000-8000-000000000001';
const recorderId = 'd0000000-0000-4000-8000-000000000001';
const areaId = 'a0000000-0000-4000-8000-000000000001';

interface Measured {
  ms: number;
  /** The longest time for which nothing else could run. */
  blockMs: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  let last = performance.now();
  let blockMs = 0;
  const look = () => {
    const now = performance.now();
    blockMs = Math.max(blockMs, now - last - probeMs);
    last = now;
  };
  const timer = setInterval(look, probeMs);
  const begun = performance.now();
  await work();
  const ms = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, probeMs * 2));
  clearInterval(timer);
  look();
  return { ms: round(ms), blockMs: round(blockMs) };
}
const round = (ms: number) => Math.round(ms * 10) / 10;

await runBench({ name: 'holds', json: options.json, limitMs: 600_000 }, async (bench) => {
  const results: Record<string, Measured | number> = {};
  const note = (name: string, value: Measured | number): void => {
    results[name] = value;
    bench.say(
      typeof value === 'number' ? `${name}: ${value}` : `${name}: ${value.ms} ms, longest block ${value.blockMs} ms`,
    );
  };
  const footage = join(bench.folder, 'footage');
  await mkdir(footage, { recursive: true });
  const openHolds = async (): Promise<Holds> => {
    const holds = new Holds({ directory: footage, logger: silentLogger });
    await holds.load(() => Promise.resolve(true));
    return holds;
  };
  const db = await openDatabase({
    sqlitePath: join(bench.folder, 'console.sqlite'),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  });
  bench.onEnd('database', () => db.close());
  const deviceRow = (id: string, index: number): DeviceRow => ({
    ...{ id, recorderId, kind: 'camera', deviceAddress: `http://10.1.${index >> 8}.${index & 255}/` },
    ...{ endpointReference: '', manufacturer: '', model: '', serialNumber: '', firmwareVersion: '' },
    ...{ username: 'admin', passwordBox: 'sealed', confirmedHost: '10.1.0.1', confirmedBy: 'typed' },
    ...{ passwordTypedAt: 0, tlsKey: null, oldTls: false, createdAt: 0, retiredAt: null },
  });
  const cameraRow = (index: number): ChannelRow => ({
    ...{ id: randomUUID(), areaId, recorderId, name: `Camera ${index}`, place: '', lat: null, lon: null },
    ...{ deviceId: randomUUID(), sourceToken: '', channelNumber: 1, channelName: '', enabled: true },
    ...{ retentionDays: 30, audio: false, createdAt: 0, retiredAt: null, subStream: null },
    mainStream: { profileToken: 'm', codec: 'h264', width: 1920, height: 1080, frameRate: 25, bitrateKbps: 2000 },
  });
  const rows = Array.from({ length: options.cameras }, (_, index) => cameraRow(index));
  await db.write(async (manager) => {
    await manager.query(`INSERT INTO area (id, parent_id, name, level, code, path, created_at)
      VALUES ('${areaId}', NULL, 'a', 'commune', 'A', '/${areaId}/', 1)`);
    await manager.query(`INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
      VALUES ('${recorderId}', 'r', '', '', true, 0, 0, 1)`);
    const devices = rows.map(({ deviceId }, index) => deviceRow(deviceId, index));
    for (let at = 0; at < rows.length; at += 30) await manager.insert(deviceEntity, devices.slice(at, at + 30));
    for (let at = 0; at < rows.length; at += 30) await manager.insert(cameraEntity, rows.slice(at, at + 30));
  });

  // The recorder takes them, as the console sends them.
  let holds = await openHolds();
  await holds.confirm();
  let keeper = new HoldKeeper(holds);
  const hold = (number: number) => ({
    ...{ id: randomUUID(), cameraId: rows[number % rows.length]!.id, incident: null },
    ...{ from: new Date(number * 1000).toISOString(), to: new Date(number * 1000 + 60_000).toISOString() },
  });
  note(
    'recorderTakesAll',
    await measured(async () => {
      for (let at = 0; at < options.holds; at += pageSize) {
        const put = Array.from({ length: Math.min(pageSize, options.holds - at) }, (_, index) => hold(at + index));
        await keeper.change({ put, release: [] });
        await new Promise((resolve) => setImmediate(resolve));
      }
    }),
  );
  note('recorderLogBytes', statSync(join(footage, 'holds.log')).size);
  note(
    'recorderStart',
    await measured(async () => {
      holds = await openHolds();
      keeper = new HoldKeeper(holds);
    }),
  );
  if (holds.summary.count !== options.holds) throw new Error('holds were lost over the restart');

  // A console that knows none of them takes all over.
  const repository = new HoldsRepository(db);
  const travel = new HoldTravel({
    ...{ db, repository, clock: systemClock, logger: silentLogger },
    service: { publish: () => undefined },
  });
  const compare = async (): Promise<void> => {
    for (let after: string | null = ''; after !== null;) {
      const { holds: there } = keeper.page(after, comparedAtOnce);
      const upTo = there.length < comparedAtOnce ? null : (there.at(-1)?.id ?? null);
      after = await travel.reconcile(recorderId, after, upTo, there);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  note('consoleTakesAllOver', await measured(compare));
  const summary = await travel.summary(recorderId);
  if (summary?.digest !== holds.summary.digest) throw new Error('both ends differ');
  note('consoleComparesAtStart', await measured(() => travel.summary(recorderId)));
  note('consoleReadsAllPages', await measured(compare));
  note(
    'oneMoreHold',
    await measured(async () => {
      const changes = await travel.changes(recorderId);
      const { gone } = await keeper.change({ put: [hold(1)], release: [] });
      await travel.acknowledged(changes, gone);
    }),
  );

  // One camera is edited.
  const store = new DesiredStateStore({
    folder: join(bench.folder, 'recorder'),
    key: randomBytes(32),
    logger: silentLogger,
  });
  const director = new RecordingDirector({
    store,
    footage: { setRetention: () => undefined },
    ingest: { setCameras: () => undefined, runtime: () => undefined, onChange: () => () => undefined },
    watch: () => undefined,
    ...{ clock: systemClock, logger: silentLogger, defaultMinFreeBytes: 0 },
  });
  await director.start();
  bench.onEnd('director', () => director.stop());
  const cameras = new CamerasRepository(db, 30);
  const desired = async (ids: readonly string[]): Promise<DesiredState['cameras']> =>
    (await cameras.desiredOf(recorderId, { ids })).map(({ row, retention }) => ({
      ...{ id: row.id, name: row.name, deviceAddress: row.deviceAddress, username: row.username, password: 'p' },
      ...{ enabled: true, retentionDays: retention.days, mainProfileToken: 'm', subProfileToken: null, audio: false },
      mark: createHash('sha256').update(row.name).digest('base64url').slice(0, 22),
    }));
  const common = { consoleId, minFreeBytes: 0, removed: [] };
  note(
    'allCamerasTravel',
    await measured(async () => {
      for (let at = 0; at < rows.length; at += 250) {
        const some = await desired(rows.slice(at, at + 250).map(({ id }) => id));
        await director.apply({ ...common, revision: director.revision + 1, base: director.revision, cameras: some });
      }
    }),
  );
  if (director.cameras.length !== options.cameras) throw new Error('the recorder does not have all cameras');
  let some: DesiredState['cameras'] = [];
  note('editOfOneCameraAtTheConsole', await measured(async () => (some = await desired([rows[7]!.id]))));
  note(
    'editOfOneCameraAtTheRecorder',
    await measured(() =>
      director.apply({ ...common, revision: director.revision + 1, base: director.revision, cameras: some }),
    ),
  );
  return { json: { holds: options.holds, cameras: options.cameras, ...results } };
});
