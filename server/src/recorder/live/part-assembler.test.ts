import { describe, expect, it } from 'vitest';
import type { FragmentPart, InitSegment } from '../../lib/fragment.js';
import { iterateBoxes } from '../../lib/isobmff/boxes.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import { splitFragment } from '../../lib/isobmff/split-fragment.js';
import { Fragmenter } from '../ingest/native/fragmenter.js';
import { timescale } from '../ingest/native/mp4-writer.js';
import { TimeAnchor } from '../ingest/time-anchor.js';
import { headOf, memoryFragment, splitChunks } from './live-fragments.js';
import { LiveWindow } from './live-window.js';
import type { VideoTrack } from './video-only.js';

const init: InitSegment = {
  ...{ id: 'a', bytes: Buffer.alloc(0), codec: 'avc1.64001f', width: 160, height: 120, timescale, trackId: 1 },
};
const defaults = { duration: 0, size: 0, flags: 0 };
const track: VideoTrack = {
  ...{ initBytes: init.bytes, trackId: 1, timescale, defaults },
  fragment: (bytes) => bytes,
  chunks: (bytes) => splitFragment(bytes, defaults),
};

interface Camera {
  readonly name: string;
  readonly rate: number;
  /** Pictures from keyframe to keyframe. */
  readonly group: number;
  /** B-pictures before each P-picture. */
  readonly reordered?: (index: number) => number;
  /** Ticks that a time stamp is off. */
  readonly jitter?: (index: number) => number;
  /** The rate from the middle of the stream on. */
  readonly laterRate?: number;
}

/** In decoding order; `at` in pictures. */
function pictures({ rate, group, reordered = () => 0, laterRate = rate }: Camera, seconds: number) {
  const found: { at: number; isKey: boolean }[] = [];
  const count = (seconds * (rate + laterRate)) / 2;
  for (let base = 0; base < count; base += group) {
    found.push({ at: base, isKey: true });
    for (let next = 1; next < group;) {
      const before = Math.min(reordered(base + next), group - 1 - next);
      for (const place of [before, ...Array.from({ length: before }, (_, index) => index)])
        found.push({ at: base + next + place, isKey: false });
      next += before + 1;
    }
  }
  return found;
}

interface ListedPart {
  readonly uri: string;
  readonly durationMs: number;
  /** Of the samples in it. */
  readonly mediaMs: number;
  readonly startTicks: number;
  isLast: boolean;
}

function media(bytes: Buffer): { startTicks: number; ticks: number } {
  const boxes = [...iterateBoxes(bytes)];
  const moofs = boxes.flatMap(({ type, start }, index) =>
    type === 'moof' ? [parseMoof(bytes.subarray(start, boxes[index + 1]!.end))] : [],
  );
  const ticks = moofs.flatMap(({ samples }) => samples).reduce((sum, { duration }) => sum + duration, 0);
  return { startTicks: Number(moofs[0]!.baseMediaDecodeTime), ticks };
}

/** What a viewer who looks at every playlist is given of a camera, recorded or pulled for viewers alone. */
function watch(camera: Camera, { seconds = 16, awaited = false } = {}) {
  const anchor = new TimeAnchor(timescale);
  anchor.observeSenderReport(0, 1_000_000);
  anchor.observeArrival(0, 1_000_000);
  const window = new LiveWindow(1, 2);
  const listed = new Map<string, ListedPart>();
  let partTargetMs = 0;
  const look = () => {
    const text = window.playlist({ lowLatency: true });
    if (text === undefined) return;
    const target = Number(/PART-TARGET=([\d.]+)/.exec(text)![1]) * 1000;
    partTargetMs ||= target;
    expect(target).toBe(partTargetMs);
    for (const match of text.matchAll(/EXT-X-PART:DURATION=([\d.]+),URI="((\d+)-(\d+)\.m4s)"[^\n]*\n(#EXTINF)?/g)) {
      const [, duration = '', uri = '', sequence, index, ends] = match;
      const known = listed.get(uri);
      if (known !== undefined) {
        known.isLast = ends !== undefined;
        continue;
      }
      const { startTicks, ticks } = media(window.part(Number(sequence), Number(index))!.bytes);
      const [durationMs, mediaMs] = [Number(duration) * 1000, (ticks * 1000) / timescale];
      listed.set(uri, { ...{ uri, durationMs, mediaMs, startTicks }, isLast: ends !== undefined });
    }
  };
  const takePart = (part: FragmentPart) => window.pushChunk(headOf(part, track), part, part.isFirst);
  const fragmenter = new Fragmenter({
    ...{ init, anchor, nextRun: () => 7 },
    onFragment: (fragment) => {
      window.push(memoryFragment(fragment, track, (bytes) => splitChunks(track, bytes)));
      window.showBeginning();
    },
    // A stream that is recorded is not pulled for viewers.
    parts: { wanted: () => true, awaited: () => awaited, onPart: takePart },
  });
  const order = pictures(camera, seconds);
  const { rate, laterRate = rate, jitter = () => 0 } = camera;
  const half = (seconds * rate) / 2;
  const ticksOf = (at: number) =>
    90_000 + Math.round((Math.min(at, half) / rate + Math.max(0, at - half) / laterRate) * timescale) + jitter(at);
  for (const [index, { at, isKey }] of order.entries()) {
    const nals = [Buffer.from([isKey ? 0x65 : 0x41, at >> 8, at & 255])];
    fragmenter.push({ ticks: ticksOf(at), nals, isKey }, (index * 1000) / rate);
    look();
  }
  const parts = [...listed.values()];
  const sequences = [...new Set(parts.map(({ uri }) => Number(uri.split('-')[0])))];
  const ends = parts.filter(({ isLast }) => isLast);
  return { parts, partTargetMs, segments: sequences.length, ends: ends.length };
}

const cameras: Camera[] = [
  ...[30, 25, 20, 15, 12.5, 10, 8, 6, 5, 4].map((rate) => ({ name: `${rate} a second`, rate, group: rate * 2 })),
  { name: '25 a second, a keyframe every second', rate: 25, group: 25 },
  { name: '25 a second, a keyframe every 0.52 s', rate: 25, group: 13 },
  { name: '25 a second, a keyframe every 10 s', rate: 25, group: 250 },
  { name: '25 a second, keyframes alone', rate: 25, group: 1 },
  ...[25, 12.5, 10, 5].flatMap((rate) =>
    [1, 2, 3].map((before) => ({
      ...{ name: `${rate} a second, ${before} B-pictures`, rate, group: rate * 2 },
      reordered: () => before,
    })),
  ),
  { name: '10 a second, 2 B-pictures, a keyframe every 10 s', rate: 10, group: 100, reordered: () => 2 },
  { name: 'B-pictures where the encoder likes', rate: 25, group: 50, reordered: (index) => (index * 7919) % 4 },
  { name: 'the same at 12.5 a second', rate: 12.5, group: 25, reordered: (index) => (index * 7919) % 4 },
  { name: 'time stamps that are not even', rate: 25, group: 50, jitter: (index) => ((index * 7919) % 21) * 45 },
  { name: 'a rate that drops to a fifth', rate: 25, laterRate: 5, group: 50 },
  { name: 'a rate that drops to a half', rate: 25, laterRate: 12.5, group: 50, reordered: () => 2 },
];

describe.each([{ awaited: false }, { awaited: true }])('partial segments (pulled for viewers: $awaited)', (viewed) => {
  it.each(cameras)('$name: none beyond the part target, all but the last of a segment 85 % of it', (camera) => {
    const { parts, partTargetMs, segments, ends } = watch(camera, viewed);
    expect(partTargetMs).toBeGreaterThanOrEqual(200);
    expect(partTargetMs).toBeLessThanOrEqual(1000);
    // What a stream of few pictures is like is not known from its first one: much of it comes in whole segments.
    expect(parts.length).toBeGreaterThan(viewed.awaited ? 5 : 12);
    expect(ends).toBeGreaterThanOrEqual(segments - 1);
    for (const { uri, durationMs, mediaMs, isLast } of parts) {
      expect(durationMs, uri).toBeLessThanOrEqual(partTargetMs + 0.01);
      expect(mediaMs, uri).toBeCloseTo(durationMs, 1);
      if (!isLast && uri !== parts.at(-1)!.uri) expect(mediaMs, uri).toBeGreaterThanOrEqual(0.85 * partTargetMs - 0.01);
    }
  });
});

it('parts of an even stream follow each other without a gap and are close to a third of a second', () => {
  const { parts, partTargetMs } = watch(cameras.find(({ name }) => name === '25 a second, 2 B-pictures')!);
  expect(partTargetMs).toBeLessThanOrEqual(410);
  for (const [index, { startTicks }] of parts.slice(1).entries()) {
    const before = parts[index]!;
    expect(startTicks).toBe(before.startTicks + Math.round((before.mediaMs * timescale) / 1000));
  }
});
