import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from './camera-media.js';
import { faultSchema, type FaultInput } from './faults.js';
import { startSimulator, type SimulatedCamera, type Simulator } from './simulator.js';
import { callOnvif, type OnvifCall } from './testing/onvif-client.js';
import { RtspTestClient, until, type ReceivedUnit } from './testing/rtsp-client.js';

let simulator: Simulator;
const clients: RtspTestClient[] = [];

const cameraAt = (number: number): SimulatedCamera => {
  const camera = simulator.cameras[number - 1];
  if (!camera) throw new Error('no such camera');
  return camera;
};

async function play(camera: SimulatedCamera, account: { username: string; password: string } = camera) {
  const client = await RtspTestClient.open(camera.rtspMainUrl, account);
  clients.push(client);
  await client.play(camera.rtspMainUrl);
  await client.waitForUnits(2);
  return client;
}

const systemTime = (camera: SimulatedCamera): Promise<{ status: number; text: string }> =>
  callOnvif({ url: camera.deviceAddress, service: 'tds', operation: 'GetSystemDateAndTime' });

const countersOf = (units: ReceivedUnit[]) => units.map(({ stamp }) => Number(stamp?.frameCounter));

/** At the end a picture may be there before the two B-frames that are shown before it. */
function expectNoneMissing(units: ReceivedUnit[]): void {
  const counters = countersOf(units)
    .sort((a, b) => a - b)
    .slice(0, -2);
  expect(counters).toEqual(counters.map((_, index) => (counters[0] ?? 0) + index));
}

/** What a decoder makes of a stream: a line a picture with its size and checksum. */
function decode(stream: Buffer): Promise<{ lines: string[]; complaint: string }> {
  return new Promise((resolve, reject) => {
    const parameters = ['-v', 'warning', '-f', 'h264', '-i', 'pipe:0', '-autoscale', '0', '-f', 'framemd5', 'pipe:1'];
    const child = spawn('ffmpeg', parameters, { timeout: 20_000 });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => {
      const lines = output.split('\n').filter((line) => /^\d/.test(line));
      resolve({ lines: lines.map((line) => line.split(',').slice(4).join().trim()), complaint });
    });
    child.stdin.end(stream);
  });
}

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 4, media: tinyMedia, network: '127.85.0.0' });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await simulator?.stop();
});

describe('off', () => {
  it('breaks what is connected, refuses what comes, and returns at the same address', async () => {
    const camera = cameraAt(1);
    const client = await play(camera);
    await simulator.setFault(1, { kind: 'off' });
    await client.waitForClose();
    for (const port of [camera.httpPort, camera.rtspPort]) {
      const refusal = await new Promise<string | undefined>((resolve) => {
        const socket = connect(port, camera.host);
        socket.once('connect', () => resolve('connected'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      expect(refusal).toBe('ECONNREFUSED');
    }
    await simulator.clearFault(1);
    expect((await systemTime(camera)).status).toBe(200);
    const later = await play(camera);
    expect(countersOf(later.units)[0]).toBeGreaterThan(countersOf(client.units).at(-1) ?? 0);
    later.close();
  });
});

describe('hang', () => {
  it('accepts and sends nothing, also on streams that run, until it ends', async () => {
    const camera = cameraAt(2);
    const client = await play(camera);
    await simulator.setFault(2, { kind: 'hang' });
    const received = client.receivedBytes;
    const fresh = await RtspTestClient.open(camera.rtspMainUrl, camera);
    clients.push(fresh);
    fresh.write(`OPTIONS ${camera.rtspMainUrl} RTSP/1.0\r\nCSeq: 1\r\n\r\n`);
    const http = fetch(camera.deviceAddress, { signal: AbortSignal.timeout(800) });
    await expect(http).rejects.toThrow(/timeout/i);
    expect([client.receivedBytes - received, fresh.receivedBytes]).toEqual([0, 0]);
    expect([client.closed, fresh.closed]).toEqual([undefined, undefined]);
    await simulator.clearFault(2);
    const before = client.units.length;
    await client.waitForUnits(before + 2);
    const counters = countersOf(client.units);
    expect((counters[before] ?? 0) - (counters[before - 1] ?? 0)).toBeGreaterThan(5);
    expect((await systemTime(camera)).status).toBe(200);
    client.close();
  });
});

describe('new password', () => {
  it('throws everybody out and takes only the new one', async () => {
    const camera = cameraAt(3);
    const old = { username: camera.username, password: camera.password };
    const client = await play(camera);
    await simulator.setFault(3, { kind: 'new-password', password: 'khac-123' });
    await client.waitForClose();
    await expect(play(camera, old)).rejects.toThrow('401');
    const call = { url: camera.deviceAddress, service: 'tds', operation: 'GetDeviceInformation' } as const;
    const status = async (auth: OnvifCall['auth']) => (await callOnvif({ ...call, ...(auth ? { auth } : {}) })).status;
    expect(await status({ kind: 'token', ...old })).toBe(400);
    expect(await status({ kind: 'token', ...old, password: 'khac-123' })).toBe(200);
    expect(cameraAt(3).password).toBe('khac-123');
    (await play(camera, { ...old, password: 'khac-123' })).close();
    await simulator.clearFault(3);
    (await play(camera, old)).close();
  });
});

describe('wrong clock', () => {
  it('moves ONVIF and RTCP, also of a stream that runs, and never the stamps', async () => {
    const camera = cameraAt(1);
    const offsetMs = 86_400_000 + 250;
    const client = await play(camera);
    await simulator.setFault(1, { kind: 'wrong-clock', offsetMs });
    await until(() => client.reports.length >= 2, 'another sender report');
    await client.waitForUnits(client.units.length + 2);
    await simulator.clearFault(1);
    const [before, after] = client.reports;
    for (const [report, shift] of [[before, 0] as const, [after, offsetMs] as const]) {
      const unit = client.units[report?.afterUnits ?? 0];
      expect(report?.rtpTimestamp).toBe(unit?.timestamp);
      expect(Math.abs((report?.utcMs ?? 0) - shift - (unit?.stamp?.utcMs ?? 0))).toBeLessThanOrEqual(1);
      expect(Math.abs(Date.now() - (unit?.stamp?.utcMs ?? 0))).toBeLessThan(10_000);
    }
    client.close();
  });
});

describe('slow frame rate', () => {
  it('gives fewer pictures, each at its true time, none missing', async () => {
    const client = await play(cameraAt(4));
    await simulator.setFault(4, { kind: 'slow-frame-rate', framesPerSecond: 4 });
    const from = client.units.length + 1;
    const units = (await client.waitForUnits(from + 6)).slice(from);
    await simulator.clearFault(4);
    expectNoneMissing(client.units);
    units.slice(1).forEach(({ stamp, timestamp }, index) => {
      const previous = units[index];
      expect(Math.abs((stamp?.utcMs ?? 0) - (previous?.stamp?.utcMs ?? 0) - 250)).toBeLessThanOrEqual(1);
      expect((timestamp - (previous?.timestamp ?? 0)) >>> 0).toBe(22_500);
    });
    const again = client.units.length + 1;
    const faster = (await client.waitForUnits(again + 3)).slice(again);
    expect((faster[1]?.stamp?.utcMs ?? 0) - (faster[0]?.stamp?.utcMs ?? 0)).toBeLessThan(102);
    client.close();
  });
});

describe('frozen picture', () => {
  it.each([1, 3])('shows the same picture again and again, while stamps go on (camera %i)', async (number) => {
    const client = await play(cameraAt(number));
    const moving = await decode(client.annexB());
    await simulator.setFault(number, { kind: 'frozen' });
    const at = client.units.length;
    await client.waitForUnits(at + 18);
    await simulator.clearFault(number);
    const frozenFrom = client.units.findIndex(({ keyframe }, index) => index >= at && keyframe);
    const stream = Buffer.concat(
      client.units
        .slice(frozenFrom, at + 18)
        .flatMap(({ nals }) => nals.flatMap((nal) => [Buffer.of(0, 0, 0, 1), nal])),
    );
    const frozen = await decode(stream);
    expect(frozen.complaint).toBe('');
    expect(frozen.lines.length).toBeGreaterThan(5);
    expect(moving.lines.length).toBeGreaterThan(1);
    expect(new Set(moving.lines).size).toBe(moving.lines.length);
    expect(new Set(frozen.lines).size).toBe(1);
    expectNoneMissing(client.units.slice(0, at + 10));
    client.close();
  });
});

describe('parameters changed', () => {
  it('sends another size from a keyframe on, in the same session', async () => {
    const client = await play(cameraAt(1));
    await simulator.setFault(1, { kind: 'parameters-changed', width: 128, height: 96 });
    const at = client.units.length;
    await client.waitForUnits(at + 8);
    await simulator.clearFault(1);
    await client.waitForUnits(client.units.length + 8);
    const { lines, complaint } = await decode(client.annexB());
    expect(complaint).toBe('');
    const sizes = lines.map((line) => Number(line.split(',')[0]));
    const changes = sizes.filter((size, index) => index === 0 || size !== sizes[index - 1]);
    expect(changes).toEqual([160 * 90 * 1.5, 128 * 96 * 1.5, 160 * 90 * 1.5]);
    const parameterSets = client.units.flatMap(({ nals }) => nals.filter((nal) => ((nal[0] ?? 0) & 0x1f) === 7));
    expect(new Set(parameterSets.map((nal) => nal.toString('hex'))).size).toBe(2);
    expectNoneMissing(client.units);
    client.close();
  });
});

describe('reset', () => {
  it('resets connections once', async () => {
    const camera = cameraAt(2);
    const client = await play(camera);
    await simulator.setFault(2, { kind: 'reset' });
    expect((await client.waitForClose()).error).toBe('ECONNRESET');
    (await play(camera)).close();
  });
});

describe('bad input for the product', () => {
  it('a stream that is not video', async () => {
    const camera = cameraAt(1);
    await simulator.setFault(1, { kind: 'not-video' });
    const client = await RtspTestClient.open(camera.rtspMainUrl, camera);
    clients.push(client);
    const { body } = await client.request('DESCRIBE', camera.rtspMainUrl);
    expect(body).toContain('m=audio');
    expect(body).not.toContain('m=video');
    await client.play(camera.rtspMainUrl);
    await until(() => client.sequences.length > 5, 'audio');
    expect([...client.payloadTypes]).toEqual([8]);
    await simulator.clearFault(1);
    await client.waitForClose();
    (await play(camera)).close();
  });

  it('ONVIF answers of junk', async () => {
    await simulator.setFault(1, { kind: 'junk-onvif' });
    const { status, text } = await systemTime(cameraAt(1));
    await simulator.clearFault(1);
    expect(status).toBe(200);
    expect(text).not.toContain('</env:Envelope>');
  });

  it('ONVIF answers without measure, which end when the client has enough', async () => {
    await simulator.setFault(1, { kind: 'oversized-onvif', bytes: 3_000_000 });
    const { text } = await systemTime(cameraAt(1));
    expect(text.length).toBeGreaterThan(3_000_000);
    await simulator.setFault(1, { kind: 'oversized-onvif', bytes: 2e9 });
    const response = await fetch(cameraAt(1).deviceAddress, { method: 'POST', body: 'x' });
    await response.body?.cancel();
    await simulator.clearFault(1);
    expect((await systemTime(cameraAt(1))).text).toContain('</env:Envelope>');
  });
});

describe('control', () => {
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(simulator.control.url + path, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('lists cameras with faults and load', async () => {
    const { body } = await control('GET', '/cameras');
    const listed = body.cameras as Record<string, unknown>[];
    expect(listed.map(({ name }) => name)).toEqual(simulator.cameras.map(({ name }) => name));
    expect(listed[0]).toMatchObject({ number: 1, password: cameraAt(1).password, faults: [] });
    expect(listed[0]?.load).toMatchObject({ connections: 0, mainReceivers: 0, subReceivers: 0 });
  });

  it('sets and ends every kind of fault', async () => {
    const faults: FaultInput[] = [
      { kind: 'off' },
      { kind: 'hang' },
      { kind: 'new-password', password: 'khac' },
      { kind: 'account-locked' },
      { kind: 'wrong-clock', offsetMs: 1000 },
      { kind: 'slow-frame-rate', framesPerSecond: 2 },
      { kind: 'frozen' },
      { kind: 'parameters-changed' },
      { kind: 'not-video' },
      { kind: 'junk-onvif' },
      { kind: 'oversized-onvif' },
      { kind: 'junk-discovery' },
    ];
    for (const fault of faults) {
      const set = await control('PUT', '/cameras/4/fault', fault);
      expect(set, fault.kind).toMatchObject({ status: 200, body: { faults: [faultSchema.parse(fault)] } });
      expect((await control('DELETE', `/cameras/4/fault?kind=${fault.kind}`)).body.faults).toEqual([]);
    }
    await control('PUT', '/cameras/4/fault', { kind: 'frozen' });
    await control('PUT', '/cameras/4/fault', { kind: 'wrong-clock', offsetMs: 5 });
    expect((await control('PUT', '/cameras/4/fault', { kind: 'reset' })).body.faults).toHaveLength(2);
    expect((await control('PUT', '/cameras/4/fault', { kind: 'on' })).body.faults).toEqual([]);
    expect((await systemTime(cameraAt(4))).status).toBe(200);
  });

  it.each([
    ['PUT', '/cameras/4/fault', { kind: 'unknown' }, 400],
    ['PUT', '/cameras/4/fault', { kind: 'slow-frame-rate' }, 400],
    ['PUT', '/cameras/4/fault', '{', 400],
    ['DELETE', '/cameras/4/fault?kind=unknown', undefined, 400],
    ['PUT', '/cameras/99/fault', { kind: 'off' }, 404],
    ['POST', '/discovery/junk', { camera: 99, address: '127.0.0.1', port: 9 }, 400],
    ['POST', '/discovery/junk', { camera: 1, address: '127.0.0.1', port: 9 }, 200],
    ['GET', '/nothing', undefined, 404],
  ])('%s %s %j: %i', async (method, path, body, status) => {
    expect((await control(method, path, body)).status).toBe(status);
  });
});
