// A recorder of one camera with sound, in a process of its own, for the test that kills it: tells each fragment that
// was stored. The camera comes from the environment: {url, username, password}.
import { loopbackRules } from '../lib/loopback.test-harness.js';
import { systemClock } from '../lib/clock.js';
import type { Fragment } from '../lib/fragment.js';
import { silentLogger } from '../lib/logger.js';
import { createFootageStore } from './footage/footage-store.js';
import { createIngestSupervisor } from './ingest/ingest-supervisor.js';

const directory = process.argv[2]!;
const { url, username, password } = JSON.parse(process.env['CAMERA']!) as Record<string, string>;
const store = createFootageStore({
  directory,
  clock: systemClock,
  logger: silentLogger,
  fileSeconds: 600,
  syncSeconds: 5,
});
await store.start();
const ingest = createIngestSupervisor({
  rules: loopbackRules,
  footage: {
    append: async (cameraId: string, fragment: Fragment) => {
      await store.append(cameraId, fragment);
      process.stdout.write(`${fragment.startAtMs}\n`);
    },
    closeCamera: (cameraId) => store.closeCamera(cameraId),
  },
  clock: systemClock,
  logger: silentLogger,
  stallSeconds: 10,
  startStaggerMs: 0,
});
ingest.setCameras([
  { cameraId: 'cam', enabled: true, mainUrl: url!, username: username!, password: password!, audio: true },
]);
await ingest.start();
