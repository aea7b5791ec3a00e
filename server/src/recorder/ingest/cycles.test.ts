// One camera that is lost again and again, in every way there is: nothing is left behind of the attempts.
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { afterEach, expect, it } from 'vitest';
import { measureHoldings } from '../../../../test/harness/holdings.js';
import { descendants } from '../../../../test/harness/processes.js';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor } from './ingest-supervisor.js';
import {
  Packetizer,
  scriptedServer,
  smallVideo,
  until,
  type Answer,
  type Peer,
  type Request,
} from './native/rtsp.test-harness.js';

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function sendVideo(peer: Peer): void {
  const packetizer = new Packetizer();
  for (const nals of smallVideo()) for (const packet of packetizer.picture(nals)) peer.send(0, packet);
}

type Way = (request: Request, peer: Peer) => Answer | undefined;

/** What ends an attempt. */
const ways: readonly Way[] = [
  ({ method }) => (method === 'DESCRIBE' ? { status: 404 } : undefined),
  ({ method }) => (method === 'DESCRIBE' ? { body: 'nonsense' } : undefined),
  ({ method }) =>
    method === 'DESCRIBE' ? { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' } } : undefined,
  ({ method }) => (method === 'SETUP' ? { status: 454 } : undefined),
  (_request, peer) => void peer.socket.resetAndDestroy(),
  ({ method }, peer) => {
    if (method === 'PLAY') setImmediate(() => (sendVideo(peer), peer.socket.end()));
    return undefined;
  },
];
/** ffmpeg waits for what comes after it. */
const goodbye: Way = ({ method }, peer) => {
  if (method === 'PLAY') setImmediate(() => (sendVideo(peer), peer.send(1, Buffer.from([0x80, 203, 0, 0]))));
  return undefined;
};

/** A camera that ends every connection, until as many as a test wants are over: the next one it leaves without an answer. */
async function loseAgainAndAgain(engine: 'native' | 'ffmpeg', endings: readonly Way[]) {
  let left = 0;
  let held: Peer | undefined;
  const wayOf = new WeakMap<Peer, Way>();
  const server = await scriptedServer((request, peer) => {
    if (!wayOf.has(peer)) {
      if (left === 0) {
        held = peer;
        return 'silence';
      }
      left -= 1;
      wayOf.set(peer, endings[left % endings.length]!);
    }
    return wayOf.get(peer)!(request, peer);
  });
  stops.push(() => server.close());
  const supervisor = createIngestSupervisor({
    rules: loopbackRules,
    // No pauses between attempts.
    clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(0, signal) },
    logger: silentLogger,
    stallSeconds: 60,
    startStaggerMs: 0,
    engines: [engine],
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
  });
  supervisor.setCameras([{ cameraId: 'c', enabled: true, mainUrl: server.url, username: 'u', password: 'p' }]);
  await supervisor.start();
  stops.push(() => supervisor.stop());
  return {
    reconnects: () => supervisor.runtime('c')!.reconnects,
    /** What this process holds while nothing but one more attempt is under way. */
    async after(attempts: number, atMostHandles: number) {
      left = attempts;
      held?.socket.destroy();
      held = undefined;
      await until(`${attempts} attempts`, () => held !== undefined, 90_000);
      server.requests.length = 0;
      server.peers.length = 0;
      let now = measureHoldings();
      // Sockets that said goodbye close within moments.
      await until('no more handles', () => (now = measureHoldings()).fileHandles <= atMostHandles);
      return now;
    },
  };
}

// Before ffmpeg is given an address the recorder asks there itself: at most two connections an attempt.
it.each([
  {
    engine: 'native',
    endings: [...ways, goodbye],
    warmUp: 70,
    attempts: 200,
    connections: 1,
    handles: 3,
    bytesEach: 4000,
  },
  { engine: 'ffmpeg', endings: ways, warmUp: 24, attempts: 72, connections: 2, handles: 6, bytesEach: 10_000 },
] as const)(
  '$engine: $attempts attempts leave no file handle, no memory and no process behind',
  async (given) => {
    const { engine, endings, warmUp, attempts, connections, handles, bytesEach } = given;
    smallVideo();
    const before = measureHoldings();
    const children = descendants(process.pid).length;
    const camera = await loseAgainAndAgain(engine, endings);
    const atMostHandles = before.fileHandles + handles;
    const warm = await camera.after(warmUp, atMostHandles);
    const now = await camera.after(attempts, atMostHandles);
    expect(camera.reconnects()).toBeGreaterThanOrEqual((warmUp + attempts) / connections);
    expect(now.heapBytes + now.bufferBytes - warm.heapBytes - warm.bufferBytes).toBeLessThan(attempts * bytesEach);
    expect(descendants(process.pid).length).toBeLessThanOrEqual(children + 1);
  },
  120_000,
);
