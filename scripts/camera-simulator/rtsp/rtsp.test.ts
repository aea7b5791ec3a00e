import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from '../camera-media.js';
import { splitNals } from '../h264/annex-b.js';
import { findFrameStamp } from '../sei.js';
import { startSimulator, type SimulatedCamera, type Simulator } from '../simulator.js';
import { digestHeader } from '../testing/onvif-client.js';
import { RtspTestClient } from '../testing/rtsp-client.js';

/** By the catalogue of scenes: keyframes every second, B-frames, and (with `longGroups`) every 10 s and once a minute. */
const plain = 1;
const withBFrames = 3;
const longGop = 6;
const smartCodec = 8;

let simulator: Simulator;
let longGroups: Simulator;
const clients: RtspTestClient[] = [];

const cameraOf = (source: Simulator, number: number): SimulatedCamera => {
  const camera = source.cameras[number - 1];
  if (!camera) throw new Error('no such camera');
  return camera;
};

async function open(camera: SimulatedCamera, password = camera.password): Promise<RtspTestClient> {
  const client = await RtspTestClient.open(camera.rtspMainUrl, { username: camera.username, password });
  clients.push(client);
  return client;
}

/** Copies a stream for some seconds with ffmpeg and returns Annex B and what the decoder says of it. */
async function copyWithFfmpeg(url: string, seconds: number): Promise<{ stream: Buffer; complaint: string }> {
  const copy = await run([
    '-rtsp_transport',
    'tcp',
    '-i',
    url,
    '-t',
    String(seconds),
    '-c',
    'copy',
    '-f',
    'h264',
    'pipe:1',
  ]);
  const decoded = await run(['-f', 'h264', '-i', 'pipe:0', '-f', 'null', '-'], copy.output);
  return { stream: copy.output, complaint: decoded.complaint };
}

function run(parameters: string[], input?: Buffer): Promise<{ output: Buffer; complaint: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-v', 'warning', '-nostats', ...parameters], { timeout: 25_000 });
    const output: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve({ output: Buffer.concat(output), complaint }));
    child.stdin.on('error', () => undefined); // the decoder may leave before it has read all
    child.stdin.end(input);
  });
}

const withPassword = (url: string, { username, password }: { username: string; password: string }) =>
  url.replace('rtsp://', `rtsp://${username}:${password}@`);

beforeAll(async () => {
  const { main, sub } = tinyMedia;
  const { keyframeSeconds: _, loopSeconds: __, ...size } = main ?? {};
  simulator = await startSimulator({ cameras: 7, media: tinyMedia, network: '127.82.0.0' });
  longGroups = await startSimulator({
    cameras: 8,
    media: { main: size, ...(sub ? { sub } : {}) },
    network: '127.82.1.0',
    sessionTimeoutSeconds: 1,
    maxQueueBytes: 20_000,
  });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all([simulator?.stop(), longGroups?.stop()]);
});

describe('a stream, copied by ffmpeg', () => {
  it.each([
    ['plain', () => cameraOf(simulator, plain).rtspMainUrl, plain],
    ['with B-frames', () => cameraOf(simulator, withBFrames).rtspMainUrl, withBFrames],
    ['the sub-stream', () => cameraOf(simulator, plain).rtspSubUrl, plain],
    ['another password', () => cameraOf(simulator, 7).rtspMainUrl, 7],
  ])('%s: no frame is missing and all decode', async (_name, url, number) => {
    const { stream, complaint } = await copyWithFfmpeg(withPassword(url(), cameraOf(simulator, number)), 3);
    expect(complaint).toBe('');
    const stamps = splitNals(stream).flatMap((nal) => findFrameStamp(nal) ?? []);
    expect(stamps.length).toBeGreaterThan(12);
    expect(new Set(stamps.map((stamp) => stamp.cameraNumber))).toEqual(new Set([number]));
    const counters = stamps.map((stamp) => Number(stamp.frameCounter)).sort((a, b) => a - b);
    const gaps = counters.slice(1).filter((counter, index) => counter !== (counters[index] ?? 0) + 1);
    // A copy may end between a picture and the B-frames that are shown before it.
    expect(gaps.length).toBeLessThanOrEqual(number === withBFrames ? 1 : 0);
  });

  it('refuses a wrong password', async () => {
    const camera = cameraOf(simulator, plain);
    const url = withPassword(camera.rtspMainUrl, { username: camera.username, password: 'wrong' });
    const { output, complaint } = await run([
      '-rtsp_transport',
      'tcp',
      '-i',
      url,
      '-c',
      'copy',
      '-f',
      'h264',
      'pipe:1',
    ]);
    expect(complaint).toContain('401');
    expect(output.length).toBe(0);
  });
});

describe('timing', () => {
  it('stamps pictures in capture order with the true time at which they left', async () => {
    const client = await open(cameraOf(simulator, plain));
    await client.play(cameraOf(simulator, plain).rtspMainUrl);
    const units = await client.waitForUnits(15);
    const lastUtcMs = units.at(-1)?.stamp?.utcMs ?? 0;
    expect(Math.abs(Date.now() - lastUtcMs)).toBeLessThan(1500);
    const first = units[0]?.stamp;
    units.forEach(({ stamp }, index) => {
      expect(Number(stamp?.frameCounter)).toBe(Number(first?.frameCounter) + index);
      expect(Math.abs((stamp?.utcMs ?? 0) - ((first?.utcMs ?? 0) + index * 100))).toBeLessThanOrEqual(1);
    });
    expect(units[0]?.keyframe).toBe(true);
    client.close();
  });

  it.each([plain, withBFrames])(
    'maps RTP time to UTC by a sender report before the first picture (camera %i)',
    async (number) => {
      const client = await open(cameraOf(simulator, number));
      const played = await client.play(cameraOf(simulator, number).rtspMainUrl);
      const units = await client.waitForUnits(12);
      const report = client.reports[0];
      expect(report?.afterUnits).toBe(0);
      for (const { stamp, timestamp } of units) {
        const elapsedTicks = (timestamp - (report?.rtpTimestamp ?? 0)) | 0;
        expect(Math.abs((report?.utcMs ?? 0) + elapsedTicks / 90 - (stamp?.utcMs ?? 0))).toBeLessThanOrEqual(1);
      }
      const info = played.headers.get('rtp-info') ?? '';
      expect(info).toContain(`seq=${client.sequences[0]};rtptime=${units[0]?.timestamp}`);
      client.sequences.forEach((sequence, index) => {
        expect(sequence).toBe(((client.sequences[0] ?? 0) + index) & 0xffff);
      });
      client.close();
    },
  );

  it('sends B-frames in decoding order', async () => {
    const client = await open(cameraOf(simulator, withBFrames));
    await client.play(cameraOf(simulator, withBFrames).rtspMainUrl);
    const units = await client.waitForUnits(7);
    const base = Number(units[0]?.stamp?.frameCounter);
    expect(units.map(({ stamp }) => Number(stamp?.frameCounter) - base)).toEqual([0, 3, 1, 2, 6, 4, 5]);
    client.close();
  });

  it('goes on counting while nobody looks', async () => {
    const camera = cameraOf(simulator, plain);
    const stampsOf = async () => {
      const client = await open(camera);
      await client.play(camera.rtspMainUrl);
      const [unit] = await client.waitForUnits(1);
      client.close();
      return unit?.stamp;
    };
    const first = await stampsOf();
    const second = await stampsOf();
    const elapsedFrames = Math.round(((second?.utcMs ?? 0) - (first?.utcMs ?? 0)) / 100);
    expect(Number(second?.frameCounter) - Number(first?.frameCounter)).toBe(elapsedFrames);
    expect(elapsedFrames).toBeGreaterThan(0);
  });
});

describe('groups of pictures', () => {
  it('a long one is entered in the middle', async () => {
    const camera = cameraOf(longGroups, longGop);
    const client = await open(camera);
    const started = Date.now();
    await client.play(camera.rtspMainUrl);
    await client.waitForUnits(1);
    expect(Date.now() - started).toBeLessThan(1500);
    client.close();
  });

  it('a smart codec sends a keyframe to whoever comes, and then none', async () => {
    const camera = cameraOf(longGroups, smartCodec);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    const keepAlive = setInterval(() => client.write('OPTIONS * RTSP/1.0\r\nCSeq: 99\r\n\r\n'), 300);
    const units = await client.waitForUnits(30).finally(() => clearInterval(keepAlive));
    expect(units.map((unit) => unit.keyframe)).toEqual([true, ...Array.from({ length: 29 }, () => false)]);
    client.close();
  });
});

describe('RTSP', () => {
  it('answers OPTIONS without a password and DESCRIBE not', async () => {
    const camera = cameraOf(simulator, plain);
    const client = await RtspTestClient.open(camera.rtspMainUrl);
    clients.push(client);
    const options = await client.request('OPTIONS', camera.rtspMainUrl);
    expect(options.headers.get('public')).toBe(
      'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER',
    );
    const describe = await client.request('DESCRIBE', camera.rtspMainUrl);
    expect(describe.status).toBe(401);
    expect(describe.headers.get('www-authenticate')).toMatch(/^Digest realm="IP Camera\(\w+\)", nonce="\w{32}"/);
    client.close();
  });

  it('takes a SETUP that is signed with the address of the session, no other one, and no other method', async () => {
    const camera = cameraOf(simulator, plain);
    const { rtspMainUrl: url, username, password } = camera;
    const client = await RtspTestClient.open(url);
    clients.push(client);
    const challenge = (await client.request('DESCRIBE', url)).challenges[0]!;
    const signed = (method: string, uri: string, signedUri: string) =>
      client.request(method, uri, {
        Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
        Authorization: digestHeader(challenge, method, signedUri, { username, password }),
      });
    expect((await signed('SETUP', `${url}/trackID=1`, `${url}x`)).status).toBe(401);
    expect((await signed('DESCRIBE', `${url}/trackID=1`, url)).status).toBe(401);
    expect((await signed('SETUP', `${url}/trackID=1`, `${url}/`)).status).toBe(200);
    client.close();
  });

  it('describes H.264 with its parameter sets', async () => {
    const camera = cameraOf(simulator, plain);
    const client = await open(camera);
    const { body } = await client.request('DESCRIBE', camera.rtspMainUrl);
    expect(body).toContain('m=video 0 RTP/AVP 96\r\n');
    expect(body).toMatch(
      /a=fmtp:96 packetization-mode=1;profile-level-id=42[0-9A-F]{4};sprop-parameter-sets=Z\S+,aM\S+\r\n/,
    );
    client.close();
  });

  it('refuses what it cannot do, each with its own status', async () => {
    const camera = cameraOf(simulator, plain);
    const url = camera.rtspMainUrl;
    const client = await open(camera);
    const status = async (...request: Parameters<RtspTestClient['request']>) =>
      (await client.request(...request)).status;
    expect(await status('DESCRIBE', `rtsp://${camera.host}:${camera.rtspPort}/nothing`)).toBe(404);
    expect(await status('SETUP', `${url}/trackID=1`, { Transport: 'RTP/AVP;unicast;client_port=5000-5001' })).toBe(461);
    expect(await status('PLAY', url, { Session: 'unknown' })).toBe(454);
    expect(await status('PLAY', url)).toBe(454);
    expect(await status('RECORD', url)).toBe(501);
    expect(await status('OPTIONS', url, { Require: 'onvif-replay' })).toBe(551);
    const both = 'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-5';
    const setUp = await client.request('SETUP', `${url}/trackID=1`, { Transport: both });
    expect(setUp.headers.get('transport')).toContain('interleaved=4-5');
    expect(await status('SETUP', `${url}/trackID=1`, { Transport: both })).toBe(455);
    client.close();
  });

  it('pauses, plays on, keeps alive and tears down', async () => {
    const camera = cameraOf(simulator, plain);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    await client.waitForUnits(2);
    const session = { Session: client.session ?? '' };
    expect((await client.request('GET_PARAMETER', camera.rtspMainUrl, session)).headers.get('session')).toContain(
      'timeout=60',
    );
    expect((await client.request('SET_PARAMETER', camera.rtspMainUrl, session)).status).toBe(200);
    expect((await client.request('PAUSE', camera.rtspMainUrl, session)).status).toBe(200);
    const paused = client.units.length;
    await client.request('GET_PARAMETER', camera.rtspMainUrl, session);
    expect(client.units.length).toBe(paused);
    expect(simulator.load(plain).mainReceivers).toBe(0);
    expect((await client.request('PLAY', camera.rtspMainUrl, session)).status).toBe(200);
    await client.waitForUnits(paused + 2);
    expect((await client.request('TEARDOWN', camera.rtspMainUrl, session)).status).toBe(200);
    await client.waitForClose();
    expect(simulator.load(plain)).toMatchObject({ connections: 0, mainReceivers: 0, subReceivers: 0 });
  });

  it('takes receiver reports between requests, and closes on what is no RTSP', async () => {
    const camera = cameraOf(simulator, plain);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    client.write(Buffer.concat([Buffer.of(0x24, 1, 0, 8), Buffer.alloc(8, 0x81)]));
    expect((await client.request('GET_PARAMETER', camera.rtspMainUrl, { Session: client.session ?? '' })).status).toBe(
      200,
    );
    client.write('this is not RTSP\r\n\r\n');
    await client.waitForClose();
  });

  it('ends a session that is idle for its timeout', async () => {
    const camera = cameraOf(longGroups, plain);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    await client.waitForClose();
    expect(longGroups.load(plain).mainReceivers).toBe(0);
  });

  it('drops a receiver that does not read', async () => {
    const camera = cameraOf(longGroups, 2);
    const client = await open(camera);
    await client.play(camera.rtspMainUrl);
    client.pauseReading();
    const end = Date.now() + 20_000;
    // The idle timeout must not be what ends it.
    while (longGroups.load(2).connections > 0 && Date.now() < end) {
      client.write('OPTIONS * RTSP/1.0\r\nCSeq: 99\r\n\r\n'.repeat(200));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(longGroups.load(2).connections).toBe(0);
  });
});
