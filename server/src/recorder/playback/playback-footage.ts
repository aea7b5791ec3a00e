// What playback needs of the footage; handed in by the recorder's composition.
import type { StoredFragment } from '../../lib/fragment.js';

export type PlaybackFragment = Omit<StoredFragment, 'timeSource'>;

export interface PlaybackFile {
  readonly cameraId: string;
  /** The init segment is bytes [0, initByteLength). */
  readonly initByteLength: number;
  /** RFC 6381. */
  readonly codec: string;
  readonly timescale: number;
  readonly trackId: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly byteLength: number;
  readonly open: boolean;
}

export interface PlaybackFootage {
  fragments(
    cameraId: string,
    fromMs: number,
    toMs: number,
    options?: { preRoll?: boolean },
  ): Promise<readonly PlaybackFragment[]>;
  file(fileId: string): Promise<PlaybackFile | undefined>;
  /** @throws AppError not_found 'footage_gone' */
  read(fileId: string, offset: number, byteLength: number): Promise<Buffer>;
  /** Each piece is lent: it is overwritten when the next one is asked for. @throws AppError not_found 'footage_gone' */
  pieces(fileId: string, offset: number, byteLength: number): AsyncIterable<Buffer>;
  coverage(cameraId: string, fromMs: number, toMs: number): Promise<readonly { fromMs: number; toMs: number }[]>;
  bounds(cameraId: string): Promise<{ oldestAtMs: number; newestAtMs: number } | undefined>;
}
