import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { Fragment } from '../../../lib/fragment.js';
import { iterateBoxes } from '../../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults } from '../../../lib/isobmff/moof.js';
import type { PullOptions } from '../fragment-source.js';
import { encodeTimedVideo } from '../native/timed-video.test-harness.js';
import { nalRole, type VideoCodec } from '../native/video-codec.js';
import { TimeAnchor } from '../time-anchor.js';
import { CopiedPictures, nalUnitsOf } from './copied-pictures.js';

const startCode = Buffer.from([0, 0, 0, 1]);

/** What ffmpeg copies of pictures, and what becomes of it. */
function copied(codec: VideoCodec, pictures: readonly (readonly Buffer[])[]) {
  const bytes = execFileSync(
    'ffmpeg',
    [
      ...['-v', 'fatal', '-f', codec === 'h264' ? 'h264' : 'hevc', '-framerate', '10', '-i', 'pipe:0', '-c', 'copy'],
      ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', 'pipe:1'],
    ],
    { input: Buffer.concat(pictures.flat().flatMap((nal) => [startCode, nal])) },
  );
  const boxes = [...iterateBoxes(bytes)];
  const initBytes = bytes.subarray(0, boxes.find(({ type }) => type === 'moov')!.end);
  const init = parseInitSegment(initBytes);
  const defaults = parseTrackDefaults(initBytes, init.trackId);
  const anchor = new TimeAnchor(90_000);
  anchor.observeArrival(0, 1e12);
  const fragments: Fragment[] = [];
  const one = new CopiedPictures({
    ...{ codec, init, anchor, pull: { nextRun: () => 1 } as unknown as PullOptions },
    monotonicMs: () => 0,
    onFragment: (fragment) => fragments.push(fragment),
    onPicture: () => undefined,
  });
  let written = 0;
  boxes.forEach(({ type, start }, index) => {
    if (type !== 'moof') return;
    const fragment = bytes.subarray(start, boxes[index + 1]!.end);
    const moof = parseMoof(fragment, defaults);
    written += moof.samples.length;
    one.push(fragment, moof);
  });
  one.end();
  return { fragments, written, ffmpegEntry: init.codec.split('.')[0] };
}

const samplesOf = (fragment: Fragment) =>
  parseMoof(fragment.bytes).samples.map(({ offset, size }) =>
    nalUnitsOf(fragment.bytes.subarray(offset, offset + size)),
  );

it.each<{ codec: VideoCodec; slices: string; entry: string; ffmpegEntry: string }>([
  { codec: 'h264', slices: 'slices=4', entry: 'avc1', ffmpegEntry: 'avc1' },
  { codec: 'h265', slices: 'slices=2:ctu=16:min-cu-size=8', entry: 'hvc1', ffmpegEntry: 'hev1' },
])('$codec with parameter sets before each slice of a keyframe: an access unit is one sample', (one) => {
  const { codec } = one;
  const isSet = (nal: Buffer) => ['vps', 'sps', 'pps'].includes(nalRole(codec, nal));
  const encoder = `keyint=10:scenecut=0:bframes=0:${one.slices}`;
  const pictures = encodeTimedVideo({ codec, encoder, size: '128x128', seconds: 3 }).map(({ nals }) => {
    const sets = nals.filter(isSet);
    return nals.filter((nal) => !isSet(nal)).flatMap((nal) => (nalRole(codec, nal) === 'key' ? [...sets, nal] : [nal]));
  });
  expect(pictures[0]!.filter((nal) => nalRole(codec, nal) === 'key').length).toBeGreaterThan(1);
  const { fragments, written, ffmpegEntry } = copied(codec, pictures);
  // What this is for: ffmpeg makes more samples than there are pictures of H.264, and names H.265 as few players know it.
  expect(ffmpegEntry).toBe(one.ffmpegEntry);
  expect(written > 30).toBe(codec === 'h264');
  expect(new Set(fragments.map(({ init }) => init.codec.split('.')[0]))).toEqual(new Set([one.entry]));
  expect(fragments.filter(({ independent }) => independent)).toHaveLength(3);
  expect(fragments.flatMap(samplesOf)).toEqual(pictures.map((nals) => nals.filter((nal) => !isSet(nal))));
});
