// Makes JPEGs of several keyframes in one run of ffmpeg, whose start costs as much as eight pictures. Each picture keeps
// its instant, which says whose it is: a keyframe that gives none costs the others nothing.
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { iterateBoxes, payloadOf } from '../../lib/isobmff/boxes.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { AppError } from '../../lib/errors.js';

export interface StillPictureRun {
  readonly args: readonly string[];
  readonly stdin: Buffer;
  readonly maxOutputBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The part of platform/ffmpeg that is needed. */
export interface PictureEncoder {
  run(options: StillPictureRun): Promise<Buffer>;
}

/** One keyframe, with the init segment that decodes it. */
export interface Keyframe {
  readonly init: Buffer;
  /** It, behind those that must be decoded first where the camera refreshes its picture piece by piece. */
  readonly accessUnits: readonly Buffer[];
}

const timeoutMs = 10_000;
const mostPictureBytes = 8 * 1024 * 1024;
const mostOutputBytes = 32 * 1024 * 1024;
const ticksPerSecond = 1000;

/**
 * ffmpeg's arguments for JPEGs of at most `width` pixels of every picture of an MP4 on stdin; each comes in a fragment
 * of its own that has the picture's time.
 */
export function stillPictureArguments(width: number | undefined): string[] {
  return [
    ...['-v', 'error', '-probesize', '5000', '-analyzeduration', '0', '-fpsprobesize', '0', '-copyts'],
    ...['-threads', '1', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-filter_threads', '1'],
    // The comma inside min() is escaped for the filter graph's own grammar.
    ...(width === undefined ? [] : ['-vf', `scale=w=min(iw\\,${width}):h=-2:flags=area`]),
    ...['-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '5', '-threads', '1'],
    ...['-fps_mode', 'passthrough', '-enc_time_base', '-1', '-avoid_negative_ts', 'disabled'],
    ...['-video_track_timescale', String(ticksPerSecond), '-f', 'mp4', '-use_editlist', '0'],
    ...['-movflags', '+empty_moov+default_base_moof+frag_every_frame+frag_discont', 'pipe:1'],
  ];
}

/** From ftyp+moov and a fragment of one keyframe, or one for each picture until it is right. @throws AppError invalid bad_mp4 */
export function splitKeyframe(bytes: Buffer): Keyframe {
  const boxes = [...iterateBoxes(bytes)];
  const moof = boxes.find(({ type }) => type === 'moof');
  const accessUnits = boxes.filter(({ type }) => type === 'mdat').map((mdat) => payloadOf(bytes, mdat));
  if (moof === undefined || accessUnits.length === 0) throw new AppError('invalid', 'bad_mp4', 'not a keyframe');
  return { init: bytes.subarray(0, moof.start), accessUnits };
}

function picturesOf(bytes: Buffer, count: number): (Buffer | undefined)[] {
  const pictures: (Buffer | undefined)[] = Array.from({ length: count }, () => undefined);
  const boxes = [...iterateBoxes(bytes)];
  const moov = boxes.find(({ type }) => type === 'moov');
  if (moov === undefined) return pictures;
  const defaults = parseTrackDefaults(bytes.subarray(0, moov.end), 1);
  for (const [index, { type, start }] of boxes.entries()) {
    const mdat = boxes[index + 1];
    if (type !== 'moof' || mdat?.type !== 'mdat') continue;
    const fragment = bytes.subarray(start, mdat.end);
    const { baseMediaDecodeTime, samples } = parseMoof(fragment, defaults);
    const [sample] = samples;
    if (sample === undefined || sample.size === 0) continue;
    const which = (Number(baseMediaDecodeTime) + sample.compositionOffset) / ticksPerSecond - 1;
    // A copy: the others' memory does not stay for as long as this one is remembered.
    if (which in pictures) pictures[which] = Buffer.from(fragment.subarray(sample.offset, sample.offset + sample.size));
  }
  return pictures;
}

/**
 * JPEGs of keyframes that all have the init segment of the first one, in their order; undefined where a keyframe gave
 * none. @throws what ffmpeg throws
 */
export async function runPictures(
  ffmpeg: PictureEncoder,
  keyframes: readonly Keyframe[],
  width: number | undefined,
  signal: AbortSignal,
): Promise<(Buffer | undefined)[]> {
  const [first] = keyframes;
  if (first === undefined) return [];
  const { trackId, timescale } = parseInitSegment(first.init);
  // A second each; those that only lead to one lie between.
  const fragments = keyframes.flatMap(({ accessUnits }, index) => {
    const stepTicks = Math.floor(timescale / accessUnits.length);
    return accessUnits.map((accessUnit, place) =>
      buildKeyframeFragment({
        sequenceNumber: place + 1,
        trackId,
        presentationTime: BigInt((index + 1) * timescale - (accessUnits.length - 1 - place) * stepTicks),
        durationTicks: stepTicks,
        accessUnit,
      }),
    );
  });
  const jpegs = await ffmpeg.run({
    args: stillPictureArguments(width),
    stdin: Buffer.concat([first.init, ...fragments]),
    maxOutputBytes: Math.min(mostOutputBytes, keyframes.length * mostPictureBytes),
    timeoutMs,
    signal,
  });
  return picturesOf(jpegs, keyframes.length);
}
