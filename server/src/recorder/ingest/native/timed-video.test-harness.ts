// Real video with the presentation time of each picture, for streams of odd shape: reordered, refreshed piece by piece.
import { execFileSync } from 'node:child_process';
import type { Clock } from '../../../lib/clock.js';
import type { Fragment, FragmentPart } from '../../../lib/fragment.js';
import { iterateBoxes } from '../../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults } from '../../../lib/isobmff/moof.js';
import { SteadyClock } from '../recorded-clock.js';
import { NativeStream } from './native-stream.js';
import type { StreamHabits } from './picture-recorder.js';
import { rtp } from './rtsp.test-harness.js';
import type { VideoCodec } from './video-codec.js';

export interface TimedPicture {
  /** Presentation time, ticks of 90 kHz from that of the picture shown first. */
  readonly ticks: number;
  readonly nals: Buffer[];
}

const encoders = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params'],
  h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params'],
};

export interface EncodeOptions {
  readonly codec: VideoCodec;
  /** `name=value:name=value` of x264 or x265. */
  readonly encoder: string;
  readonly size?: string;
  readonly seconds?: number;
  /** Default: ffmpeg's test picture. */
  readonly filters?: string;
}

/** Pictures in decoding order, ten a second, each with all NAL units that the encoder gave. */
export function encodeTimedVideo(options: EncodeOptions): TimedPicture[] {
  const { codec, encoder, size = '128x96', seconds = 4, filters = 'null' } = options;
  const quiet = codec === 'h265' ? ':log-level=none' : '';
  const bytes = execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=s=${size}:r=10`, '-t', String(seconds), '-vf', filters],
    ...['-pix_fmt', 'yuv420p', ...encoders[codec], `repeat-headers=1:${encoder}${quiet}`],
    ...['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof+frag_every_frame', 'pipe:1'],
  ]);
  const boxes = [...iterateBoxes(bytes)];
  const initEnd = boxes.find(({ type }) => type === 'moov')!.end;
  const { trackId, timescale } = parseInitSegment(bytes.subarray(0, initEnd));
  const defaults = parseTrackDefaults(bytes.subarray(0, initEnd), trackId);
  const found: TimedPicture[] = [];
  boxes.forEach(({ type, start }, index) => {
    if (type !== 'moof') return;
    const fragment = bytes.subarray(start, boxes[index + 1]!.end);
    const moof = parseMoof(fragment, defaults);
    let decodeTicks = Number(moof.baseMediaDecodeTime);
    for (const { offset, size: byteLength, compositionOffset, duration } of moof.samples) {
      found.push({
        ticks: Math.round(((decodeTicks + compositionOffset) * 90_000) / timescale),
        nals: nalsOf(fragment.subarray(offset, offset + byteLength)),
      });
      decodeTicks += duration;
    }
  });
  const first = Math.min(...found.map(({ ticks }) => ticks));
  return found.map(({ ticks, nals }) => ({ ticks: ticks - first, nals }));
}

/** NAL units of a sample, behind lengths of four bytes. */
export function nalsOf(sample: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length;) {
    const end = at + 4 + sample.readUInt32BE(at);
    nals.push(sample.subarray(at + 4, end));
    at = end;
  }
  return nals;
}

export interface RecordOptions {
  /** What was learnt of the camera before. */
  readonly habits?: StreamHabits;
  readonly onHabits?: (habits: StreamHabits) => void;
  /** What sender reports state more than the true instant, ms; absent: there are none. */
  readonly reportOffMs?: (ticks: number) => number;
  /** Takes chunks before their fragment, and fragments, as they are made. */
  readonly onMade?: (made: Fragment | FragmentPart) => void;
}

/** What the native engine makes of pictures that come when they are due in decoding order. */
export function recordNative(
  codec: VideoCodec,
  pictures: readonly TimedPicture[],
  { habits, onHabits, reportOffMs, onMade }: RecordOptions = {},
): Fragment[] {
  let nowMs = 5000;
  const clock: Clock = { nowMs: () => 1e12 + nowMs, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const fragments: Fragment[] = [];
  let run = 0;
  const one = new NativeStream({
    media: {
      video: { codec, payloadType: 96, clockRate: 90_000, control: '', parameterSets: [] },
      audio: undefined,
      control: '',
    },
    audio: false,
    clock,
    sendRtcp: () => undefined,
    pull: {
      signal: new AbortController().signal,
      nextRun: () => ++run,
      onFragment: (fragment) => {
        const own = { ...fragment, bytes: Buffer.from(fragment.bytes) };
        fragments.push(own);
        onMade?.(own);
      },
      ...(onMade === undefined ? {} : { parts: { wanted: () => true, awaited: () => false, onPart: onMade } }),
      recordedClock: new SteadyClock(clock),
      requestKeyframe: () => undefined,
      hints: { udp: false, otherWithoutKeyframes: false, habits },
      report: {
        frame: () => undefined,
        codec: () => undefined,
        packets: () => undefined,
        time: () => undefined,
        trouble: () => undefined,
        audio: () => undefined,
        habits: (learnt) => onHabits?.(learnt),
      },
    },
  });
  let sequence = 0;
  const report = (ticks: number, utcMs: number) => {
    const packet = Buffer.alloc(28);
    packet.set([0x80, 200, 0, 6]);
    packet.writeUInt32BE(1, 4);
    packet.writeUInt32BE(Math.floor(utcMs / 1000) + 2_208_988_800, 8);
    packet.writeUInt32BE(Math.round(((utcMs % 1000) / 1000) * 2 ** 32) % 2 ** 32, 12);
    packet.writeUInt32BE(90_000 + ticks, 16);
    one.packet('video', true, packet);
  };
  for (const [index, { ticks, nals }] of pictures.entries()) {
    nals.forEach((nal, index) => {
      // What is longer than 64 kB would need pieces; none of these is.
      const marker = index === nals.length - 1;
      one.packet('video', false, rtp({ sequence: sequence++, timestamp: 90_000 + ticks, marker }, nal));
    });
    one.settle();
    if (reportOffMs !== undefined && index % 7 === 0) report(ticks, 1e12 + 5050 + ticks / 90 + reportOffMs(ticks));
    nowMs += 100;
    one.tick();
  }
  one.end();
  return fragments;
}
