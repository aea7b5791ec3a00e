import { loopbackAddresses } from '../lib/loopback.test-harness.js';
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { createPublicKey, createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorResponse } from '@choi-canh/shared/errors';
import {
  desiredStateAnswer,
  holdChangesAnswer,
  holdPage,
  eventPage,
  extractionStatus,
  identifyResponse,
  recorderCoverage,
  recorderDiscovery,
  recorderStatus,
  retentionFacts,
  type DesiredState,
  type RecorderEvent,
} from '@choi-canh/shared/recorder-api';
import { consoleHeader, protocolHeader } from '@choi-canh/shared/recorder-protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { findFrameStamp } from '../../../scripts/camera-simulator/sei.js';
import { startSimulator, type SimulatedCamera, type Simulator } from '../../../scripts/camera-simulator/simulator.js';
import type { HarnessAnswer, HarnessStart } from './recorder.test-harness.js';

const token = `token-${randomUUID()}`;
const deadlineMs = 60_000;

let simulator: Simulator;
let folder: string;
let recorder: { child: ChildProcess; url: string };
const ids: string[] = [];
let desired: DesiredState;
const consoleId = randomUUID();
const events: RecorderEvent[] = [];

async function waitFor<T>(what: string, look: () => Promise<T | false | undefined>, ms = deadlineMs): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    if (Date.now() > until) throw new Error(`waited ${ms} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function startRecorder(): Promise<typeof recorder> {
  const child = fork(join(import.meta.dirname, 'recorder.test-harness.ts'), {
    execArgv: ['--conditions=source', '--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const start: HarnessStart = {
    config: {
      DATA_DIR: folder,
      FOOTAGE_DIR: join(folder, 'footage'),
      FFMPEG_PATH: 'ffmpeg',
      RECORDER_HOST: '127.0.0.1',
      RECORDER_PORT: 0,
      MIN_FREE_GB: 0,
      FOOTAGE_FILE_SECONDS: 10,
      SYNC_SECONDS: 1,
      STALL_SECONDS: 5,
      START_STAGGER_MS: 10,
      DISCOVERY_INTERFACES: ['127.0.0.1'],
      DISCOVERY_PORT: simulator.discovery.port,
      ALLOWED_ADDRESSES: loopbackAddresses,
      ENGINE: 'auto',
      MAX_TRANSCODES: 2,
    },
    token,
    onvifIntervalMs: 4000,
  };
  const answer = await new Promise<HarnessAnswer>((resolve, reject) => {
    child.once('message', (message) => resolve(message as HarnessAnswer));
    child.once('exit', (code, signal) => reject(new Error(`recorder ended: ${code ?? signal}`)));
    child.send(start);
  });
  if ('error' in answer) throw new Error(answer.error);
  return { child, url: answer.url };
}

async function endRecorder(signal: NodeJS.Signals): Promise<void> {
  const { child } = recorder;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(recorder.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
async function json<S extends z.ZodType>(
  schema: S,
  method: string,
  path: string,
  body?: unknown,
): Promise<z.output<S>> {
  const response = await ask(method, path, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return schema.parse(JSON.parse(text));
}
async function refusal(response: Response) {
  return { status: response.status, ...errorResponse.parse(await response.json()).error };
}
const status = () => json(recorderStatus, 'GET', '/v1/status');
const stateOf = async (id: string) => (await status()).cameras.find((camera) => camera.cameraId === id);
const isAlive = async (id: string) => (await stateOf(id))?.state === 'alive';
const instant = (ms: number) => new Date(ms).toISOString();
const rangeQuery = (fromMs: number, toMs: number) => `from=${instant(fromMs)}&to=${instant(toMs)}`;
const coverage = (id: string, fromMs: number, toMs: number) =>
  json(recorderCoverage, 'GET', `/v1/cameras/${id}/coverage?${rangeQuery(fromMs, toMs)}`);

/** Reads the outbox from where the test stands. */
async function readEvents(waitMs = 0): Promise<RecorderEvent[]> {
  const page = await json(eventPage, 'GET', `/v1/events?after=${events.at(-1)?.sequence ?? 0}&waitMs=${waitMs}`);
  events.push(...page.events);
  return page.events;
}

function cameraAt(index: number): SimulatedCamera {
  const camera = simulator.cameras[index];
  if (camera === undefined) throw new Error(`no camera ${index}`);
  return camera;
}

/** Stamps of all frames in a file that ffmpeg can read, in order of decoding. */
async function stampsOf(media: Buffer): Promise<NonNullable<ReturnType<typeof findFrameStamp>>[]> {
  const path = join(folder, `${randomUUID()}.mp4`);
  writeFileSync(path, media);
  try {
    const { stdout } = await promisify(execFile)('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', path],
    ]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [size = 0, pos = 0] = line.split(',').map(Number);
        const stamp = findFrameStamp(media.subarray(pos, pos + size));
        if (stamp === undefined) throw new Error(`no stamp at ${pos}`);
        return stamp;
      });
  } finally {
    rmSync(path);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-recorder-'));
  simulator = await startSimulator({
    cameras: 3,
    network: '127.92.0.0',
    media: {
      main: { width: 320, height: 180, framesPerSecond: 10, bitrateKbps: 120 },
      sub: { width: 160, height: 90, framesPerSecond: 5, bitrateKbps: 40 },
    },
  });
  recorder = await startRecorder();
}, deadlineMs);

afterAll(async () => {
  if (recorder !== undefined) await endRecorder('SIGTERM');
  await simulator?.stop();
  rmSync(folder, { recursive: true, force: true });
}, deadlineMs);

describe('a recorder, from discovery to the clip', () => {
  it('lets nobody in without the token', async () => {
    for (const authorization of ['', 'Bearer x', `Bearer ${token}x`, `Basic ${token}`]) {
      const response = await fetch(`${recorder.url}/v1/status`, { headers: { authorization } });
      expect((await refusal(response)).code).toBe('bad_token');
    }
  });

  it('finds the cameras, and only by ranges that are none too large', async () => {
    const started = await json(recorderDiscovery, 'POST', '/v1/discoveries', { ranges: ['127.92.0.0/29'] });
    expect(started.state).toBe('running');
    const done = await waitFor('the scan ends', async () => {
      const scan = await json(recorderDiscovery, 'GET', `/v1/discoveries/${started.id}`);
      return scan.state !== 'running' && scan;
    });
    expect(done).toMatchObject({ state: 'done', progress: 1, errorCode: null });
    expect(done.devices.map((device) => device.deviceAddress).sort()).toEqual(
      simulator.cameras.map((camera) => camera.deviceAddress).sort(),
    );
    const refused = await refusal(await ask('POST', '/v1/discoveries', { ranges: ['10.0.0.0/8'] }));
    expect(refused).toMatchObject({ status: 400, code: 'bad_range' });
    // Neither its own network, nor what its console says that an administrator added.
    const range = '10.1.2.0/24';
    const start = (...added: string[]) => ask('POST', '/v1/discoveries', { ranges: [range], added });
    expect(await refusal(await start())).toMatchObject({ status: 400, code: 'range_not_allowed' });
    expect(await refusal(await start('10.0.0.0/8'))).toMatchObject({ status: 400, code: 'bad_range' });
    expect(await refusal(await start('169.254.0.0/24'))).toMatchObject({ status: 400, code: 'address_not_allowed' });
  });

  it('identifies them, and tells a wrong password, a dead address and nonsense apart', async () => {
    const cameras: DesiredState['cameras'] = [];
    for (const camera of simulator.cameras) {
      const { deviceAddress, username, password } = camera;
      const facts = await json(identifyResponse, 'POST', '/v1/identify', { deviceAddress, username, password });
      expect(facts).toMatchObject({ manufacturer: camera.manufacturer, main: { width: 320 }, sub: { width: 160 } });
      const id = randomUUID();
      ids.push(id);
      cameras.push({
        ...{ id, deviceAddress, username, password, name: camera.name, enabled: true, retentionDays: 30, audio: false },
        mainProfileToken: facts.main.profileToken,
        subProfileToken: facts.sub?.profileToken ?? null,
        mark: '',
      });
    }
    const [first, second, third] = cameras;
    if (first === undefined || second === undefined || third === undefined) throw new Error('three cameras are needed');
    third.password = 'not-the-password';
    desired = { consoleId, revision: 7, base: null, cameras, removed: [], minFreeBytes: 0 };
    const identify = async (deviceAddress: string, password: string) =>
      refusal(await ask('POST', '/v1/identify', { deviceAddress, username: 'admin', password }));
    const wrong = await identify(first.deviceAddress, 'guess-guess');
    expect(wrong).toMatchObject({ status: 412, code: 'wrong_password' });
    expect(JSON.stringify(wrong)).not.toContain('guess-guess');
    expect((await identify('http://127.92.1.1:9/onvif', 'x')).code).toBe('unreachable');
    expect((await identify('ftp://127.0.0.1/', 'x')).code).toBe('bad_device_address');
    expect(await refusal(await ask('POST', '/v1/identify', { deviceAddress: 1 }))).toMatchObject({
      status: 400,
      fields: [{ path: 'deviceAddress' }, { path: 'username' }, { path: 'password' }],
    });
  });

  it('records what is desired, and says why a camera with a wrong password is not', async () => {
    const answer = await json(desiredStateAnswer, 'PUT', '/v1/desired-state', desired);
    expect(answer).toEqual({ revision: 7, dropped: [] });
    await waitFor('two cameras are alive', async () => (await isAlive(ids[0]!)) && (await isAlive(ids[1]!)));
    const refused = await waitFor('the third is down', async () => {
      const camera = await stateOf(ids[2]!);
      return camera?.state === 'down' && camera;
    });
    expect(refused.reason).toBe('wrong_password');
    const now = await status();
    expect(now).toMatchObject({ revision: 7, cameras: { length: 3 } });
    await waitFor('the outbox tells of all three', async () => {
      await readEvents();
      const last = new Map(
        events.flatMap((event) => (event.type === 'camera.state' ? [[event.status.cameraId, event.status.state]] : [])),
      );
      return last.get(ids[0]!) === 'alive' && last.get(ids[1]!) === 'alive' && last.get(ids[2]!) === 'down';
    });
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => events[0]!.sequence + index));
    // What was acknowledged is not told again; a poll without news waits.
    const before = Date.now();
    expect(await readEvents(300)).toEqual([]);
    expect(Date.now() - before).toBeGreaterThanOrEqual(290);
  });

  it('keeps every secret out of files, command lines and answers', async () => {
    const secrets = [...desired.cameras.map((camera) => camera.password), token];
    const isOwn = (pid: string): boolean => {
      if (Number(pid) === recorder.child.pid) return true;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '0';
      return Number(parent) > 1 && isOwn(parent);
    };
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (!isOwn(pid)) continue;
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        for (const secret of secrets) expect(commandLine).not.toContain(secret);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    }
    const kept = readFileSync(join(folder, 'recorder', 'desired-state.sealed'), 'latin1');
    const shown = JSON.stringify([await status(), events]);
    for (const secret of secrets) {
      expect(kept).not.toContain(secret);
      expect(shown).not.toContain(secret);
    }
    expect(statSync(join(folder, 'keys', 'recorder-state.key')).mode & 0o777).toBe(0o600);
  });

  it('serves coverage, playlist, ranges and thumbnails of what it recorded', async () => {
    const id = ids[0]!;
    const { recorded } = await waitFor('six seconds of footage', async () => {
      const found = await coverage(id, Date.now() - 60_000, Date.now());
      const [span] = found.recorded;
      return span !== undefined && Date.parse(span.to) - Date.parse(span.from) >= 6000 && found;
    });
    expect(recorded).toHaveLength(1);
    const fromMs = Date.parse(recorded[0]!.from);
    const toMs = Date.parse(recorded[0]!.to);
    const query = rangeQuery(fromMs, toMs);
    const playlist = await (await ask('GET', `/v1/cameras/${id}/playlist.m3u8?${query}`)).text();
    const file = /^files\/[^\s?]+\.mp4$/m.exec(playlist)?.[0];
    const [, length = '', offset = ''] = /#EXT-X-BYTERANGE:(\d+)@(\d+)/.exec(playlist) ?? [];
    const [, mapUri, mapLength = ''] = /#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@0"/.exec(playlist) ?? [];
    expect(file, playlist).toBeDefined();
    expect(mapUri).toBe(file);
    const path = `/v1/cameras/${id}/${file}?${query}`;
    const init = await ask('GET', path, undefined, { range: `bytes=0-${Number(mapLength) - 1}` });
    const range = `bytes=${offset}-${Number(offset) + Number(length) - 1}`;
    const part = await ask('GET', path, undefined, { range });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toMatch(new RegExp(`^bytes ${offset}-\\d+/\\d+$`));
    const media = Buffer.concat([Buffer.from(await init.arrayBuffer()), Buffer.from(await part.arrayBuffer())]);
    const stamps = await stampsOf(media);
    expect(stamps.length).toBeGreaterThan(5);
    for (const stamp of stamps) {
      expect(stamp.cameraNumber).toBe(cameraAt(0).number);
      expect(stamp.utcMs).toBeGreaterThan(fromMs - 2500);
    }
    const head = await ask('HEAD', path, undefined, { range });
    expect([head.status, Number(head.headers.get('content-length'))]).toEqual([206, Number(length)]);
    expect((await refusal(await ask('GET', path))).code).toBe('range_required');
    const outside = `/v1/cameras/${id}/${file}?${rangeQuery(toMs + 60_000, toMs + 61_000)}`;
    expect((await refusal(await ask('GET', outside, undefined, { range }))).status).toBe(403);
    expect(
      (await refusal(await ask('GET', `/v1/cameras/${ids[1]}/${file}?${query}`, undefined, { range }))).status,
    ).toBe(404);

    const picture = await ask('GET', `/v1/cameras/${id}/thumbnail.jpg?at=${instant(fromMs + 4000)}&width=80`);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect(Math.abs(Date.parse(picture.headers.get('x-picture-at') ?? '') - fromMs - 4000)).toBeLessThan(12_000);
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(0, 2)
        .toString('hex'),
    ).toBe('ffd8');
    const never = await refusal(await ask('GET', `/v1/cameras/${id}/thumbnail.jpg?at=2020-01-01T00:00:00Z`));
    expect(never).toMatchObject({ status: 404, code: 'no_footage' });
  });

  it('tells how each camera is recorded, and how disk, clock and chain are', async () => {
    const told = await waitFor('the stream was measured', async () => {
      const now = await stateOf(ids[0]!);
      return now?.frameRate !== null && now?.timeErrorMs !== null && now;
    });
    expect(told).toMatchObject({
      ...{ engine: 'native', engineReason: 'default', codec: 'h264', lostPackets: 0, timeSource: 'rtcp', audio: false },
    });
    expect(told.timeErrorMs).toBeLessThan(1000);
    const { clock, storage, chain, transcodes } = await status();
    expect(clock).toEqual({ epoch: clock.epoch, ageDeletionSuspended: false, stepMs: null, steppedAt: null });
    expect(storage).toEqual({
      directory: expect.any(String) as string,
      ...{ state: 'ok', fullOfHeld: false, slowCameras: 0, droppedFragments: 0 },
      ...{ awaitingHolds: false, rebuilding: false },
    });
    expect(chain).toMatchObject({ keyId: expect.stringMatching(/^[0-9a-f]{16}$/) as string, troubles: 0 });
    expect(createPublicKey({ key: Buffer.from(chain.publicKey, 'base64'), format: 'der', type: 'spki' })).toMatchObject(
      { asymmetricKeyType: 'ed25519' },
    );
    expect(transcodes.running).toBe(0);
    expect(transcodes.limit).toBeGreaterThan(0);
  });

  it('gives the facts for a forecast, and takes the confirmation of its clock', async () => {
    const facts = await waitFor('enough was recorded to tell of a day', async () => {
      const now = await json(retentionFacts, 'GET', '/v1/retention');
      return now.cameras.some((camera) => camera.cameraId === ids[0] && camera.bytesPerDay > 0) && now;
    });
    const camera = facts.cameras.find((one) => one.cameraId === ids[0])!;
    expect(camera).toMatchObject({ retentionDays: 30, heldBytes: 0 });
    expect(facts.footageBytes).toBeGreaterThanOrEqual(camera.footageBytes);
    // 120 kbit/s are 1.3 GB a day.
    expect(camera.bytesPerDay).toBeGreaterThan(0.3e9);
    expect(camera.bytesPerDay).toBeLessThan(5e9);
    expect(facts.totalBytes).toBeGreaterThan(facts.freeBytes);
    expect((await ask('POST', '/v1/clock/confirm')).status).toBe(204);
  });

  it('shows live, and knows a camera that it does not have', async () => {
    for (const stream of ['main', 'sub']) {
      const base = `/v1/cameras/${ids[0]}/live/${stream}`;
      const playlist = await (await ask('GET', `${base}/playlist.m3u8`)).text();
      const init = /URI="(init-[^"]+)"/.exec(playlist)?.[1];
      const segment = /^\d+\.m4s$/m.exec(playlist)?.[0];
      const media = await Promise.all(
        [init, segment].map(async (name) => Buffer.from(await (await ask('GET', `${base}/${name}`)).arrayBuffer())),
      );
      const [stamp] = await stampsOf(Buffer.concat(media));
      expect(stamp?.cameraNumber).toBe(cameraAt(0).number);
      expect(Math.abs(Date.now() - (stamp?.utcMs ?? 0))).toBeLessThan(30_000);
    }
    expect(await refusal(await ask('GET', `/v1/cameras/${randomUUID()}/live/main/playlist.m3u8`))).toMatchObject({
      status: 404,
      code: 'no_such_camera',
    });
  });

  it('cuts a clip, hands it over by ranges, and forgets it', async () => {
    const bounds = await coverage(ids[0]!, Date.now() - 60_000, Date.now());
    const fromMs = Date.parse(bounds.oldestAt ?? '') + 1000;
    const id = randomUUID();
    const request = { cameraId: ids[0]!, from: instant(fromMs), to: instant(fromMs + 3000) };
    await json(extractionStatus, 'PUT', `/v1/extractions/${id}`, request);
    const done = await waitFor('the clip is cut', async () => {
      const now = await json(extractionStatus, 'GET', `/v1/extractions/${id}`);
      return (now.state === 'done' || now.state === 'failed') && now;
    });
    expect(done).toMatchObject({ state: 'done', errorCode: null });
    const [file] = done.files;
    const path = `/v1/extractions/${id}/files/0`;
    const whole = Buffer.from(await (await ask('GET', path)).arrayBuffer());
    expect(createHash('sha256').update(whole).digest('hex')).toBe(file?.sha256);
    const tail = await ask('GET', path, undefined, { range: 'bytes=-100' });
    expect(Buffer.from(await tail.arrayBuffer())).toEqual(whole.subarray(-100));
    const beyond = await ask('GET', path, undefined, { range: `bytes=${whole.length}-` });
    expect(beyond.status).toBe(416);
    await waitFor('the outbox tells of the clip', async () => {
      await readEvents();
      return events.some((event) => event.type === 'extraction.state' && event.extraction.state === 'done');
    });
    expect((await ask('DELETE', `/v1/extractions/${id}`)).status).toBe(204);
    expect((await ask('GET', `/v1/extractions/${id}`)).status).toBe(404);
  });

  it('changes nothing for a console of another database, nor for one that does not say which it is', async () => {
    const extraction = `/v1/extractions/${randomUUID()}`;
    const changes = [
      ['POST', '/v1/clock/confirm'],
      ['POST', '/v1/discoveries'],
      ['POST', `/v1/cameras/${ids[0]}/retry`],
      ['PUT', extraction],
      ['DELETE', extraction],
    ] as const;
    for (const [method, path] of changes) {
      const given: Record<string, string>[] = [{ [consoleHeader]: randomUUID() }, { [protocolHeader]: '1.2' }];
      for (const headers of given)
        expect(await refusal(await ask(method, path, undefined, headers)), path).toMatchObject({
          ...{ status: 409, code: 'console_unknown' },
        });
    }
    const own = { [protocolHeader]: '1.2', [consoleHeader]: consoleId };
    expect((await ask('POST', '/v1/clock/confirm', undefined, own)).status).toBe(204);
    expect((await ask('POST', '/v1/clock/confirm', undefined, { [protocolHeader]: '1.1' })).status).toBe(204);
  });

  it('takes changes of holds from its console, and says what it holds', async () => {
    const hold = {
      ...{ id: randomUUID(), cameraId: ids[0]!, from: instant(Date.now() - 9000), to: instant(Date.now()) },
      incident: { id: randomUUID(), number: 'CĐ-2026-0001' },
    };
    const change = (given: object) => ({ consoleId, put: [], release: [], ...given });
    const stranger = await ask('POST', '/v1/holds', change({ consoleId: randomUUID(), put: [hold] }));
    expect(await refusal(stranger)).toMatchObject({ status: 409, code: 'console_unknown' });
    const held = await json(holdChangesAnswer, 'POST', '/v1/holds', change({ put: [hold] }));
    expect(held).toMatchObject({ count: 1, gone: [] });
    expect(await json(holdPage, 'GET', '/v1/holds?limit=10')).toMatchObject({ count: 1, holds: [hold] });
    expect((await status()).holds).toEqual({ count: 1, digest: held.digest });
    const emptied = { ...desired, consoleId: randomUUID(), revision: 99, cameras: [] };
    const empty = await ask('PUT', '/v1/desired-state', emptied);
    expect(await refusal(empty)).toMatchObject({ status: 409, code: 'console_unknown' });
    expect((await status()).holds?.count).toBe(1);
    const released = await json(holdChangesAnswer, 'POST', '/v1/holds', change({ release: [hold.id] }));
    expect(released.count).toBe(0);
  });

  it('shows within 10 s that a camera is lost, and that it is back; a short break it does not show', async () => {
    await readEvents();
    const mark = events.length;
    await simulator.setFault(1, { kind: 'reset' });
    await simulator.clearFault(1);
    const lostAt = Date.now();
    await simulator.setFault(2, { kind: 'off' });
    const down = await waitFor('camera 2 is down', async () => {
      const camera = await stateOf(ids[1]!);
      return camera?.state === 'down' && camera;
    });
    expect(Date.now() - lostAt).toBeLessThan(10_500);
    expect(Date.parse(down.sinceAt)).toBeLessThan(lostAt + 1500);
    await simulator.clearFault(2);
    await waitFor('camera 2 is back', async () => isAlive(ids[1]!));
    await readEvents();
    const told = (id: string) =>
      events
        .slice(mark)
        .flatMap((event) =>
          event.type === 'camera.state' && event.status.cameraId === id ? [event.status.state] : [],
        );
    expect(told(ids[0]!)).not.toContain('down');
    expect(told(ids[1]!)[0]).toBe('down');
    expect(told(ids[1]!).at(-1)).toBe('alive');
  });

  it('records again by itself after SIGKILL, with no console and with cameras mute over ONVIF; old footage is there', async () => {
    const before = await coverage(ids[0]!, Date.now() - 600_000, Date.now());
    await readEvents();
    const mark = events.length;
    const killedAt = Date.now();
    await endRecorder('SIGKILL');
    const endedAt = Date.now();
    await simulator.setFault(1, { kind: 'junk-onvif' });
    recorder = await startRecorder();
    const after = await waitFor('footage from after the kill', async () => {
      const found = await coverage(ids[0]!, killedAt - 600_000, Date.now() + 1000);
      return Date.parse(found.newestAt ?? '') > killedAt + 1000 && found;
    });
    expect(after.oldestAt).toBe(before.oldestAt);
    const lastBefore = after.recorded.filter((span) => Date.parse(span.from) < killedAt).at(-1);
    expect(killedAt - Date.parse(lastBefore?.to ?? '')).toBeLessThan(2000 + 500);
    expect((await status()).revision).toBe(7);
    await simulator.clearFault(1);
    // It says itself that it did not run, before it says anything of its cameras.
    await waitFor('the outbox tells of its cameras', async () => {
      await readEvents();
      return events.slice(mark).some((event) => event.type === 'camera.state' && event.status.state === 'alive');
    });
    const told = events.slice(mark);
    const [stop, ...others] = told.filter((event) => event.type === 'recorder.stopped');
    expect(others).toEqual([]);
    expect(told.indexOf(stop!)).toBeLessThan(
      told.findIndex((event) => event.type === 'camera.state' && Date.parse(event.status.sinceAt) > endedAt),
    );
    const firstAfter = after.recorded.find((span) => Date.parse(span.from) > killedAt);
    expect(Date.parse(stop!.from)).toBeLessThanOrEqual(endedAt);
    expect(Date.parse(stop!.to)).toBeGreaterThan(endedAt);
    expect(Date.parse(stop!.to)).toBeLessThanOrEqual(Date.parse(firstAfter?.from ?? ''));
  });

  it('knows after a restart how far the clock of a camera that is away was off, and does not judge it by that', async () => {
    const id = ids[1]!;
    await waitFor('camera 2 is alive', async () => isAlive(id));
    await simulator.setFault(2, { kind: 'wrong-clock', offsetMs: -12_000 });
    await waitFor('its clock is judged', async () => (await stateOf(id))?.reason === 'clock_offset');
    await simulator.setFault(2, { kind: 'off' });
    await waitFor('camera 2 is down', async () => (await stateOf(id))?.state === 'down');
    const before = await stateOf(id);
    await endRecorder('SIGTERM');
    const path = join(folder, 'recorder', 'clock-offsets.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(path, 'utf8')) as { cameras: Record<string, Record<string, unknown>> };
    expect(Object.keys(kept.cameras[id] ?? {}).sort()).toEqual(['onvif', 'rtcp']);

    recorder = await startRecorder();
    const after = await stateOf(id);
    expect(after).toMatchObject({ clockOffsetMs: before?.clockOffsetMs, clockMeasuredAt: before?.clockMeasuredAt });
    expect(Math.abs((after?.clockOffsetMs ?? 0) + 12_000)).toBeLessThan(1500);
    await readEvents();
    const mark = events.length;
    await simulator.clearFault(2);
    await waitFor('camera 2 is back', async () => isAlive(id));
    const newer = await waitFor('its clock was measured anew', async () => {
      const now = await stateOf(id);
      return now?.clockMeasuredAt !== before?.clockMeasuredAt && now;
    });
    expect(Math.abs(newer.clockOffsetMs ?? 12_000)).toBeLessThan(1500);
    await readEvents();
    const told = events.slice(mark).flatMap((event) => (event.type === 'camera.state' ? [event.status] : []));
    expect(told.filter(({ cameraId, reason }) => cameraId === id && reason === 'clock_offset')).toEqual([]);
  });
});
