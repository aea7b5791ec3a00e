// What the writer writes, as a reader sees it that shares no code with it.
import { expect, it } from 'vitest';
import { readBoxes } from '../../../../../test/harness/box-reader.js';
import { encodeTimedVideo, recordNative } from './timed-video.test-harness.js';
import type { VideoCodec } from './video-codec.js';

const open = 'keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1';

it.each<{
  what: string;
  codec: VideoCodec;
  encoder: string;
  from?: number;
  filters?: string;
  entry: string;
  more: string[];
}>([
  { what: 'plain', codec: 'h264', encoder: 'keyint=10:bframes=0', entry: 'avc1', more: [] },
  { what: 'B-pictures', codec: 'h264', encoder: 'keyint=10:bframes=3:b-adapt=0', entry: 'avc1', more: [] },
  { what: 'open groups', codec: 'h264', encoder: open, from: 12, entry: 'avc1', more: ['stbl/sgpd'] },
  { what: 'open groups', codec: 'h265', encoder: open, from: 12, entry: 'hvc1', more: [] },
  {
    ...{ what: 'a refresh piece by piece', codec: 'h264', encoder: 'keyint=20:bframes=0:intra-refresh=1', from: 10 },
    ...{ entry: 'avc1', more: ['stbl/sgpd', 'traf/sgpd', 'traf/sbgp'] },
  },
  {
    what: 'samples of 16:11',
    codec: 'h265',
    encoder: 'keyint=10',
    filters: 'setsar=16/11',
    entry: 'hvc1',
    more: ['hvc1/pasp'],
  },
])(
  '$what of $codec: each box is understood, each sample is there once',
  ({ codec, encoder, from = 0, filters, entry, more }) => {
    const video = encodeTimedVideo({ codec, encoder, seconds: 12, ...(filters === undefined ? {} : { filters }) });
    const fragments = recordNative(codec, video.slice(from));
    const { init, run } = fragments.at(-1)!;
    const own = fragments.filter((one) => one.run === run);
    const bytes = Buffer.concat([init.bytes, ...own.map((one) => one.bytes)]);
    const { types, samples } = readBoxes(bytes);
    for (const wanted of [`stsd/${entry}`, ...more]) expect(types.some((type) => type.endsWith(wanted))).toBe(true);
    expect(samples).toHaveLength(own.reduce((sum, { sampleCount }) => sum + sampleCount, 0));
    expect(samples.filter(({ is_sync: isSync }) => isSync)).toHaveLength(own.filter((one) => one.independent).length);
    expect(samples.every(({ size, duration }) => size > 0 && duration > 0)).toBe(true);
    // Decoded one after the other without a step, shown once each, and no byte of one is another's.
    samples.slice(1).forEach((sample, index) => {
      const last = samples[index]!;
      expect(Math.abs(sample.dts - last.dts - last.duration)).toBeLessThanOrEqual(1);
      expect(sample.offset).toBeGreaterThanOrEqual(last.offset + last.size);
    });
    expect(new Set(samples.map(({ cts }) => cts)).size).toBe(samples.length);
  },
);
