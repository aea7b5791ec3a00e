/**
 * The recorder's part of bench:footage, in a process of its own: footage of many cameras is appended at their pace, in
 * turns with nobody reading and with readers that stream stored footage as fast as they get it. Tells how long each
 * append took.
 */
import { systemClock } from '../../../server/src/lib/clock.js';
import { createLogger } from '../../../server/src/lib/logger.js';
import { createFootageStore } from '../../../server/src/recorder/footage/footage-store.js';
import type { FootageStore } from '../../../server/src/recorder/footage/footage-types.js';
import { createFragmentMaker, fragmentMs } from './made-fragment.js';
import { replaceHolds } from '../../../server/src/recorder/footage/testing/replace-holds.js';

export interface AppendLoadRequest {
  readonly directory: string;
  readonly cameras: number;
  readonly kbps: number;
  readonly readers: number;
  /** Of each turn. */
  readonly seconds: number;
  readonly turns: number;
}
export interface Turn {
  readonly readers: number;
  readonly appendsMs: number[];
  readonly readBytes: number;
  readonly dropped: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
}

const request = JSON.parse(process.argv[2]!) as AppendLoadRequest;
const store: FootageStore = createFootageStore({
  directory: request.directory,
  clock: systemClock,
  logger: createLogger('warn', 'bench'),
  fileSeconds: 60,
  syncSeconds: 5,
});
await store.start();
await replaceHolds(store.holds, []);
const make = createFragmentMaker(request.kbps);
const startAtMs = Date.now();
const cameraIds = Array.from({ length: request.cameras }, (_, at) => `camera-${String(at + 1).padStart(4, '0')}`);
let times: number[] | undefined;
let stopping = false;

/** A camera delivers a fragment every second, each camera at its own moment. */
async function deliver(cameraId: string, phaseMs: number): Promise<void> {
  const begin = performance.now() + phaseMs;
  for (let index = 0; !stopping; index++) {
    await systemClock.sleep(Math.max(0, begin + index * fragmentMs - performance.now()));
    const fragment = make(index, 1, startAtMs);
    const calledAt = performance.now();
    const into = times;
    store.append(cameraId, fragment).then(
      () => into?.push(performance.now() - calledAt),
      () => undefined, // counted by the store
    );
  }
}

let readBytes = 0;
/** Reads stored fragments of changing cameras one after the other, without a pause. */
async function read(reader: number, until: () => boolean): Promise<void> {
  for (let at = reader; !until(); at += 7) {
    const cameraId = cameraIds[at % cameraIds.length]!;
    const found = await store.fragments(cameraId, startAtMs, startAtMs + 30_000);
    for (const one of found) {
      if (until()) return;
      for await (const piece of store.pieces(one.fileId, one.offset, one.byteLength)) readBytes += piece.length;
    }
  }
}

async function turn(readers: number): Promise<Turn> {
  const before = { cpu: process.cpuUsage(), dropped: store.condition().droppedFragments };
  times = [];
  readBytes = 0;
  const began = performance.now();
  const isOver = () => performance.now() - began >= request.seconds * 1000;
  const reading = Array.from({ length: readers }, (_, reader) => read(reader, isOver));
  await systemClock.sleep(request.seconds * 1000);
  await Promise.all(reading);
  const appendsMs = times;
  times = undefined;
  const cpu = process.cpuUsage(before.cpu);
  return {
    readers,
    appendsMs,
    readBytes,
    dropped: store.condition().droppedFragments - before.dropped,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    seconds: (performance.now() - began) / 1000,
  };
}

const delivering = cameraIds.map((id, at) => deliver(id, (at * fragmentMs) / cameraIds.length));
await systemClock.sleep(8000); // files are open, code is warm, the first flushes are done
for (let at = 0; at < request.turns; at++) {
  process.stdout.write(`${JSON.stringify(await turn(0))}\n`);
  process.stdout.write(`${JSON.stringify(await turn(request.readers))}\n`);
}
stopping = true;
await Promise.all(delivering);
await store.stop();
process.exit(0);
