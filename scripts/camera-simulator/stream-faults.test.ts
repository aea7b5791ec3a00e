import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia, type MediaOptions } from './camera-media.js';
import { startSimulator, type SimulatedCamera, type Simulator } from './simulator.js';
import { RtspTestClient, until } from './testing/rtsp-client.js';

/** Many pictures and keyframes a second, so that nobody waits. */
const quickMedia: MediaOptions = {
  ...tinyMedia,
  main: { ...tinyMedia.main, framesPerSecond: 25, keyframeSeconds: 0.4, loopSeconds: 2 },
};

let simulator: Simulator;
const clients: RtspTestClient[] = [];

const cameraAt = (number: number): SimulatedCamera => {
  const camera = simulator.cameras[number - 1];
  if (!camera) throw new Error('no such camera');
  return camera;
};

async function open(camera: SimulatedCamera): Promise<RtspTestClient> {
  const client = await RtspTestClient.open(camera.rtspMainUrl, camera);
  clients.push(client);
  return client;
}

async function play(camera: SimulatedCamera): Promise<RtspTestClient> {
  const client = await open(camera);
  await client.play(camera.rtspMainUrl);
  return client;
}

/** Steps from each RTP packet's sequence number to the next. */
function sequenceSteps(client: RtspTestClient, channel = 0): number[] {
  const sequences = client.packets.filter((packet) => packet.channel === channel).map(({ sequence }) => sequence);
  return sequences
    .slice(1)
    .map((sequence, index) => ((sequence - (sequences[index] ?? 0) + 0x18000) & 0xffff) - 0x8000);
}

const ping = (client: RtspTestClient, camera: SimulatedCamera) =>
  client.request('GET_PARAMETER', camera.rtspMainUrl, { Session: client.session ?? '' });

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 4, media: quickMedia, network: '127.87.0.0' });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await simulator?.stop();
});

describe('connections', () => {
  it('half-open: what is connected hears nothing any more, for ever; what comes, while it holds', async () => {
    const camera = cameraAt(1);
    const client = await play(camera);
    await client.waitForUnits(2);
    await simulator.setFault(1, { kind: 'half-open' });
    const fresh = await open(camera);
    const received = client.receivedBytes;
    client.write(`OPTIONS ${camera.rtspMainUrl} RTSP/1.0\r\nCSeq: 90\r\n\r\n`);
    fresh.write(`OPTIONS ${camera.rtspMainUrl} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    const http = fetch(camera.deviceAddress, { signal: AbortSignal.timeout(600) });
    await expect(http).rejects.toThrow(/timeout/i);
    await simulator.clearFault(1);
    const later = await play(camera);
    await later.waitForUnits(3);
    expect([client.receivedBytes - received, fresh.receivedBytes]).toEqual([0, 0]);
    expect([client.closed, fresh.closed]).toEqual([undefined, undefined]);
    later.close();
  });

  it('half-open with new connections answered: only those of before are dead', async () => {
    const client = await play(cameraAt(1));
    await client.waitForUnits(2);
    await simulator.setFault(1, { kind: 'half-open', newConnections: 'answered' });
    const received = client.receivedBytes;
    const fresh = await play(cameraAt(1));
    await fresh.waitForUnits(3);
    expect([client.receivedBytes - received, client.closed]).toEqual([0, undefined]);
    await simulator.clearFault(1);
    fresh.close();
  });

  it('turned away: accepted, reset and counted', async () => {
    const before = simulator.load(2).attempts;
    const client = await play(cameraAt(2));
    await simulator.setFault(2, { kind: 'turned-away' });
    expect((await client.waitForClose()).error).toBe('ECONNRESET');
    // The reset may overtake what tells the client that it was connected.
    const refused = await open(cameraAt(2)).catch((error: NodeJS.ErrnoException) => error.code);
    if (refused instanceof RtspTestClient) expect((await refused.waitForClose()).error).toBe('ECONNRESET');
    else expect(refused).toBe('ECONNRESET');
    await expect(fetch(cameraAt(2).deviceAddress)).rejects.toThrow();
    await simulator.clearFault(2);
    expect(simulator.load(2).attempts - before).toBe(2);
  });

  it('closes after PLAY, at once or later', async () => {
    await simulator.setFault(2, { kind: 'close-after-play' });
    const client = await play(cameraAt(2));
    expect((await client.waitForClose()).error).toBeUndefined();
    expect(client.units.length).toBe(0);
    await simulator.setFault(2, { kind: 'close-after-play', afterMs: 1500 });
    const second = await play(cameraAt(2));
    await second.waitForClose();
    expect(second.units.length).toBeGreaterThan(2);
    await simulator.clearFault(2);
  });
});

describe('sessions', () => {
  it('nonces expire: a request in mid-session is refused as stale, and taken with the new nonce', async () => {
    const camera = cameraAt(3);
    const client = await play(camera);
    await simulator.setFault(3, { kind: 'nonce-expiry', seconds: 0.1 });
    const before = client.statuses.length;
    // The client answers a challenge by itself.
    await until(async () => {
      expect((await ping(client, camera)).status).toBe(200);
      return client.statuses.slice(before).includes(401);
    }, 'a refusal');
    expect(client.statuses.slice(-2)).toEqual([401, 200]);
    await simulator.clearFault(3);
    expect((await ping(client, camera)).status).toBe(200);
    expect(client.statuses.slice(-2)).toEqual([200, 200]);
    client.close();
  });

  it('end when nothing keeps them alive for as long as they say', async () => {
    const camera = cameraAt(3);
    await simulator.setFault(3, { kind: 'session-timeout', seconds: 1 });
    const [idle, kept] = [await play(camera), await play(camera)];
    expect(kept.lastReply?.headers.get('session')).toMatch(/;timeout=1$/);
    const keeping = setInterval(() => void ping(kept, camera).catch(() => undefined), 300);
    await idle.waitForClose().finally(() => clearInterval(keeping));
    expect(kept.closed).toBeUndefined();
    await simulator.clearFault(3);
    kept.close();
  });
});

describe('session descriptions', () => {
  it('without a clock rate', async () => {
    await simulator.setFault(4, { kind: 'no-clock-rate' });
    const client = await open(cameraAt(4));
    const { body } = await client.request('DESCRIBE', cameraAt(4).rtspMainUrl);
    expect(body).toMatch(/a=rtpmap:96 H264\r\n/);
    await simulator.clearFault(4);
    await client.waitForClose();
  });
});

describe('packets', () => {
  it.each([
    ['lost', { kind: 'packet-loss', share: 0.3 } as const, (steps: number[]) => steps.some((step) => step > 1)],
    [
      'reordered',
      { kind: 'packets-reordered', share: 0.4 } as const,
      (steps: number[]) => steps.some((step) => step < 0) && steps.reduce((sum, step) => sum + step, 0) > 20,
    ],
  ])('%s', async (_name, fault, holds) => {
    const client = await play(cameraAt(1));
    await client.waitForUnits(5);
    expect(sequenceSteps(client).every((step) => step === 1)).toBe(true);
    await simulator.setFault(1, fault);
    const at = client.packets.length;
    await until(() => client.packets.length > at + 40, 'packets');
    await simulator.clearFault(1);
    expect(holds(sequenceSteps(client).slice(at))).toBe(true);
    client.close();
  });

  it('of all numbers, some late, when reordered', async () => {
    await simulator.setFault(1, { kind: 'packets-reordered', share: 0.5 });
    const client = await play(cameraAt(1));
    await until(() => client.packets.length > 40, 'packets');
    await simulator.clearFault(1);
    const sequences = client.packets.map(({ sequence }) => sequence);
    const sorted = [...new Set(sequences)].sort((a, b) => ((a - b + 0x18000) & 0xffff) - 0x8000);
    expect(sorted.length).toBe(sequences.length);
    // The very last may still be held back.
    const missing = sorted.slice(1).filter((sequence, index) => ((sequence - (sorted[index] ?? 0)) & 0xffff) !== 1);
    expect(missing.length).toBeLessThanOrEqual(1);
    client.close();
  });

  it('on the wrong channels', async () => {
    await simulator.setFault(1, { kind: 'wrong-channels' });
    const client = await play(cameraAt(1));
    await until(() => new Set(client.packets.map(({ channel }) => channel)).size > 2, 'a strange channel');
    await simulator.clearFault(1);
    const channels = new Set(client.packets.map(({ channel }) => channel));
    expect(channels.has(1)).toBe(true);
    expect(sequenceSteps(client, 1).every((step) => step === 1)).toBe(true);
    expect(client.reports.length).toBe(1);
    client.close();
  });

  it('with garbage between them', async () => {
    await simulator.setFault(1, { kind: 'garbage', share: 0.3 });
    const client = await play(cameraAt(1));
    await until(() => client.packets.length > 40, 'packets');
    await simulator.clearFault(1);
    expect(client.strayBytes).toBeGreaterThan(0);
    expect(sequenceSteps(client).every((step) => step === 1)).toBe(true);
    client.close();
  });

  it('without markers, and without sender reports', async () => {
    await simulator.setFault(1, { kind: 'no-markers' });
    await simulator.setFault(1, { kind: 'no-sender-reports' });
    const client = await play(cameraAt(1));
    await until(() => client.packets.length > 20, 'packets');
    expect([client.packets.some(({ marker }) => marker), client.reports.length]).toEqual([false, 0]);
    await simulator.clearFault(1);
    await client.waitForUnits(2);
    await until(() => client.reports.length === 1, 'a report');
    client.close();
  });

  it('of pictures that all need another', async () => {
    await simulator.setFault(1, { kind: 'no-keyframes' });
    const client = await play(cameraAt(1));
    const units = await client.waitForUnits(15);
    expect(units.some(({ keyframe }) => keyframe)).toBe(false);
    expect(sequenceSteps(client).every((step) => step === 1)).toBe(true);
    await simulator.clearFault(1);
    await until(() => client.units.some(({ keyframe }) => keyframe), 'a keyframe');
    client.close();
  });

  it('whose time jumps by an hour, and back', async () => {
    const client = await play(cameraAt(1));
    await client.waitForUnits(3);
    await simulator.setFault(1, { kind: 'timestamp-jump' });
    await client.waitForUnits(client.units.length + 3);
    await simulator.clearFault(1);
    await client.waitForUnits(client.units.length + 3);
    const times = client.units.map(({ timestamp }) => timestamp);
    const steps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) | 0);
    const hour = 3600 * 90_000;
    expect(steps.filter((step) => step !== 3600)).toEqual([hour + 3600, -hour + 3600]);
    client.close();
  });

  it('whose time runs 20 % fast for a while, without a jump', async () => {
    const client = await play(cameraAt(1));
    await client.waitForUnits(3);
    await simulator.setFault(1, { kind: 'clock-rate', factor: 1.2 });
    await client.waitForUnits(client.units.length + 4);
    await simulator.clearFault(1);
    await client.waitForUnits(client.units.length + 3);
    const times = client.units.map(({ timestamp }) => timestamp);
    const steps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) | 0);
    expect(new Set(steps)).toEqual(new Set([3600, 4320]));
    client.close();
  });

  it('in bursts: what waited comes whole, in order and with its own time', async () => {
    const client = await play(cameraAt(1));
    await simulator.setFault(1, { kind: 'bursts', everyMs: 400 });
    const from = client.units.length;
    await client.waitForUnits(from + 3);
    // Ten pictures of 40 ms and the one that ends the wait.
    expect(client.units.length - from).toBeGreaterThanOrEqual(10);
    await simulator.clearFault(1);
    await client.waitForUnits(client.units.length + 3);
    const times = client.units.map(({ timestamp }) => timestamp);
    expect(times.slice(1).every((time, index) => ((time - (times[index] ?? 0)) | 0) === 3600)).toBe(true);
    client.close();
  });

  it('with sender reports of whole seconds', async () => {
    await simulator.setFault(1, { kind: 'coarse-reports' });
    const client = await play(cameraAt(1));
    await until(() => client.reports.length > 0, 'a report');
    await client.waitForUnits(2);
    const [report] = client.reports;
    const stamp = client.units[report?.afterUnits ?? 0]?.stamp;
    expect(report?.utcMs).toBe(Math.floor((stamp?.utcMs ?? 0) / 1000) * 1000);
    await simulator.clearFault(1);
    client.close();
  });
});
