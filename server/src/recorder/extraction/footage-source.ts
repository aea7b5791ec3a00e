// What extraction needs of the footage; handed in by the recorder's composition.
import type { StoredFragment } from '../../lib/fragment.js';

export type SourceFragment = StoredFragment;

export interface SourceFile {
  readonly cameraId: string;
  readonly initByteLength: number;
  readonly timescale: number;
  readonly trackId: number;
}

export interface FootageSource {
  fragments(
    cameraId: string,
    fromMs: number,
    toMs: number,
    options?: { preRoll?: boolean; longestPreRollMs?: number },
  ): Promise<readonly SourceFragment[]>;
  file(fileId: string): Promise<SourceFile | undefined>;
  /** Into `into` where it is given and large enough. @throws AppError not_found 'footage_gone' */
  read(fileId: string, offset: number, byteLength: number, into?: Buffer): Promise<Buffer>;
  bounds(cameraId: string): Promise<{ oldestAtMs: number; newestAtMs: number } | undefined>;
}

/** Keeps a range from retention while a job needs it. */
export interface FootageProtection {
  protect(id: string, cameraId: string, fromMs: number, toMs: number): Promise<void> | void;
  unprotect(id: string): Promise<void> | void;
  /** Whatever else was protected before a restart is over. */
  protectOnly(ids: readonly string[]): Promise<void> | void;
}
