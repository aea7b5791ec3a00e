import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CameraKindInput } from './camera-kind.js';
import { tinyMedia } from './camera-media.js';
import { findFrameStamp } from './sei.js';
import { startSimulator, type SimulatedCamera, type Simulator } from './simulator.js';
import { RtspTestClient, until } from './testing/rtsp-client.js';

const kinds = {
  1: { codec: 'h265', subCodec: 'h264' },
  2: { codec: 'mjpeg' },
  3: { codec: 'mpeg4' },
  4: { transport: 'udp-461' },
  5: { transport: 'udp-400', audio: 'aac' },
  6: { authentication: 'basic' },
  7: { authentication: 'digest-sha256' },
  8: { redirects: true, controlUrls: 'absolute' },
  9: { controlUrls: 'aggregate', audio: 'aac' },
  10: { controlUrls: 'no-base', audio: 'pcma', codec: 'h265', subCodec: 'h265' },
  11: { authentication: 'none', keepAlive: 'options' },
  12: { authentication: 'digest-both', keepAlive: 'set-parameter' },
  13: {},
} as const satisfies Record<number, CameraKindInput>;

let simulator: Simulator;
const clients: RtspTestClient[] = [];

const cameraAt = (number: number): SimulatedCamera => {
  const camera = simulator.cameras[number - 1];
  if (!camera) throw new Error('no such camera');
  return camera;
};

async function open(camera: SimulatedCamera, { anonymous = false } = {}): Promise<RtspTestClient> {
  const client = await RtspTestClient.open(camera.rtspMainUrl, anonymous ? undefined : camera);
  clients.push(client);
  return client;
}

/** Pulls two seconds with ffmpeg: the bytes of what `output` makes of them, and what it says. */
function pull(url: string, account: SimulatedCamera, transport: 'tcp' | 'udp', output: string[]) {
  const address = url.replace('rtsp://', `rtsp://${account.username}:${account.password}@`);
  const input = ['-rtsp_transport', transport, '-analyzeduration', '1500000', '-i', address, '-t', '2'];
  return new Promise<{ output: Buffer; complaint: string }>((resolve, reject) => {
    const child = spawn('ffmpeg', ['-v', 'warning', '-nostdin', ...input, ...output, 'pipe:1'], { timeout: 25_000 });
    const chunks: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve({ output: Buffer.concat(chunks), complaint }));
  });
}

const decoded = (output: Buffer) =>
  output
    .toString()
    .split('\n')
    .filter((line) => /^0,/.test(line));

/** Frame counters of the stamps in a byte stream, in order. */
function countersIn(stream: Buffer): number[] {
  const starts: number[] = [];
  for (let at = stream.indexOf('\0\0\x01', 0, 'latin1'); at !== -1; at = stream.indexOf('\0\0\x01', at + 3, 'latin1')) {
    starts.push(at);
  }
  return starts.flatMap((start, index) => {
    const stamp = findFrameStamp(stream.subarray(start + 3, starts[index + 1]));
    return stamp ? [Number(stamp.frameCounter)] : [];
  });
}

function expectNoneMissing(counters: number[]): void {
  expect(counters.length).toBeGreaterThan(8);
  expect(counters).toEqual(counters.map((_, index) => (counters[0] ?? 0) + index));
}

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 13, media: tinyMedia, network: '127.88.0.0', kinds });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await simulator?.stop();
});

describe.concurrent('codecs', () => {
  it.each([
    ['H.265', 1, 'tcp', 'hevc'],
    ['H.265 without Content-Base, with G.711', 10, 'tcp', 'hevc'],
    ['MPEG-4', 3, 'tcp', 'm4v'],
    ['H.264 over UDP', 4, 'udp', 'h264'],
    ['H.264 over UDP with AAC', 5, 'udp', 'h264'],
  ] as const)('%s: every picture stamped, none missing', async (_name, number, transport, format) => {
    const camera = cameraAt(number);
    const copy = ['-map', '0:v', '-c', 'copy', '-f', format];
    const { output } = await pull(camera.rtspMainUrl, camera, transport, copy);
    expectNoneMissing(countersIn(output));
  });

  it.each([
    ['H.265', 1],
    ['MJPEG', 2],
    ['MPEG-4', 3],
  ])('%s decodes without complaint', async (_name, number) => {
    const camera = cameraAt(number);
    const { output, complaint } = await pull(camera.rtspMainUrl, camera, 'tcp', ['-f', 'framemd5']);
    // MPEG-4 carries no time of its own, and ffmpeg warns of what it guesses from RTP.
    if (number !== 3) expect(complaint).toBe('');
    expect(complaint).not.toMatch(/error|corrupt|damaged|concealing/i);
    const sums = decoded(output).map((line) => line.split(',').at(-1));
    expect(sums.length).toBeGreaterThan(10);
    expect(new Set(sums).size).toBeGreaterThan(sums.length / 2);
  });

  it('the sub-stream of an H.265 camera is H.264, or H.265 where it has nothing else', async () => {
    for (const [number, name] of [
      [1, 'H264'],
      [10, 'H265'],
    ] as const) {
      const client = await open(cameraAt(number));
      expect((await client.request('DESCRIBE', cameraAt(number).rtspSubUrl)).body).toContain(`${name}/90000`);
    }
  });
});

describe.concurrent('sound', () => {
  it('AAC decodes, in a stream with pictures', async () => {
    const camera = cameraAt(9);
    const { output, complaint } = await pull(camera.rtspMainUrl, camera, 'tcp', ['-map', '0:a', '-f', 'framemd5']);
    expect(complaint).toBe('');
    expect(decoded(output).length).toBeGreaterThan(20);
  });

  it('agrees with the pictures in time by their sender reports', async () => {
    const camera = cameraAt(9);
    const client = await open(camera);
    const played = await client.play(camera.rtspMainUrl);
    await client.waitForUnits(8);
    await until(() => client.audioReports.length > 0, 'a report of the sound');
    const sound = client.packets.filter(({ channel }) => channel === 2);
    const report = client.audioReports[0];
    const newest = sound.at(-1);
    const ticks = ((newest?.timestamp ?? 0) - (report?.rtpTimestamp ?? 0)) | 0;
    const soundUtcMs = (report?.utcMs ?? 0) + ticks / 16;
    // A unit leaves when it has been captured whole, 64 ms after its instant.
    expect(Math.abs(soundUtcMs + 64 - (client.units.at(-1)?.stamp?.utcMs ?? 0))).toBeLessThan(250);
    sound.slice(1).forEach(({ timestamp, sequence, payload }, index) => {
      expect(timestamp - (sound[index]?.timestamp ?? 0)).toBe(1024);
      expect((sequence - (sound[index]?.sequence ?? 0)) & 0xffff).toBe(1);
      expect(payload.readUInt16BE(0)).toBe(16);
      expect(payload.readUInt16BE(2) >> 3).toBe(payload.length - 4);
    });
    expect(played.headers.get('rtp-info')).toMatch(/url=.*trackID=1;seq=\d+;rtptime=\d+,url=.*trackID=2;seq=/);
    client.close();
  });
});

describe.concurrent('servers', () => {
  it.each([
    [4, 461],
    [5, 400],
  ])('camera %i answers %i to TCP', async (number, status) => {
    const client = await open(cameraAt(number));
    await expect(client.play(cameraAt(number).rtspMainUrl)).rejects.toThrow(`SETUP: ${status}`);
    client.close();
  });

  it.each([7, 9, 11, 12])('camera %i plays for a client that follows the RFCs', async (number) => {
    const client = await open(cameraAt(number));
    await client.play(cameraAt(number).rtspMainUrl);
    const counters = (await client.waitForUnits(15)).map(({ stamp }) => Number(stamp?.frameCounter));
    // With B-frames the last ones may lack what is shown before them.
    expectNoneMissing(counters.sort((a, b) => a - b).slice(0, -2));
    client.close();
  });

  it.each([6, 8])('camera %i plays for ffmpeg', async (number) => {
    const camera = cameraAt(number);
    const { output } = await pull(camera.rtspMainUrl, camera, 'tcp', ['-c', 'copy', '-f', 'h264']);
    expectNoneMissing(countersIn(output).sort((a, b) => a - b));
  });

  it.each([
    [6, ['Basic']],
    [7, ['Digest SHA-256']],
    [12, ['Digest SHA-256', 'Digest MD5']],
  ])('camera %i asks for %s', async (number, ways) => {
    const client = await open(cameraAt(number), { anonymous: true });
    const { challenges } = await client.request('DESCRIBE', cameraAt(number).rtspMainUrl);
    const named = challenges.map((challenge) =>
      [/^\w+/.exec(challenge)?.[0], /algorithm=([\w-]+)/.exec(challenge)?.[1]].filter(Boolean).join(' '),
    );
    expect(named).toEqual(ways);
    client.close();
  });

  it.each([
    [11, 'GET_PARAMETER', 501],
    [11, 'SET_PARAMETER', 501],
    [12, 'GET_PARAMETER', 501],
    [12, 'SET_PARAMETER', 200],
  ])('camera %i answers %s with %i, as Public says', async (number, method, status) => {
    const client = await open(cameraAt(number));
    const { headers } = await client.request('OPTIONS', cameraAt(number).rtspMainUrl);
    expect(headers.get('public')?.split(', ').includes(method)).toBe(status === 200);
    expect((await client.request(method, cameraAt(number).rtspMainUrl)).status).toBe(status);
    client.close();
  });

  it('redirects to another port', async () => {
    const client = await open(cameraAt(8));
    const reply = await client.request('DESCRIBE', cameraAt(8).rtspMainUrl);
    expect(reply.status).toBe(302);
    expect(new URL(reply.headers.get('location') ?? '').port).not.toBe(String(cameraAt(8).rtspPort));
    client.close();
  });

  it('takes only aggregate control where it says so', async () => {
    const camera = cameraAt(9);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    const again = await client.request('PLAY', camera.rtspMainUrl, { Session: client.session ?? '' });
    expect(again.status).toBe(460);
    client.close();
  });
});

describe('control', () => {
  const change = (body: unknown) =>
    fetch(`${simulator.control.url}/cameras/13/kind`, { method: 'PUT', body: JSON.stringify(body) });

  it('makes another camera of it, throws out who is connected, and back', async () => {
    const camera = cameraAt(13);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    await client.waitForUnits(2);
    expect((await change({ codec: 'h265', audio: 'aac' })).status).toBe(200);
    await client.waitForClose();
    expect(cameraAt(13).kind).toMatchObject({ codec: 'h265', audio: 'aac', subCodec: 'h264' });
    const other = await open(camera);
    const { body } = await other.request('DESCRIBE', camera.rtspMainUrl);
    expect(body).toMatch(/H265\/90000[\s\S]*mpeg4-generic\/16000\/1/);
    expect((await change({ codec: 'h264', audio: 'none' })).status).toBe(200);
    const third = await open(camera);
    await third.play(camera.rtspMainUrl);
    await third.waitForUnits(2);
    expect((await change({ codec: 'h266' })).status).toBe(400);
  });

  it('sums the load', async () => {
    const load = (await (await fetch(`${simulator.control.url}/load`)).json()) as Record<string, number>;
    expect(load.attempts).toBeGreaterThan(20);
  });
});
