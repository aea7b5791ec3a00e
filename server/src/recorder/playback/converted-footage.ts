// H.264 of footage that a browser cannot play (H.265, MJPEG, MPEG-4), made piece by piece as somebody watches and
// remembered up to a limit. The footage itself stays as it came.
import { AppError } from '../../lib/errors.js';
import { iterateBoxes } from '../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { joinFragments } from '../../lib/isobmff/split-fragment.js';
import { adjoins } from './adjoins.js';
import { BoundedCache } from './bounded-cache.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import { closestStepMs, keyframeBytes, keyframeSteps, stepMsOf, type KeyframeStep } from './keyframe-steps.js';
import { neededFootage } from './needed-footage.js';
import type { PlaybackFootage, PlaybackFragment } from './playback-footage.js';
import type { OpenedRange, RangeGuard } from './range-guard.js';
import { createSharedWork } from './shared-work.js';

/** The part of the room of conversions that is needed. */
export interface FootageConverter {
  /** ftyp, moov and one fragment. @throws AppError unavailable transcodes_busy */
  convert(
    media: Buffer,
    stretch: { timescale: number; fromTicks: bigint; toTicks: bigint; allKeyframes?: boolean },
    signal?: AbortSignal,
  ): Promise<Buffer>;
}

interface Converted {
  readonly init: Buffer;
  readonly media: Buffer;
}
interface Answer {
  readonly contentType: string;
  readonly body: Buffer;
}

/** Pieces of a playlist are of 6 s, with a fragment for each keyframe; a group before one reaches back a minute at most. */
const mostPieceFragments = 256;
const mostMediaBytes = 64 * 1024 * 1024;
const mostKeyframes = 8;
/** Keyframes are at most this far apart in what is recorded. */
const longestGroupMs = 75_000;
const rememberedBytes = 48 * 1024 * 1024;
const rememberedInits = 64;

/** `codec` is RFC 6381. */
export function isPlayed(codec: string | undefined, plays: readonly ('h264' | 'h265')[]): boolean {
  if (codec === undefined) return true;
  if (/^avc[13]/.test(codec)) return plays.includes('h264');
  return /^h(vc|ev)1/.test(codec) && plays.includes('h265');
}

const outside = () =>
  new AppError('forbidden', 'outside_opened_range', 'these pictures lie outside of the range that was opened');

/** What came of a conversion, whose last picture is shown until `endTicks`. */
function converted(bytes: Buffer, endTicks: bigint): Converted {
  const boxes = [...iterateBoxes(bytes)];
  const moov = boxes.find(({ type }) => type === 'moov');
  const fragments = boxes.flatMap(({ type, start }, index) => {
    const mdat = boxes[index + 1];
    return type === 'moof' && mdat?.type === 'mdat' ? [bytes.subarray(start, mdat.end)] : [];
  });
  if (moov === undefined || fragments.length === 0)
    throw new AppError('unavailable', 'conversion_failed', 'no picture of this footage could be decoded');
  const init = bytes.subarray(0, moov.end);
  const defaults = parseTrackDefaults(init, parseInitSegment(init).trackId);
  return { init, media: joinFragments(fragments, defaults, endTicks) };
}

export function createConvertedFootage(options: {
  footage: PlaybackFootage;
  facts: FragmentFactsReader;
  guards: RangeGuard;
  converter: FootageConverter | undefined;
}) {
  const { footage, facts, guards, converter } = options;
  const pieces = new BoundedCache<Buffer>(rememberedBytes, (bytes) => bytes.length);
  const inits = new BoundedCache<Buffer>(rememberedInits);
  const once = createSharedWork<Converted>();

  async function convert(
    fileId: string,
    media: readonly Buffer[],
    stretch: { timescale: number; fromTicks: bigint; toTicks: bigint; allKeyframes?: boolean },
    signal: AbortSignal,
  ): Promise<Converted> {
    if (converter === undefined) throw new AppError('unavailable', 'transcodes_busy', 'nothing is converted here');
    const { bytes: init } = await facts.init(fileId);
    return converted(await converter.convert(Buffer.concat([init, ...media]), stretch, signal), stretch.toTicks);
  }

  async function presented(fragment: PlaybackFragment): Promise<{ fromTicks: bigint; toTicks: bigint }> {
    const { firstTicks, endTicks } = await facts.of(fragment);
    return {
      fromTicks: fragment.baseMediaDecodeTime + BigInt(firstTicks),
      toTicks: fragment.baseMediaDecodeTime + BigInt(endTicks),
    };
  }

  /**
   * Where the next piece begins: with reordered pictures some of this one's may be shown after that, and they come with
   * the next piece.
   */
  async function endOfPiece(last: PlaybackFragment, next: PlaybackFragment | undefined): Promise<bigint> {
    const { toTicks } = await presented(last);
    if (!adjoins(last, next) || next === undefined) return toTicks;
    const { fromTicks } = await presented(next);
    return fromTicks > last.baseMediaDecodeTime && fromTicks < toTicks ? fromTicks : toTicks;
  }

  async function read(fragments: readonly PlaybackFragment[]): Promise<Buffer[]> {
    if (fragments.reduce((sum, { byteLength }) => sum + byteLength, 0) > mostMediaBytes)
      throw new AppError('unavailable', 'conversion_failed', 'too much lies between two keyframes');
    const media: Buffer[] = [];
    for (const { fileId, offset, byteLength } of fragments) media.push(await footage.read(fileId, offset, byteLength));
    return media;
  }

  /** From the keyframe before a fragment on, as far as it needs them. */
  function withKeyframe(fragments: readonly PlaybackFragment[], start: number): number {
    const run = fragments[start]?.run;
    let from = start;
    while (from > 0 && fragments[from]?.independent !== true && fragments[from - 1]?.run === run) from -= 1;
    return from;
  }

  async function answer(
    key: string,
    signal: AbortSignal | undefined,
    make: (signal: AbortSignal) => Promise<Converted>,
  ): Promise<Answer> {
    const known = pieces.get(key);
    if (known !== undefined) return { contentType: 'video/iso.segment', body: known };
    const { media } = await once(key, signal, make);
    pieces.set(key, media);
    return { contentType: 'video/iso.segment', body: media };
  }

  return {
    /** Pictures of the fragments that fill [startByte, endByte). @throws AppError forbidden outside_opened_range */
    async stretch(
      cameraId: string,
      fileId: string,
      startByte: number,
      endByte: number,
      guard: OpenedRange,
      signal?: AbortSignal,
    ): Promise<Answer> {
      const fragments = await guards.fragments(cameraId, fileId, guard);
      const start = fragments.findIndex(({ offset }) => offset === startByte);
      const end = fragments.findIndex(({ offset, byteLength }) => offset + byteLength === endByte);
      const first = fragments[start];
      const last = fragments[end];
      if (first === undefined || last === undefined || end < start || end - start >= mostPieceFragments)
        throw outside();
      const { fromTicks } = await presented(first);
      const toTicks = await endOfPiece(last, fragments[end + 1]);
      return answer(`${fileId}/${startByte}-${endByte}/${toTicks}`, signal, async (aborted) => {
        const media = await read(fragments.slice(withKeyframe(fragments, start), end + 1));
        const { timescale } = await facts.file(fileId);
        return convert(fileId, media, { timescale, fromTicks, toTicks }, aborted);
      });
    },

    /** The keyframes that a playlist of keyframes lists from one fragment to another. Errors as `stretch`. */
    async keyframes(
      cameraId: string,
      fileId: string,
      firstOffset: number,
      lastOffset: number,
      guard: OpenedRange,
      signal?: AbortSignal,
    ): Promise<Answer> {
      const fragments = await guards.fragments(cameraId, fileId, guard);
      const first = fragments.find(({ offset }) => offset === firstOffset);
      const last = fragments.find(({ offset }) => offset === lastOffset);
      if (first?.independent !== true || last?.independent !== true || lastOffset < firstOffset) throw outside();
      const stepMs = firstOffset === lastOffset ? stepMsOf(guard.toMs - guard.fromMs) : closestStepMs;
      return answer(`${fileId}/${firstOffset}-${lastOffset}/${stepMs}`, signal, async (aborted) => {
        const untilMs = Math.min(guard.toMs, last.startAtMs + longestGroupMs + 2 * stepMs);
        const ahead = await neededFootage(
          footage,
          facts,
          cameraId,
          first.startAtMs,
          Math.max(untilMs, first.startAtMs + 1),
        );
        const groups = ahead.groups.slice(
          ahead.groups.findIndex(({ fragments: [one] }) => one?.fileId === fileId && one.offset === firstOffset),
        );
        const all = await keyframeSteps({ ...ahead, groups }, facts, stepMs);
        const count = all.findIndex(({ fragment }) => fragment.fileId === fileId && fragment.offset === lastOffset) + 1;
        const steps = all.slice(0, count);
        const end: KeyframeStep | undefined = steps.at(-1);
        if (end === undefined || count > mostKeyframes || steps[0]?.fragment.offset !== firstOffset) throw outside();
        const media: Buffer[] = [];
        for (const step of steps) media.push(await keyframeBytes(footage, facts, step));
        return convert(
          fileId,
          media,
          {
            timescale: end.timescale,
            fromTicks: steps[0].presentationTime,
            toTicks: end.presentationTime + BigInt(end.durationTicks),
            allKeyframes: true,
          },
          aborted,
        );
      });
    },

    /** ftyp+moov for all pieces of a file. Errors as `stretch`. */
    async init(cameraId: string, fileId: string, guard: OpenedRange, signal?: AbortSignal): Promise<Answer> {
      const fragment = (await guards.fragments(cameraId, fileId, guard)).find(({ independent }) => independent);
      if (fragment === undefined) throw outside();
      const known = inits.get(fragment.initId);
      if (known !== undefined) return { contentType: 'video/mp4', body: known };
      const { init } = await once(`init/${fragment.initId}`, signal, async (aborted) => {
        const { timescale } = await facts.file(fileId);
        const { fromTicks } = await presented(fragment);
        const stretch = { timescale, fromTicks, toTicks: fromTicks + 1n };
        return convert(fileId, await read([fragment]), stretch, aborted);
      });
      inits.set(fragment.initId, init);
      return { contentType: 'video/mp4', body: init };
    },
  };
}
