/**
 * Every fault of the simulator on a whole recorder: one camera each, all at the same time, beside cameras that are well.
 * What can be noticed at once is shown within 10 s; what needs longer to be told from something harmless says so
 * (`noticeMs`). When the fault ends, recording goes on by itself. Who is well loses no frame.
 */
import { tinyMedia } from '../../scripts/camera-simulator/camera-media.js';
import type { CameraKindInput } from '../../scripts/camera-simulator/camera-kind.js';
import type { FaultInput, FaultKind } from '../../scripts/camera-simulator/faults.js';
import { faultKinds } from '../../scripts/camera-simulator/faults.js';
import { startSimulator, type Simulator } from '../../scripts/camera-simulator/simulator.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameGaps, recordedFrames } from '../harness/recorded-frames.js';
import { startRecorder, type RecordedCamera, type RecorderProcess } from '../harness/recorder.js';
import { temporaryFolder } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const onvifIntervalMs = 4000;
const shownWithinMs = 10_000;
/** The longest pause between two attempts is 15 s, then a camera has to record for 3 s before it is called alive. */
const backWithinMs = 30_000;
/** Time to connect anew where a fault begins by throwing everybody out. */
const reconnectMs = 6000;
const holdMs = 9000;
/** What came is on the disk by then: the recorder writes what it holds at least every two seconds. */
const onDiskMs = 2500;

interface ShownFault {
  name: string;
  faults: FaultInput[];
  kind?: CameraKindInput;
  state: 'down' | 'degraded';
  /** Any of these: what a camera says of itself and what ONVIF finds may come in either order. */
  reasons: RecordedCamera['reason'][];
  /** How long it takes until the fault can be told from something harmless. */
  noticeMs?: number;
  /** Footage goes on without a gap while it holds … */
  lossless?: boolean;
  /** … but for what the camera does not send. */
  unsentShare?: number;
  /** What is usual with the camera has to be known before. */
  usualMs?: number;
}

const shown: ShownFault[] = [
  { name: 'off', faults: [{ kind: 'off' }], state: 'down', reasons: ['connection_refused'] },
  { name: 'hang', faults: [{ kind: 'hang' }], state: 'down', reasons: ['stream_stalled', 'host_unreachable'] },
  {
    name: 'half-open',
    faults: [{ kind: 'half-open' }],
    state: 'down',
    reasons: ['stream_stalled', 'host_unreachable'],
  },
  {
    name: 'turned away',
    faults: [{ kind: 'turned-away' }],
    state: 'down',
    reasons: ['stream_ended', 'no_stream', 'connection_refused'],
  },
  {
    name: 'closed after PLAY',
    faults: [{ kind: 'close-after-play' }, { kind: 'reset' }],
    state: 'down',
    // The last: where the reset meets an attempt to connect.
    reasons: ['stream_ended', 'no_stream', 'connection_refused'],
  },
  { name: 'not video', faults: [{ kind: 'not-video' }], state: 'down', reasons: ['not_video'] },
  {
    // A first keyframe is waited for 8 s.
    name: 'only P-frames',
    faults: [{ kind: 'no-keyframes' }],
    state: 'down',
    reasons: ['no_keyframe'],
    noticeMs: 8000,
  },
  // With a keyframe each second one is asked for after 15 s, and waited for 8 s more.
  ...[
    { name: 'keyframes that stay away' },
    { name: 'keyframes that stay away, recorded by ffmpeg', kind: { transport: 'udp-461' } as const },
  ].map((row): ShownFault => ({
    ...row,
    faults: [{ kind: 'no-keyframes', connected: 'kept' }],
    ...{ state: 'degraded', reasons: ['no_keyframe'] },
    ...{ noticeMs: 23_000, usualMs: 7000, lossless: true, unsentShare: 0.12 },
  })),
  {
    name: 'off, recorded by ffmpeg',
    faults: [{ kind: 'off' }],
    kind: { codec: 'mjpeg', subCodec: 'mjpeg' },
    state: 'down',
    reasons: ['connection_refused'],
  },
  {
    // Over UDP ffmpeg looks at the connection only when no packet came for a while, and then empties its queue.
    name: 'closed after PLAY, recorded by ffmpeg over UDP',
    noticeMs: 4000,
    faults: [{ kind: 'close-after-play', afterMs: 300 }, { kind: 'reset' }],
    kind: { transport: 'udp-461' },
    state: 'down',
    reasons: ['stream_ended', 'no_stream', 'connection_refused'],
  },
  {
    // Three reports, 5 s apart, distinguish a step of the clock from one that is wrong.
    name: 'clock a day ahead',
    noticeMs: 5000,
    faults: [{ kind: 'wrong-clock', offsetMs: 86_400_000 }],
    state: 'degraded',
    reasons: ['clock_offset'],
    lossless: true,
  },
  {
    // The rate is that of 10 s of footage, and has to be low for 20 s.
    name: 'slow frame rate',
    faults: [{ kind: 'slow-frame-rate', framesPerSecond: 2 }],
    state: 'degraded',
    reasons: ['slow_frames'],
    noticeMs: 25_000,
    lossless: true,
  },
  {
    name: 'frozen picture',
    faults: [{ kind: 'frozen' }],
    state: 'degraded',
    reasons: ['picture_frozen'],
    lossless: true,
  },
  { name: 'packet loss', faults: [{ kind: 'packet-loss', share: 0.1 }], state: 'degraded', reasons: ['packet_loss'] },
  {
    name: 'time stamps that jump by an hour',
    faults: [{ kind: 'timestamp-jump' }],
    state: 'degraded',
    reasons: ['bad_timestamps'],
    lossless: true,
  },
  // ONVIF may miss twice while footage arrives, and is asked again after 10 s.
  ...(['junk-onvif', 'oversized-onvif'] as const).map((kind): ShownFault => ({
    ...{ name: kind, faults: [{ kind }], state: 'degraded', reasons: ['onvif_unreachable', 'bad_answer'] },
    noticeMs: onvifIntervalMs + 25_000,
    lossless: true,
  })),
];

interface BorneFault {
  name: string;
  faults: FaultInput[];
  kind?: CameraKindInput;
  /** What the camera does not send. */
  unsentShare?: number;
  /** What is usual with the camera has to be known before. */
  usualMs?: number;
  /** How long it is borne. */
  forMs?: number;
  expected?: Partial<RecordedCamera>;
}

const shortSessions: FaultInput = { kind: 'session-timeout', seconds: 3 };

/** Faults that a recorder has to bear: nothing is shown, and nothing is lost once it is connected. */
const borne: BorneFault[] = [
  { name: 'reset', faults: [{ kind: 'reset' }] },
  { name: 'another picture size', faults: [{ kind: 'parameters-changed', width: 128, height: 96 }] },
  { name: 'junk from the discovery port', faults: [{ kind: 'junk-discovery' }] },
  { name: 'garbage between packets', faults: [{ kind: 'garbage', share: 0.1 }] },
  { name: 'packets out of order', faults: [{ kind: 'packets-reordered', share: 0.2 }] },
  { name: 'channels swapped and unknown', faults: [{ kind: 'wrong-channels' }, { kind: 'reset' }] },
  { name: 'no clock rate', faults: [{ kind: 'no-clock-rate' }] },
  { name: 'no markers', faults: [{ kind: 'no-markers' }] },
  {
    // Would be told after 23 s.
    name: 'keyframes that come on request only',
    faults: [{ kind: 'no-keyframes', connected: 'kept', onRequest: true }],
    kind: { synchronizationPoint: true },
    ...{ usualMs: 7000, forMs: 27_000, unsentShare: 0.12 },
  },
  {
    name: 'no sender reports',
    faults: [{ kind: 'no-sender-reports' }, { kind: 'reset' }],
    expected: { timeSource: 'arrival' },
  },
  {
    name: 'sender reports of whole seconds',
    faults: [{ kind: 'coarse-reports' }, { kind: 'reset' }],
    expected: { timeSource: 'arrival' },
  },
  { name: 'a media clock that runs 2 % fast', faults: [{ kind: 'clock-rate', factor: 1.02 }, { kind: 'reset' }] },
  { name: 'a media clock that runs 20 % slow', faults: [{ kind: 'clock-rate', factor: 0.8 }, { kind: 'reset' }] },
  { name: 'pictures in bursts of a second', faults: [{ kind: 'bursts' }] },
  { name: 'sessions that end without keep-alive', faults: [shortSessions] },
  { name: '401 in mid-session', faults: [{ kind: 'nonce-expiry', seconds: 0.5 }, shortSessions] },
  {
    name: '401 in mid-session, SHA-256',
    faults: [{ kind: 'nonce-expiry', seconds: 0.5 }, shortSessions],
    kind: { authentication: 'digest-sha256' },
  },
  { name: 'keep-alive by OPTIONS only', faults: [shortSessions], kind: { keepAlive: 'options' } },
  { name: 'keep-alive by SET_PARAMETER', faults: [shortSessions], kind: { keepAlive: 'set-parameter' } },
];

interface Kind {
  name: string;
  kind: CameraKindInput;
  expected: Partial<RecordedCamera>;
}

const native = { engine: 'native', engineReason: 'default' } as const;
const kinds: Kind[] = [
  { name: 'H.265', kind: { codec: 'h265' }, expected: { ...native, codec: 'h265' } },
  { name: 'Basic', kind: { authentication: 'basic' }, expected: { ...native, codec: 'h264' } },
  { name: 'SHA-256 and MD5', kind: { authentication: 'digest-both' }, expected: native },
  { name: 'a redirect, absolute URLs', kind: { redirects: true, controlUrls: 'absolute' }, expected: native },
  { name: 'aggregate control, with AAC', kind: { controlUrls: 'aggregate', audio: 'aac' }, expected: native },
  { name: 'no Content-Base, with G.711', kind: { controlUrls: 'no-base', audio: 'pcma' }, expected: native },
  {
    name: 'MPEG-4',
    kind: { codec: 'mpeg4', subCodec: 'mpeg4' },
    expected: { engine: 'ffmpeg', engineReason: 'codec', codec: 'mpeg4' },
  },
  { name: '400 to TCP', kind: { transport: 'udp-400' }, expected: { engine: 'ffmpeg', engineReason: 'refused' } },
];

const wellCameras = 4;
const roles: { name: string; kind?: CameraKindInput }[] = [
  { name: 'another password' },
  ...shown,
  ...borne,
  ...kinds,
  ...Array.from({ length: wellCameras }, (_, index) => ({ name: `well ${index + 1}` })),
];
const numberOf = (name: string) => roles.findIndex((role) => role.name === name) + 1;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulator: Simulator;
let recorder: RecorderProcess;
let ids: string[];
let polling: NodeJS.Timeout | undefined;
let lookedAt: Promise<void> = Promise.resolve();
let latest = new Map<string, RecordedCamera>();
let allAliveAtMs = 0;
/** Every word that was shown of a camera since all were alive. */
const words = new Map<string, { atMs: number; state: string; reason: string }[]>();

const idOf = (name: string) => ids[numberOf(name) - 1] ?? '';
const now = (name: string) => latest.get(idOf(name));
const wordsOf = (name: string, sinceMs: number) =>
  (words.get(idOf(name)) ?? []).filter(({ atMs }) => atMs >= sinceMs).map(({ state, reason }) => `${state} ${reason}`);
/** For whoever reads of a failure. */
const storyOf = (name: string, sinceMs: number) =>
  (words.get(idOf(name)) ?? [])
    .map(({ atMs, state, reason }) => `${((atMs - sinceMs) / 1000).toFixed(1)} s ${state} ${reason}`)
    .concat(now(name)?.detail ?? '')
    .join(', ');
const isAlive = (name: string) => now(name)?.state === 'alive';
const framesOf = (name: string) => recordedFrames(recorder.footageOf(idOf(name)));

async function look(): Promise<void> {
  const atMs = Date.now();
  latest = await recorder.cameras();
  for (const [id, { state, reason }] of latest) {
    const known = words.get(id) ?? [];
    words.set(id, known);
    const last = known.at(-1);
    if (last?.state !== state || last.reason !== reason) known.push({ atMs, state, reason });
  }
}

async function setFaults(name: string, faults: FaultInput[]): Promise<void> {
  for (const fault of faults) await simulator.setFault(numberOf(name), fault);
}

/** Since `fromMs` footage has come; returns the instant of its newest frame. */
async function recordedUntil(name: string, fromMs: number, forMs: number, withinMs: number): Promise<void> {
  await waitFor(
    `${name} is recorded for ${forMs} ms`,
    () => {
      const at = now(name)?.lastFragmentAt;
      return at !== null && at !== undefined && Date.parse(at) >= fromMs + forMs;
    },
    withinMs,
  );
}

beforeAll(async () => {
  folder = await temporaryFolder();
  simulator = await startSimulator({
    cameras: roles.length,
    network: '127.93.0.0',
    media: { ...tinyMedia, startMode: 'next-keyframe' },
    kinds: Object.fromEntries(roles.flatMap(({ kind }, index) => (kind ? [[index + 1, kind]] : []))),
  });
  recorder = await startRecorder({ folder: folder.path, discoveryPort: simulator.discovery.port, onvifIntervalMs });
  ids = await recorder.add(simulator.cameras);
  const poll = () => {
    lookedAt = look()
      .catch(() => undefined) // seen as words that do not come
      .then(() => void (polling = setTimeout(poll, 250)));
  };
  poll();
  await waitFor(
    'all are alive',
    () => {
      const waiting = roles.filter(({ name }) => !isAlive(name)).map(({ name }) => `${name}: ${now(name)?.reason}`);
      if (waiting.length > 0) throw new Error(waiting.join(', '));
      return true;
    },
    40_000,
  );
  allAliveAtMs = Date.now();
});

afterAll(async () => {
  clearTimeout(polling);
  await lookedAt;
  clearTimeout(polling);
  await recorder?.stop();
  await simulator?.stop();
  await folder?.remove();
});

it('has every fault of the simulator here, but a locked account (device-channels.test.ts)', () => {
  const here = new Set<FaultKind>([...shown, ...borne].flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...here, 'new-password', 'account-locked'].sort()).toEqual([...faultKinds].sort());
});

/** Shown, and recorded again when it ends. */
async function showAndRecover(row: ShownFault): Promise<void> {
  const { name, faults, state, reasons, noticeMs = 0, lossless = false, unsentShare, usualMs = 0 } = row;
  if (usualMs > 0) await recordedUntil(name, Date.now(), usualMs, usualMs + shownWithinMs);
  const setAtMs = Date.now();
  await setFaults(name, faults);
  await waitFor(
    `${name} is shown`,
    () => {
      const camera = now(name);
      if (camera?.state === state && reasons.includes(camera.reason)) return true;
      throw new Error(`shown: ${storyOf(name, setAtMs)}`);
    },
    noticeMs + shownWithinMs,
  );
  await simulator.clearFault(numberOf(name));
  const clearedAtMs = Date.now();
  if (!lossless) await recordedUntil(name, clearedAtMs, 0, backWithinMs);
  await waitFor(
    `${name} is alive again`,
    () => {
      // Time is that of arrival for a minute after stamps jumped, and back again counts as a jump.
      if (isAlive(name) || now(name)?.reason === 'bad_timestamps') return true;
      throw new Error(`shown: ${storyOf(name, clearedAtMs)}`);
    },
    backWithinMs,
  );
  if (!lossless) return;
  const untilMs = Date.now() + 2000;
  await recordedUntil(name, untilMs, onDiskMs, shownWithinMs);
  const gaps = frameGaps(await framesOf(name), allAliveAtMs, untilMs);
  expectNoneLost(gaps, unsentShare);
  expect(gaps.frames).toBeGreaterThan(20);
}

function expectNoneLost({ frames, missing, twice }: ReturnType<typeof frameGaps>, unsentShare = 0): void {
  expect(twice).toBe(0);
  expect(missing).toBeLessThanOrEqual(unsentShare * (frames + missing));
}

/** Shown; recorded at once when a person types it. */
async function changePassword(name: string): Promise<void> {
  await setFaults(name, [{ kind: 'new-password', password: 'khac-1234' }]);
  await waitFor(`${name} is shown`, () => now(name)?.reason === 'wrong_password', shownWithinMs);
  // It is tried again only after a minute: cameras lock an account after a few wrong passwords.
  const typedAtMs = Date.now();
  await recorder.setPassword(idOf(name), 'khac-1234');
  await recordedUntil(name, typedAtMs, 0, shownWithinMs);
}

/** Nothing is shown, nothing is lost. */
async function bear(row: BorneFault): Promise<void> {
  const { name, faults, expected = {}, unsentShare, usualMs = 0, forMs = holdMs } = row;
  if (usualMs > 0) await recordedUntil(name, Date.now(), usualMs, usualMs + shownWithinMs);
  const setAtMs = Date.now();
  await setFaults(name, faults);
  const steadyAtMs = setAtMs + reconnectMs;
  await recordedUntil(name, steadyAtMs, forMs, reconnectMs + forMs + shownWithinMs);
  expect(wordsOf(name, setAtMs)).toEqual([]);
  expect(now(name)).toMatchObject({ state: 'alive', ...expected });
  await simulator.clearFault(numberOf(name));
  const gaps = frameGaps(await framesOf(name), steadyAtMs, steadyAtMs + forMs - 2000);
  expectNoneLost(gaps, unsentShare);
  expect(gaps.frames).toBeGreaterThan(50);
  const clearedAtMs = Date.now();
  await recordedUntil(name, clearedAtMs, 1000, backWithinMs);
}

async function recordKind({ name, expected }: Kind): Promise<void> {
  const seenAtMs = Date.now();
  await recordedUntil(name, seenAtMs, holdMs, holdMs + shownWithinMs);
  expect(now(name)).toMatchObject({ state: 'alive', reason: 'ok', ...expected });
  const gaps = frameGaps(await framesOf(name), seenAtMs, seenAtMs + holdMs - 3000);
  expect(gaps).toMatchObject({ missing: 0, twice: 0 });
  expect(gaps.frames).toBeGreaterThan(40);
}

describe('faults, all at the same time', () => {
  const outcomes = new Map<string, Promise<void>>();
  const begin = (name: string, work: Promise<void>) => {
    outcomes.set(name, work);
    work.catch(() => undefined); // told by its own test
  };

  beforeAll(() => {
    begin('another password', changePassword('another password'));
    for (const row of shown) begin(row.name, showAndRecover(row));
    for (const row of borne) begin(row.name, bear(row));
    for (const row of kinds) begin(row.name, recordKind(row));
  });

  it.each(shown)('$name: shown, and recorded again when it ends', ({ name }) => outcomes.get(name));
  it('another password: shown; recorded at once when a person types it', () => outcomes.get('another password'));
  it.each(borne)('$name: borne', ({ name }) => outcomes.get(name));
  it.each(kinds)('$name: recorded', ({ name }) => outcomes.get(name));
});

describe('the cameras that are well', () => {
  it.each(Array.from({ length: wellCameras }, (_, index) => `well ${index + 1}`))('%s lost nothing', async (name) => {
    const untilMs = Date.now();
    await recordedUntil(name, untilMs, 0, shownWithinMs);
    expect(wordsOf(name, allAliveAtMs)).toEqual([]);
    expect(now(name)).toMatchObject({ state: 'alive', lostPackets: 0, reconnects: 0 });
    const gaps = frameGaps(await framesOf(name), allAliveAtMs, untilMs - 2000);
    expect(gaps).toMatchObject({ missing: 0, twice: 0 });
    expect(gaps.frames).toBeGreaterThan(100);
  });
});
