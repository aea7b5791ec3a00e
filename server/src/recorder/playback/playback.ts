// Owns the way back to recorded footage: playlists of byte ranges into the footage files, the ranges themselves,
// single keyframes for fast play, and thumbnails. Nothing is transcoded but thumbnails; who may ask is decided above.
import { AppError } from '../../lib/errors.js';
import { renderMediaPlaylist } from '../../lib/hls/media-playlist.js';
import { hiddenPieces } from '../../lib/isobmff/hidden-tracks.js';
import { createConvertedFootage, isPlayed, type FootageConverter } from './converted-footage.js';
import { FragmentFactsReader } from './fragment-facts.js';
import type { KeyframePictures } from './keyframe-pictures.js';
import { keyframeBytes, keyframeSegments, keyframeSteps, stepMsOf } from './keyframe-steps.js';
import { mapAhead } from './map-ahead.js';
import { neededFootage, type NeededFootage } from './needed-footage.js';
import { noFootage } from './no-footage.js';
import type { PlaybackFootage } from './playback-footage.js';
import { RangeGuard, type OpenedRange } from './range-guard.js';
import { findThumbnail, refreshedPicture } from './thumbnail-keyframe.js';
import { vodSegments } from './vod-segments.js';

const longestRangeMs = 25 * 3600_000;
/** Keyframes are at most this far apart in what is recorded; the picture after one is looked for so far ahead. */
const longestGroupMs = 75_000;

export type PlaylistMode = 'full' | 'keyframes';

export interface MediaAnswer {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface FileRange {
  readonly contentType: 'video/mp4';
  /** Half-open. */
  readonly startByte: number;
  readonly endByte: number;
  /** Of the whole file, for Content-Range; an open file grows. */
  readonly totalBytes: number;
  /** Each is lent: it is overwritten when the next one is asked for. */
  readonly pieces: AsyncIterable<Buffer>;
}

export interface Thumbnail {
  readonly contentType: 'image/jpeg';
  readonly body: Buffer;
  /** UTC, ms, of the picture. */
  readonly pictureAtMs: number;
}

export interface Playback {
  /**
   * HLS media playlist (`application/vnd.apple.mpegurl`) of [fromMs, toMs), complete. URIs are relative:
   * `files/<fileId>.mp4` with byte ranges (`sound/<fileId>.mp4` with `sound`), or `keyframes/<fileId>-<offset>.m4s` and
   * `inits/<fileId>.mp4`. Where `plays` does not name what a file is, it is `converted/<fileId>-<start>-<end>.m4s`, or
   * `converted-keyframes/<fileId>-<first offset>-<last offset>.m4s`, with `converted/<fileId>.mp4`.
   * @throws AppError not_found no_footage with details sinceAt and nextAt; invalid bad_range
   */
  playlist(
    cameraId: string,
    fromMs: number,
    toMs: number,
    mode: PlaylistMode,
    options?: PlaylistOptions,
  ): Promise<string>;
  /**
   * Bytes [startByte, endByte) of a footage file; without `sound` its other tracks than the video are hidden, so that
   * a browser that cannot play AAC, or does not want to hear it, is given nothing but the picture.
   * @throws AppError forbidden outside_opened_range, not_found footage_gone
   */
  fileRange(
    cameraId: string,
    fileId: string,
    startByte: number,
    endByte: number,
    guard: OpenedRange,
    sound?: boolean,
  ): Promise<FileRange>;
  /** ftyp+moov of a footage file, with its video track only. @throws AppError not_found footage_gone */
  init(cameraId: string, fileId: string): Promise<MediaAnswer>;
  /**
   * The keyframe of the fragment at `offset` as a fragment of its own, shown until the next one of the playlist.
   * @throws AppError not_found, forbidden
   */
  keyframe(cameraId: string, fileId: string, offset: number, guard: OpenedRange): Promise<MediaAnswer>;
  /**
   * H.264 of what lies in [startByte, endByte) of a footage file that the viewer cannot play, or of its keyframes in the
   * fragments from `startByte` to the one at `endByte`; at the same instants.
   * @throws AppError forbidden outside_opened_range, unavailable transcodes_busy
   */
  converted(
    cameraId: string,
    fileId: string,
    kind: 'stretch' | 'keyframes',
    startByte: number,
    endByte: number,
    guard: OpenedRange,
    signal?: AbortSignal,
  ): Promise<MediaAnswer>;
  /** ftyp+moov of what `converted` gives. Errors as there. */
  convertedInit(cameraId: string, fileId: string, guard: OpenedRange, signal?: AbortSignal): Promise<MediaAnswer>;
  /**
   * JPEG of the nearest keyframe at or before `atMs` within 60 s of footage, else of the next one within 60 s.
   * Not made when `signal` aborts before its turn. @throws AppError not_found no_footage, too_many pictures_busy
   */
  thumbnail(cameraId: string, atMs: number, width?: number, signal?: AbortSignal): Promise<Thumbnail>;
}

export interface PlaylistOptions {
  /** Default: the picture alone. */
  readonly sound?: boolean;
  /** Default: everything. */
  readonly plays?: readonly ('h264' | 'h265')[] | undefined;
}

export const playlistContentType = 'application/vnd.apple.mpegurl';

function checkRange(fromMs: number, toMs: number): void {
  if (!(toMs > fromMs) || toMs - fromMs > longestRangeMs)
    throw new AppError('invalid', 'bad_range', 'range must be of at most 24 hours and end after it begins');
}

export function createPlayback(options: {
  footage: PlaybackFootage;
  pictures: KeyframePictures;
  /** Default: what a viewer cannot play is not shown. */
  converter?: FootageConverter;
}): Playback {
  const { footage, pictures } = options;
  const facts = new FragmentFactsReader(footage);
  const guards = new RangeGuard(footage, facts);
  const convertedFootage = createConvertedFootage({ footage, facts, guards, converter: options.converter });

  /** Where in [startByte, endByte) of a file that has other tracks than the video these are described, rising. */
  async function otherTracksAt(
    cameraId: string,
    fileId: string,
    startByte: number,
    endByte: number,
    guard: OpenedRange,
  ): Promise<number[]> {
    const init = await facts.init(fileId);
    if (init.otherTracksAt.length === 0) return [];
    if (endByte <= init.bytes.length) return [...init.otherTracksAt];
    const fragments = (await guards.fragments(cameraId, fileId, guard)).filter(
      ({ offset, byteLength }) => offset < endByte && offset + byteLength > startByte,
    );
    const places = await mapAhead(fragments, async (fragment) =>
      (await facts.of(fragment)).otherTracksAt.map((at) => fragment.offset + at),
    );
    return places.flat();
  }

  async function unplayableOf({ files }: NeededFootage, plays: readonly ('h264' | 'h265')[]): Promise<Set<string>> {
    const found = await mapAhead([...files], async ([fileId, { codec }]) =>
      isPlayed(codec, plays) && !(await facts.init(fileId)).beginsAtRecoveryPoints ? undefined : fileId,
    );
    return new Set(found.filter((fileId) => fileId !== undefined));
  }

  return {
    async playlist(cameraId, fromMs, toMs, mode, { sound = false, plays } = {}) {
      checkRange(fromMs, toMs);
      const needed = await neededFootage(footage, facts, cameraId, fromMs, toMs);
      const stepMs = stepMsOf(toMs - fromMs);
      const unplayable = plays === undefined ? new Set<string>() : await unplayableOf(needed, plays);
      const converted = (fileId: string) => unplayable.has(fileId);
      const { segments, independentSegments } =
        mode === 'keyframes'
          ? {
              segments: keyframeSegments(await keyframeSteps(needed, facts, stepMs), converted, stepMs),
              independentSegments: true,
            }
          : await vodSegments(needed, facts, sound ? 'sound' : 'files', converted);
      if (segments.length === 0) throw await noFootage(footage, cameraId, fromMs, toMs);
      return renderMediaPlaylist({ mediaSequence: 0, complete: true, independentSegments, segments });
    },

    async fileRange(cameraId, fileId, startByte, endByte, guard, sound = false) {
      const file = await guards.check(cameraId, fileId, startByte, endByte, guard);
      const hidden = sound ? [] : await otherTracksAt(cameraId, fileId, startByte, endByte, guard);
      const pieces = footage.pieces(fileId, startByte, endByte - startByte);
      return {
        contentType: 'video/mp4',
        startByte,
        endByte,
        totalBytes: file.byteLength,
        pieces: hidden.length === 0 ? pieces : hiddenPieces(pieces, startByte, hidden),
      };
    },

    async init(cameraId, fileId) {
      await guards.file(cameraId, fileId);
      return { contentType: 'video/mp4', body: (await facts.init(fileId)).videoOnly };
    },

    async keyframe(cameraId, fileId, offset, guard) {
      checkRange(guard.fromMs, guard.toMs);
      const fragments = await guards.fragments(cameraId, fileId, guard);
      const fragment = fragments.find((candidate) => candidate.offset === offset);
      if (fragment === undefined || !fragment.independent)
        throw new AppError('forbidden', 'outside_opened_range', 'there is no keyframe of the opened range there');
      const stepMs = stepMsOf(guard.toMs - guard.fromMs);
      const untilMs = Math.min(guard.toMs, fragment.startAtMs + longestGroupMs + 2 * stepMs);
      const ahead = await neededFootage(
        footage,
        facts,
        cameraId,
        fragment.startAtMs,
        Math.max(untilMs, fragment.startAtMs + 1),
      );
      const groups = ahead.groups.slice(
        ahead.groups.findIndex(({ fragments: [first] }) => first?.fileId === fileId && first.offset === offset),
      );
      const [step] = await keyframeSteps({ ...ahead, groups }, facts, stepMs);
      if (step === undefined || step.fragment.offset !== offset)
        throw new AppError('not_found', 'footage_gone', 'the keyframe is gone');
      return { contentType: 'video/iso.segment', body: await keyframeBytes(footage, facts, step) };
    },

    converted: (cameraId, fileId, kind, startByte, endByte, guard, signal) => {
      checkRange(guard.fromMs, guard.toMs);
      return kind === 'stretch'
        ? convertedFootage.stretch(cameraId, fileId, startByte, endByte, guard, signal)
        : convertedFootage.keyframes(cameraId, fileId, startByte, endByte, guard, signal);
    },

    convertedInit: (cameraId, fileId, guard, signal) => convertedFootage.init(cameraId, fileId, guard, signal),

    async thumbnail(cameraId, atMs, width, signal) {
      const found = await findThumbnail(footage, facts, cameraId, atMs);
      if (found === undefined) throw await noFootage(footage, cameraId, atMs, atMs + 1);
      const { fragment } = found;
      const body = await pictures.picture(
        `${fragment.fileId}/${fragment.offset}`,
        async () =>
          Buffer.concat([
            (await facts.init(fragment.fileId)).videoOnly,
            await refreshedPicture(footage, facts, cameraId, fragment),
          ]),
        width,
        signal,
      );
      return { contentType: 'image/jpeg', body, pictureAtMs: found.atMs };
    },
  };
}
