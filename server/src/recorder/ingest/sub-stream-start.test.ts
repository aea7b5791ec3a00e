// A stream that is pulled for a viewer alone begins as soon as it can; one that is recorded as it always does.
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import type { Fragment, StreamName } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor } from './ingest-supervisor.js';
import { Packetizer, scriptedServer, smallVideo, until } from './native/rtsp.test-harness.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The first fragment of a camera's stream, watched with low latency or not, and the keyframes that were asked for. */
async function begin(stream: StreamName, watched: boolean) {
  const server = await scriptedServer(({ method }, peer) => {
    if (method === 'PLAY')
      setImmediate(() => {
        const packets = new Packetizer();
        for (const nals of smallVideo()) for (const packet of packets.picture(nals)) peer.send(0, packet);
      });
    return undefined;
  });
  stops.push(() => server.close());
  const asked: StreamName[] = [];
  const fragments: Fragment[] = [];
  const supervisor = createIngestSupervisor({
    rules: loopbackRules,
    clock: systemClock,
    logger: silentLogger,
    stallSeconds: 15,
    startStaggerMs: 0,
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
    engines: ['native'],
    askForKeyframe: (_cameraId, name) => {
      asked.push(name);
      return Promise.resolve();
    },
  });
  supervisor.subscribe('c', stream, (fragment) => fragments.push(fragment));
  if (watched) supervisor.subscribeParts('c', stream, () => undefined);
  const urls = {
    mainUrl: stream === 'main' ? server.url : undefined,
    subUrl: stream === 'sub' ? server.url : undefined,
  };
  supervisor.setCameras([{ cameraId: 'c', enabled: true, ...urls, username: 'u', password: 'p' }]);
  await supervisor.start();
  stops.push(() => supervisor.stop());
  if (stream === 'sub') stops.push(supervisor.acquire('c', 'sub'));
  await until('a fragment', () => fragments.length > 0);
  return { asked, firstMs: fragments[0]!.durationMs };
}

it.each([
  ['in focus', true],
  ['on a wall', false],
])('a sub-stream %s: a keyframe is asked for at once, its first fragment is short', async (_name, watched) => {
  const { asked, firstMs } = await begin('sub', watched);
  expect(asked).toEqual(['sub']);
  expect(firstMs).toBeLessThan(500);
});

it('a recorded stream: nothing is asked of the camera, fragments are what they always are', async () => {
  const { asked, firstMs } = await begin('main', true);
  expect(asked).toEqual([]);
  expect(firstMs).toBeGreaterThan(900);
});
