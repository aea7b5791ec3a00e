/**
 * A recorder's footage that starts on a folder, in a process of its own: tells when each camera's first fragment was
 * stored, then goes on recording until it is killed.
 */
import { systemClock } from '../../../server/src/lib/clock.js';
import { createLogger } from '../../../server/src/lib/logger.js';
import { createFootageStore } from '../../../server/src/recorder/footage/footage-store.js';
import { createFragmentMaker } from './made-fragment.js';
import { replaceHolds } from '../../../server/src/recorder/footage/testing/replace-holds.js';

const { directory, cameras, run } = JSON.parse(process.argv[2]!) as { directory: string; cameras: number; run: number };
const tell = (what: string, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ what, sinceStartMs: process.uptime() * 1000, ...more })}\n`);
const store = createFootageStore({
  directory,
  clock: systemClock,
  logger: createLogger('error', 'bench'),
  fileSeconds: 600,
  syncSeconds: 5,
});
await store.start();
tell('started', { condition: store.condition() });
await replaceHolds(store.holds, []).catch(() => undefined); // the catalogue is still opening
const make = createFragmentMaker(384);
const startAtMs = Date.now();
const ids = Array.from({ length: cameras }, (_, at) => `camera-${String(at + 1).padStart(4, '0')}`);
await Promise.all(ids.map((id) => store.append(id, make(0, run, startAtMs))));
tell('recording');
const facts = performance.now();
await store
  .retentionFacts()
  .then(({ footageBytes }) => tell('facts', { tookMs: performance.now() - facts, footageBytes }))
  .catch(() => undefined); // the catalogue is still opening
const coverage = performance.now();
await store
  .coverage(ids[0]!, startAtMs - 2 * 86_400_000, startAtMs - 86_400_000)
  .then((spans) => tell('coverage', { tookMs: performance.now() - coverage, spans: spans.length }))
  .catch(() => undefined);
let rebuilding = store.condition().rebuilding;
for (let index = 1; ; index++) {
  await systemClock.sleep(1000);
  await Promise.all(ids.map((id) => store.append(id, make(index, run, startAtMs))));
  if (rebuilding && !store.condition().rebuilding) tell('rebuilt');
  rebuilding = store.condition().rebuilding;
  if (index === 10) tell('ten seconds recorded');
}
