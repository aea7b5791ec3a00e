// Clocks of cameras as the field has them, on a clock that the test moves: the true instant of each picture is known, and
// what is stated must hold of every fragment.
import { expect, it } from 'vitest';
import type { Clock } from '../../../lib/clock.js';
import type { Fragment } from '../../../lib/fragment.js';
import { parseMoof } from '../../../lib/isobmff/moof.js';
import { SteadyClock } from '../recorded-clock.js';
import { NativeStream } from './native-stream.js';
import { rtp, smallVideo } from './rtsp.test-harness.js';

interface CameraClock {
  readonly seconds: number;
  /** Pictures come so far apart; each is stamped 40 ms after the one before. Default: so it is. */
  readonly everyMs?: number;
  /** By how much a picture comes late, ms. */
  readonly delayMs?: (atMs: number) => number;
  readonly reportEveryMs?: number;
  /** What the reports state more than the true instant, ms. */
  readonly reportOff?: (atMs: number, index: number) => number;
}

const start = Date.UTC(2026, 2, 1);
const stamp = 3600;
const pictures = smallVideo();

interface Timed {
  readonly fragment: Fragment;
  readonly errorMs: number;
  readonly statedMs: number;
}

function record(camera: CameraClock): Timed[] {
  const { seconds, everyMs = 40, delayMs = () => 0, reportEveryMs, reportOff = () => 0 } = camera;
  let nowMs = 0;
  const clock: Clock = { nowMs: () => start + nowMs, monotonicMs: () => 5000 + nowMs, sleep: () => Promise.resolve() };
  const found: Timed[] = [];
  let [run, stated, samples] = [0, 0, 0];
  const one = new NativeStream({
    media: {
      video: { codec: 'h264', payloadType: 96, clockRate: 90_000, control: '', parameterSets: [] },
      ...{ audio: undefined, control: '' },
    },
    ...{ audio: false, clock, sendRtcp: () => undefined },
    pull: {
      signal: new AbortController().signal,
      nextRun: () => ++run,
      onFragment: (fragment) => {
        // The first picture of the fragment was taken then.
        const trueMs = start + samples * everyMs;
        samples += parseMoof(fragment.bytes).samples.length;
        found.push({ fragment, errorMs: fragment.startAtMs - trueMs, statedMs: stated });
      },
      recordedClock: new SteadyClock(clock),
      requestKeyframe: () => undefined,
      hints: { udp: false, otherWithoutKeyframes: false },
      report: {
        ...{ frame: () => undefined, codec: () => undefined, packets: () => undefined },
        ...{ trouble: () => undefined, audio: () => undefined },
        time: (_offset, _source, errorMs) => (stated = errorMs),
      },
    },
  });
  const report = (atMs: number, index: number) => {
    const utcMs = start + atMs + reportOff(atMs, index);
    const packet = Buffer.alloc(28);
    packet.set([0x80, 200, 0, 6]);
    packet.writeUInt32BE(1, 4);
    packet.writeUInt32BE(Math.floor(utcMs / 1000) + 2_208_988_800, 8);
    packet.writeUInt32BE(Math.round(((utcMs % 1000) / 1000) * 2 ** 32) % 2 ** 32, 12);
    packet.writeUInt32BE((90_000 + Math.round(atMs / everyMs) * stamp) >>> 0, 16);
    one.packet('video', true, packet);
  };
  let sequence = 0;
  let [reports, nextReportMs, nextTickMs] = [0, 0, 500];
  for (let index = 0; index * everyMs < seconds * 1000; index++) {
    const takenMs = index * everyMs;
    nowMs = Math.max(nowMs, takenMs + delayMs(takenMs));
    for (; nextTickMs <= nowMs; nextTickMs += 500) one.tick();
    const nals = pictures[index % pictures.length]!;
    nals.forEach((nal, place) => {
      const marker = place === nals.length - 1;
      one.packet('video', false, rtp({ sequence: sequence++, timestamp: 90_000 + index * stamp, marker }, nal));
    });
    one.settle();
    if (reportEveryMs === undefined || takenMs < nextReportMs) continue;
    nextReportMs += reportEveryMs;
    report(takenMs, reports++);
  }
  one.end();
  return found;
}

const wholeSeconds = (atMs: number) => -((start + atMs) % 1000);
const jitter = (atMs: number) => (atMs * 7919) % 31;
const worstMs = (timed: readonly Timed[]) => Math.max(...timed.map(({ errorMs }) => Math.abs(errorMs)));
/** Error and bound of the fragments of which what is stated does not hold, ms. */
const beyond = (timed: readonly Timed[]) =>
  timed.flatMap(({ errorMs, statedMs }, index) =>
    Math.abs(errorMs) > statedMs + 0.001 ? [[index, Math.round(errorMs), Math.round(statedMs)]] : [],
  );
const runsOf = (timed: readonly Timed[]) => new Set(timed.map(({ fragment }) => fragment.run)).size;

it.each<{ what: string; camera: CameraClock; settledMs: number; unknown?: number }>([
  { what: 'a right clock, reported', camera: { seconds: 120, reportEveryMs: 5000, delayMs: jitter }, settledMs: 1 },
  { what: 'no reports', camera: { seconds: 120, delayMs: jitter }, settledMs: 31 },
  { what: 'a media clock of 0.84', camera: { seconds: 300, everyMs: 40 / 0.84, delayMs: jitter }, settledMs: 60 },
  {
    what: 'a media clock of 0.84, reported',
    camera: { seconds: 300, everyMs: 40 / 0.84, delayMs: jitter, reportEveryMs: 5000 },
    settledMs: 60,
  },
  { what: 'a media clock of 0.98', camera: { seconds: 300, everyMs: 40 / 0.98, delayMs: jitter }, settledMs: 60 },
  { what: 'a media clock of 1.02', camera: { seconds: 300, everyMs: 40 / 1.02, delayMs: jitter }, settledMs: 60 },
  {
    what: 'each second report is 300 ms late',
    camera: { seconds: 120, reportEveryMs: 5000, reportOff: (_, index) => (index % 2) * 300 },
    settledMs: 1,
  },
  {
    what: 'reports of whole seconds',
    camera: { seconds: 300, reportEveryMs: 5130, reportOff: wholeSeconds, delayMs: jitter },
    settledMs: 60,
  },
  {
    what: 'pictures in bursts',
    camera: { seconds: 120, delayMs: (atMs) => 800 - (atMs % 800) },
    settledMs: 60,
    unknown: 1,
  },
  {
    what: 'a network that holds pictures back for eight seconds, then gives them little by little',
    camera: { seconds: 120, delayMs: (atMs) => (atMs < 40_000 ? 0 : Math.max(0, 8000 - (atMs - 40_000) / 4)) },
    settledMs: 10,
  },
])('$what: what is stated holds, in one run without a gap', ({ camera, settledMs, unknown = 0 }) => {
  const timed = record(camera);
  // Of the first burst nobody knows how long it waited.
  expect(beyond(timed.slice(unknown))).toEqual([]);
  expect(runsOf(timed)).toBe(1);
  expect(worstMs(timed.slice(-10))).toBeLessThanOrEqual(settledMs);
  const gapsMs = timed.slice(1).map(({ fragment }, index) => {
    const last = timed[index]!.fragment;
    return fragment.startAtMs - last.startAtMs - last.durationMs;
  });
  expect(Math.max(...gapsMs)).toBeLessThanOrEqual(250);
});

it('a clock that really steps makes one more run', () => {
  const timed = record({ seconds: 180, reportEveryMs: 5130, reportOff: (atMs) => (atMs < 60_000 ? 0 : 2000) });
  expect(runsOf(timed)).toBe(2);
  expect(beyond(timed)).toEqual([]);
});
