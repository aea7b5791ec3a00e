/** A closed footage file as its entry covers it; hashes are SHA-256, hex. */
export interface ChainedFile {
  readonly cameraId: string;
  /** Relative to the footage folder: `<camera>/<UTC day>/<start ms>-<run>.mp4`. */
  readonly path: string;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly byteLength: number;
  readonly run: number;
  readonly epoch: number;
  readonly initSha256: string;
  readonly fragments: number;
  readonly contentSha256: string;
  readonly indexSha256: string;
}
/** found: closed in order at some time; it may have an entry already, else it is entered as late. */
export type HowEntered = 'closed' | 'recovered' | 'found';

export const chainPathOf = (cameraId: string): string => `${cameraId}/chain.jsonl`;

/** From the name of the file. */
export function startMsOf(path: string): number {
  return Number(/\/(\d+)-\d+\.mp4$/.exec(path)?.[1] ?? Number.NaN);
}
