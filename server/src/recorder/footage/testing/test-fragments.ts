import { execFileSync } from 'node:child_process';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import { BoxStream } from '../../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { parseTrackDefaults } from '../../../lib/isobmff/moof.js';
import { describeFragment } from '../scan-fragments.js';

export interface TestMedia {
  readonly init: InitSegment;
  /** 64 of 500 ms, every second one independent. */
  readonly fragments: { bytes: Buffer; independent: boolean; durationMs: number; tfdt: bigint; samples: number }[];
}

/** Each with a keyframe a second, or more often. */
const encoders = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-keyint_min', '10', '-sc_threshold', '0'],
  mjpeg: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'],
  mpeg4: ['-c:v', 'mpeg4', '-g', '10'],
};

/** Real pictures in real fragments, tiny. */
export function encodeMedia(size = '64x48', codec: keyof typeof encoders = 'h264'): TestMedia {
  // Every picture of motion JPEG is a keyframe, and would be a fragment.
  const cut = codec === 'mjpeg' ? '' : '+frag_keyframe';
  const mp4 = execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10`, '-t', '32'],
    ...encoders[codec],
    ...['-f', 'mp4', '-movflags', `${cut}+empty_moov+default_base_moof`, '-frag_duration', '500000', 'pipe:1'],
  ]);
  const boxes = new BoxStream().push(mp4);
  const bytesOf = (type: string) => boxes.find((box) => box.type === type)!.bytes;
  const init = parseInitSegment(Buffer.concat([bytesOf('ftyp'), bytesOf('moov')]));
  const defaults = parseTrackDefaults(init.bytes, init.trackId);
  const fragments: TestMedia['fragments'] = [];
  boxes.forEach((box, index) => {
    if (box.type !== 'moof') return;
    const bytes = Buffer.concat([box.bytes, boxes[index + 1]!.bytes]);
    const {
      independent,
      durationMs,
      baseMediaDecodeTime: tfdt,
      sampleCount: samples,
    } = describeFragment(bytes, init, defaults);
    fragments.push({ bytes, independent, durationMs, tfdt, samples });
  });
  return { init, fragments };
}

/** The `index`th of an endless run that begins at `startAtMs`. */
export function fragmentAt(
  media: TestMedia,
  index: number,
  options: { startAtMs: number; run?: number; timeSource?: 'rtcp' | 'arrival' },
): Fragment {
  const one = media.fragments[index % media.fragments.length]!;
  return {
    init: media.init,
    bytes: one.bytes,
    independent: one.independent,
    startAtMs: options.startAtMs + index * 500 + 0.25,
    durationMs: one.durationMs,
    baseMediaDecodeTime: one.tfdt,
    sampleCount: one.samples,
    timeSource: options.timeSource ?? 'rtcp',
    run: options.run ?? 7,
  };
}
