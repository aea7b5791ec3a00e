import { z } from 'zod';
import { idSchema } from './common.js';

/**
 * Several live streams in one answer, for a wall of pictures: over HTTP/1.1 a browser has six connections, and sixteen
 * tiles that each ask for a playlist and its segments wait for one another. The answer goes on for as long as somebody
 * looks. It is a sequence of frames; a frame is two lengths (unsigned, 32 bits, big endian), a head of so many bytes
 * (JSON, UTF-8, `multiplexHead`) and a body of so many bytes.
 *
 *   GET /api/live?streams=<camera>.<stream>[.<after>],…&plays=h264[,h265]      (the recorder's is /v1/live)
 *
 * `after` is the number of the newest segment that the viewer has: a request that replaces another one goes on there,
 * so that the set of tiles changes without a break for those that stay.
 */
export const multiplexedStreams = ['main', 'sub', 'converted'] as const;
export type MultiplexedStream = (typeof multiplexedStreams)[number];
export const mostMultiplexed = 32;

export interface MultiplexAsk {
  readonly cameraId: string;
  readonly stream: MultiplexedStream;
  readonly after: number | undefined;
}

const askPattern = /^([0-9a-fA-F-]{36})\.(main|sub|converted)(?:\.(\d{1,15}))?$/;

/** The name of a stream in requests and heads. */
export const multiplexName = ({ cameraId, stream }: Pick<MultiplexAsk, 'cameraId' | 'stream'>) =>
  `${cameraId}.${stream}`;

export const askText = (ask: MultiplexAsk): string =>
  ask.after === undefined ? multiplexName(ask) : `${multiplexName(ask)}.${ask.after}`;

/** Of the query `streams`; each stream once. */
export const multiplexAsks = z
  .string()
  .max(mostMultiplexed * 70)
  .transform((text, context): MultiplexAsk[] => {
    const asks = new Map<string, MultiplexAsk>();
    for (const part of text.split(',')) {
      const [, id, stream, after] = askPattern.exec(part) ?? [];
      if (stream === undefined || !idSchema.safeParse(id).success) {
        context.addIssue({ code: 'custom', message: 'expected <camera>.<stream>[.<after>], separated by commas' });
        return z.NEVER;
      }
      const ask = {
        cameraId: id!,
        stream: stream as MultiplexedStream,
        after: after === undefined ? after : Number(after),
      };
      asks.set(multiplexName(ask), ask);
    }
    if (asks.size > mostMultiplexed) {
      context.addIssue({ code: 'custom', message: `at most ${mostMultiplexed} streams` });
      return z.NEVER;
    }
    return [...asks.values()];
  });

const name = z.string().max(60);
export const multiplexHead = z.discriminatedUnion('kind', [
  /** Body: ftyp+moov. Comes before the first segment that needs it. */
  z.object({ kind: z.literal('init'), name, id: z.string().max(64) }),
  /** Body: moof+mdat, one or several. */
  z.object({
    kind: z.literal('segment'),
    name,
    /** Grows; a number may be missing where a viewer was too slow. */
    number: z.int().nonnegative(),
    /** UTC, ms, of the frame shown first. */
    shownFromMs: z.number(),
    durationMs: z.number().nonnegative(),
    /** By the recorder's clock, UTC ms: how long frames are under way shows in how that changes. */
    sentAtMs: z.number(),
    /** Begins with a keyframe. */
    independent: z.boolean(),
    /** Does not follow the segment with the number before. */
    discontinuity: z.boolean(),
    initId: z.string().max(64),
  }),
  /** Body: JPEG, for a stream whose first picture is late. */
  z.object({ kind: z.literal('still'), name, pictureAtMs: z.number() }),
  /** Nothing more comes of this stream in this answer. Body: `errorResponse`. */
  z.object({ kind: z.literal('failure'), name, status: z.int() }),
  /** Nothing to tell for a while, and the connection is there. */
  z.object({ kind: z.literal('alive') }),
]);
export type MultiplexHead = z.output<typeof multiplexHead>;
export type MultiplexedSegment = Extract<MultiplexHead, { kind: 'segment' }>;

/** `alive` comes so often where nothing else does. */
export const aliveEveryMs = 4000;
const lengthsBytes = 8;
const mostHeadBytes = 4096;
const mostBodyBytes = 16 * 1024 * 1024;

/** The two lengths in front of a head and a body. */
export function frameLengths(headBytes: number, bodyBytes: number): Uint8Array {
  const lengths = new Uint8Array(lengthsBytes);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, headBytes);
  view.setUint32(4, bodyBytes);
  return lengths;
}

export interface MultiplexFrame {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** All of it, lengths included. */
  readonly bytes: Uint8Array;
}

/** Cuts what arrives into frames. Keeps at most one that is not complete. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #wanted = lengthsBytes;

  /** The frames that this chunk completes; they have memory of their own. @throws RangeError where a length is absurd */
  push(chunk: Uint8Array): MultiplexFrame[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#wanted) return [];
    let bytes = joined(this.#chunks, this.#buffered);
    const frames: MultiplexFrame[] = [];
    for (;;) {
      const length = frameLength(bytes);
      this.#wanted = length ?? lengthsBytes;
      if (length === undefined || bytes.length < length) break;
      frames.push(frameOf(bytes.slice(0, length)));
      bytes = bytes.subarray(length);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#buffered = bytes.length;
    return frames;
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Of the frame that begins there; undefined before its lengths are there. */
function frameLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < lengthsBytes) return undefined;
  const view = viewOf(bytes);
  const [head, body] = [view.getUint32(0), view.getUint32(4)];
  if (head > mostHeadBytes || body > mostBodyBytes) throw new RangeError(`a frame of ${head} and ${body} bytes`);
  return lengthsBytes + head + body;
}

function frameOf(bytes: Uint8Array): MultiplexFrame {
  const headEnd = lengthsBytes + viewOf(bytes).getUint32(0);
  return { head: bytes.subarray(lengthsBytes, headEnd), body: bytes.subarray(headEnd), bytes };
}
