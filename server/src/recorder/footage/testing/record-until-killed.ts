// A recorder in a process of its own, for the test that kills it: four cameras append as fast as the disk takes it, with
// a new file every other fragment, so that rotations, closing records, chain and catalogue are always under way. Tells
// each fragment when it is called and when it was stored.
import { readFileSync, writeSync } from 'node:fs';
import { systemClock } from '../../../lib/clock.js';
import { silentLogger } from '../../../lib/logger.js';
import { createFootageStore } from '../footage-store.js';
import { fragmentAt, type TestMedia } from './test-fragments.js';
import { reviveMedia } from './stored-media.js';

const [directory, mediaPath, startAtMs, run] = process.argv.slice(2);
const media: TestMedia = reviveMedia(readFileSync(mediaPath!));
const store = createFootageStore({
  directory: directory!,
  clock: systemClock,
  logger: silentLogger,
  fileSeconds: 1,
  syncSeconds: 1,
  retentionIntervalMs: 50,
});
await store.start();
const tell = (line: string): void => void writeSync(1, `${line}\n`);
tell('started');
async function record(cameraId: string): Promise<void> {
  for (let index = 0; ; index++) {
    tell(`called ${cameraId} ${index}`);
    await store.append(cameraId, fragmentAt(media, index, { startAtMs: Number(startAtMs), run: Number(run) }));
    tell(`stored ${cameraId} ${index}`);
  }
}
await Promise.all(['cam-1', 'cam-2', 'cam-3', 'cam-4'].map(record));
