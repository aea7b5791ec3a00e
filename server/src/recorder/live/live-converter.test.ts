import { afterEach, describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import { waitFor } from '../../../../test/harness/wait.js';
import { systemClock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createTranscodes } from '../transcoding/transcodes.js';
import { createLiveConverter } from './live-converter.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const media = makeFragmentedMp4({ seconds: 6, gop: 50, bFrames: 2, codec: 'libx265' }).then((mp4) =>
  fragmentsOf(mp4, startAtMs),
);

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

function setUp(limit: number) {
  const footage = new FakeFootage('f');
  const listeners = new Set<(fragment: Fragment) => void>();
  const ingest = {
    subscribe: (_camera: string, _stream: string, listener: (fragment: Fragment) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    subscribeParts: () => () => undefined,
  };
  const places = createTranscodes({ ffmpeg: createFfmpeg({ path: 'ffmpeg' }), limit, logger: silentLogger });
  const converter = createLiveConverter({ places, footage, ingest, clock: systemClock, logger: silentLogger });
  return { footage, listeners, places, converter };
}

/** UTC of each picture, ms, ordered. */
function instantsOf(fragments: readonly Fragment[]): number[] {
  return fragments
    .flatMap(({ bytes, init, startAtMs: atMs }) => {
      const { samples } = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId));
      let ticks = 0;
      return samples.map(({ duration, compositionOffset }) => {
        const own = atMs + ((ticks + compositionOffset) * 1000) / init.timescale;
        ticks += duration;
        return own;
      });
    })
    .sort((a, b) => a - b);
}

describe('the conversion of a live stream', () => {
  it('gives H.264 of every picture at its own instant, from the newest keyframe in footage on', async () => {
    const { footage, listeners, places, converter } = setUp(2);
    const { fragments } = await media;
    footage.appendAll('camera', fragments.slice(0, 3));
    const converted: Fragment[] = [];
    ends.push(converter.open('camera')((fragment) => converted.push(fragment)));
    expect(places.running).toBe(1);
    for (const fragment of fragments.slice(3)) for (const listener of listeners) listener(fragment);
    const newestKeyframe = fragments.slice(0, 3).findLastIndex((fragment) => fragment.independent);
    const expected = instantsOf(fragments.slice(newestKeyframe));
    // The last of them come when the next ones do.
    await waitFor('pictures come', () => instantsOf(converted).length >= expected.length - 12, 30_000, 50);
    const instants = instantsOf(converted);
    instants.forEach((instant, index) => expect(instant).toBeCloseTo(expected[index] ?? 0, 1));
    expect(converted[0]?.init.codec).toMatch(/^avc1\./);
    expect(converted[0]?.independent).toBe(true);
    expect(fragments[0]?.init.codec).toMatch(/^h(vc|ev)1/);
  });

  it('runs no more than it may, and gives its place back', async () => {
    const { places, converter } = setUp(1);
    const end = converter.open('one')(() => undefined);
    expect(() => converter.open('two')).toThrowError(expect.objectContaining({ code: 'transcodes_busy' }) as Error);
    end();
    await waitFor('the place is free', () => places.running === 0, 10_000, 20);
    ends.push(converter.open('two')(() => undefined));
    expect(places.running).toBe(1);
  });
});
