// Merges groups of pictures into HLS segments that are byte ranges of the footage files.
import { AppError } from '../../lib/errors.js';
import type { PlaylistSegment } from '../../lib/hls/media-playlist.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import { adjoins } from './adjoins.js';
import { mapAhead } from './map-ahead.js';
import { timescaleOf, type NeededFootage } from './needed-footage.js';
import type { PlaybackFragment } from './playback-footage.js';

/** Whole groups of pictures are put together up to this length. */
const usualSegmentMs = 6000;
/** What is converted comes the sooner the less it is. */
const convertedSegmentMs = 3000;
/** A single group of pictures stays one segment up to these limits; a smart codec sends a keyframe a minute. */
const longestSegmentMs = 70_000;
const largestSegmentBytes = 32 * 1024 * 1024;
/** A day in segments of six seconds, and some room. */
const mostSegments = 20_000;

/** Files that the viewer cannot play as they are. */
export type IsConverted = (fileId: string) => boolean;

interface Piece {
  readonly fragments: PlaybackFragment[];
  readonly discontinuity: boolean;
  readonly steps: boolean;
  readonly independent: boolean;
}

const durationOf = (fragments: readonly PlaybackFragment[]) =>
  fragments.reduce((sum, fragment) => sum + fragment.durationMs, 0);

function piecesOf(needed: NeededFootage, converted: IsConverted): Piece[] {
  const pieces: Piece[] = [];
  for (const group of needed.groups) {
    const last = pieces.at(-1);
    const mayJoin =
      last !== undefined &&
      !group.breaksBefore &&
      !group.stepsBefore &&
      adjoins(last.fragments.at(-1), group.fragments[0]) &&
      durationOf(last.fragments) + durationOf(group.fragments) <=
        (converted(group.fragments[0]?.fileId ?? '') ? convertedSegmentMs : usualSegmentMs);
    if (mayJoin) {
      last.fragments.push(...group.fragments);
      continue;
    }
    let piece: Piece | undefined;
    let pieceMs = 0;
    let pieceBytes = 0;
    for (const fragment of group.fragments) {
      // What is decoded before it is sent can be cut in any place.
      const anywhere = converted(fragment.fileId);
      const longestMs = anywhere ? usualSegmentMs : longestSegmentMs;
      const full = pieceMs + fragment.durationMs > longestMs || pieceBytes + fragment.byteLength > largestSegmentBytes;
      if (piece === undefined || full || !adjoins(piece.fragments.at(-1), fragment)) {
        const first = piece === undefined;
        piece = {
          fragments: [],
          discontinuity: first && group.breaksBefore,
          steps: first && group.stepsBefore,
          independent: fragment.independent || anywhere,
        };
        pieces.push(piece);
        pieceMs = 0;
        pieceBytes = 0;
      }
      piece.fragments.push(fragment);
      pieceMs += fragment.durationMs;
      pieceBytes += fragment.byteLength;
    }
    if (pieces.length > mostSegments)
      throw new AppError('invalid', 'range_too_long', `the range needs over ${mostSegments} segments`);
  }
  return pieces;
}

interface Shown {
  /** Presentation time on the media timeline, ticks. */
  readonly ticks: bigint;
  readonly atMs: number;
  readonly timescale: number;
}

export async function vodSegments(
  needed: NeededFootage,
  facts: FragmentFactsReader,
  /** What the files are asked under: with their video alone, or with sound. */
  folder: 'files' | 'sound' = 'files',
  converted: IsConverted = () => false,
): Promise<{ segments: PlaylistSegment[]; independentSegments: boolean }> {
  const pieces = piecesOf(needed, converted);
  const firsts = pieces.map(({ fragments }) => fragments[0] as PlaybackFragment);
  // Each header is read, once: the delay that reordering brings may change anywhere inside a run.
  const ticks = await mapAhead(firsts, async (first) => (await facts.of(first)).firstTicks);
  const shown = firsts.map((first, index): Shown => {
    const timescale = timescaleOf(needed.files, first.fileId);
    const firstTicks = ticks[index] ?? 0;
    return {
      ticks: first.baseMediaDecodeTime + BigInt(firstTicks),
      atMs: first.startAtMs + (firstTicks * 1000) / timescale,
      timescale,
    };
  });
  const segments = pieces.map((piece, index): PlaylistSegment => {
    const first = piece.fragments[0] as PlaybackFragment;
    const last = piece.fragments.at(-1) as PlaybackFragment;
    const own = shown[index] as Shown;
    const next = shown[index + 1];
    const goesOn = next !== undefined && pieces[index + 1]?.discontinuity === false && next.ticks > own.ticks;
    const uri = `${folder}/${first.fileId}.mp4`;
    const endByte = last.offset + last.byteLength;
    const media = converted(first.fileId)
      ? {
          uri: `converted/${first.fileId}-${first.offset}-${endByte}.m4s`,
          map: { uri: `converted/${first.fileId}.mp4` },
        }
      : {
          uri,
          byteRange: { offset: first.offset, length: endByte - first.offset },
          map: { uri, byteRange: { offset: 0, length: needed.files.get(first.fileId)?.initByteLength ?? 0 } },
        };
    return {
      ...media,
      durationSeconds: goesOn ? Number(next.ticks - own.ticks) / own.timescale : durationOf(piece.fragments) / 1000,
      programDateTimeMs: own.atMs,
      discontinuity: piece.discontinuity,
    };
  });
  return { segments, independentSegments: pieces.every((piece) => piece.independent) };
}
