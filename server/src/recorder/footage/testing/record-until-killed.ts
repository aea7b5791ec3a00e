// A recorder in a process of its own, for the test that kills it: appends a fragment every 50 ms to two cameras and
// tells each that was stored.
import { systemClock } from '../../../lib/clock.js';
import { silentLogger } from '../../../lib/logger.js';
import { createFootageStore } from '../footage-store.js';
import { encodeMedia, fragmentAt } from './test-fragments.js';

const directory = process.argv[2]!;
const startAtMs = Number(process.argv[3]);
const media = encodeMedia();
const store = createFootageStore({
  directory,
  clock: systemClock,
  logger: silentLogger,
  fileSeconds: 10,
  syncSeconds: 5,
});
await store.start();
for (let index = 0; ; index++) {
  for (const cameraId of ['cam-1', 'cam-2']) {
    await store.append(cameraId, fragmentAt(media, index, { startAtMs }));
    process.stdout.write(`${cameraId} ${index}\n`);
  }
  await systemClock.sleep(50);
}
