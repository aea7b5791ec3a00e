// What extraction needs of the footage; handed in by the recorder's composition.

export interface SourceFragment {
  readonly fileId: string;
  readonly offset: number;
  readonly byteLength: number;
  /** UTC, ms, of presentation time `baseMediaDecodeTime`. */
  readonly startAtMs: number;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly baseMediaDecodeTime: bigint;
  readonly run: number;
  readonly initId: string;
  readonly timeSource: 'rtcp' | 'arrival';
  readonly sampleCount: number;
}

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
    options?: { preRoll?: boolean },
  ): Promise<readonly SourceFragment[]>;
  file(fileId: string): Promise<SourceFile | undefined>;
  /** @throws AppError not_found 'footage_gone' */
  read(fileId: string, offset: number, byteLength: number): Promise<Buffer>;
  bounds(cameraId: string): Promise<{ oldestAtMs: number; newestAtMs: number } | undefined>;
}

/** Keeps a range from retention while a job needs it. */
export interface FootageProtection {
  protect(id: string, cameraId: string, fromMs: number, toMs: number): Promise<void> | void;
  unprotect(id: string): Promise<void> | void;
}
