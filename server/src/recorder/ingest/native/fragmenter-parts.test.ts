import { describe, expect, it } from 'vitest';
import type { Fragment, FragmentPart, InitSegment } from '../../../lib/fragment.js';
import { parseMoof } from '../../../lib/isobmff/moof.js';
import { TimeAnchor } from '../time-anchor.js';
import { Fragmenter } from './fragmenter.js';
import { timescale } from './mp4-writer.js';

const frame = timescale / 25;
const init: InitSegment = {
  id: 'init',
  bytes: Buffer.alloc(0),
  codec: 'avc1.64001f',
  width: 160,
  height: 120,
  timescale,
  trackId: 1,
};

/** Presentation times in decoding order, frames; `gop` pictures from keyframe to keyframe. */
function order(groups: number, gop: number, reordered: boolean): { at: number; isKey: boolean }[] {
  const pictures: { at: number; isKey: boolean }[] = [];
  for (let group = 0; group < groups; group += 1) {
    const base = group * gop;
    pictures.push({ at: base, isKey: true });
    for (let next = 1; next < gop; next += reordered ? 3 : 1) {
      const places = reordered && next + 2 < gop ? [next + 2, next, next + 1] : [next];
      for (const place of places) pictures.push({ at: base + place, isKey: false });
      if (reordered && places.length === 1 && next + 1 < gop) pictures.push({ at: base + next + 1, isKey: false });
    }
  }
  return pictures;
}

function run(pictures: readonly { at: number; isKey: boolean }[], wanted: (index: number) => boolean, awaited = false) {
  const anchor = new TimeAnchor(timescale);
  anchor.observeSenderReport(0, 1_000_000);
  anchor.observeArrival(0, 1_000_000);
  const out: ({ part: FragmentPart } | { fragment: Fragment })[] = [];
  let index = 0;
  const fragmenter = new Fragmenter({
    init,
    nextRun: () => 7,
    anchor,
    onFragment: (fragment) => out.push({ fragment }),
    parts: { wanted: () => wanted(index), awaited: () => awaited, onPart: (part) => out.push({ part }) },
  });
  for (const [at, picture] of pictures.entries()) {
    index = at;
    const nals = [Buffer.from([picture.isKey ? 0x65 : 0x41, at >> 8, at & 255])];
    fragmenter.push({ ticks: 90_000 + picture.at * frame, nals, isKey: picture.isKey }, at * 40);
  }
  fragmenter.flush(undefined);
  return out;
}

/** What a player sees of a fragment or part: decode time, presentation time and data of each picture. */
function seen(bytes: Buffer): string[] {
  const { samples, baseMediaDecodeTime } = parseMoof(bytes);
  let ticks = Number(baseMediaDecodeTime);
  return samples.map(({ duration, compositionOffset, offset, size, isSync }) => {
    const own = `${ticks} ${ticks + compositionOffset} ${isSync} ${bytes.subarray(offset, offset + size).toString('hex')}`;
    ticks += duration;
    return own;
  });
}

describe('parts of a fragment', () => {
  it.each([
    ['pictures in order', false],
    ['reordered pictures', true],
  ])('%s: have the decode times of the whole, none missing and none twice', (_name, reordered) => {
    const out = run(order(6, 50, reordered), () => true);
    let parts: FragmentPart[] = [];
    let compared = 0;
    for (const one of out) {
      if ('part' in one) {
        parts.push(one.part);
        continue;
      }
      const { fragment } = one;
      if (parts.length > 0) {
        expect(parts.flatMap(({ bytes }) => seen(bytes))).toEqual(seen(fragment.bytes));
        expect(parts.map(({ isFirst }) => isFirst)).toEqual(parts.map((_part, index) => index === 0));
        expect(parts[0]?.independent).toBe(fragment.independent);
        for (const part of parts) {
          expect(part.startAtMs).toBe(fragment.startAtMs);
          expect(part.fragmentDecodeTime).toBe(fragment.baseMediaDecodeTime);
          expect(part.durationMs).toBeLessThanOrEqual(335);
        }
        expect(parts.reduce((sum, part) => sum + part.durationMs, 0)).toBeCloseTo(fragment.durationMs, 3);
        compared += 1;
      }
      parts = [];
    }
    expect(parts).toEqual([]);
    // Only the first one, which tells by how much decoding is ahead, comes without.
    expect(compared).toBe(out.filter((one) => 'fragment' in one).length - 1);
  });

  it('are not made while nobody wants them, and begin with a fragment', () => {
    expect(run(order(3, 50, false), () => false).some((one) => 'part' in one)).toBe(false);
    const out = run(order(3, 50, false), (index) => index > 60);
    const first = out.findIndex((one) => 'part' in one);
    const next = out[first];
    expect(next !== undefined && 'part' in next && next.part.isFirst).toBe(true);
    expect(out.slice(0, first).length).toBeGreaterThan(1);
  });

  it('change nothing about the fragments', () => {
    const fragments = (wanted: boolean) =>
      run(order(5, 50, true), () => wanted).flatMap((one) =>
        'fragment' in one ? [[one.fragment.startAtMs, one.fragment.bytes.toString('hex')]] : [],
      );
    expect(fragments(true)).toEqual(fragments(false));
  });

  it.each([
    ['pictures in order', false],
    ['reordered pictures', true],
  ])('%s: begin sooner where somebody waits for the first one, and lose nothing', (_name, reordered) => {
    const pictures = order(3, 50, reordered);
    const out = run(pictures, () => true, true);
    const fragments = out.flatMap((one) => ('fragment' in one ? [one.fragment] : []));
    expect(fragments[0]?.durationMs).toBeCloseTo(reordered ? 280 : 360, 3);
    expect(out.findIndex((one) => 'part' in one)).toBe(1);
    expect(fragments.flatMap(({ bytes }) => seen(bytes))).toHaveLength(pictures.length);
    expect(new Set(fragments.map((fragment) => fragment.run)).size).toBe(1);
  });

  it('stop where a picture is shown before what was given, and the whole still has it', () => {
    const pictures = order(2, 50, false);
    // Given in the first part of the second fragment, then one that comes before it.
    pictures.splice(45, 0, { at: 25.5, isKey: false });
    const out = run(pictures, () => true);
    const samples = out.flatMap((one) => ('fragment' in one ? seen(one.fragment.bytes) : []));
    expect(samples).toHaveLength(pictures.length);
  });
});
