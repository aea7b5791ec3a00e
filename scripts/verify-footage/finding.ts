/** What a check of a footage folder can find. Failures say that something is not as it was recorded; notes only tell. */
export const failureCodes = [
  'media_changed',
  'time_changed',
  'init_changed',
  'file_cut',
  'file_longer',
  'content_changed',
  'file_swapped',
  'file_missing',
  'file_unchained',
  'file_unreadable',
  'index_missing',
  'index_damaged',
  'index_changed',
  'chain_missing',
  'chain_damaged',
  'chain_broken',
  'chain_rewritten',
  'chain_truncated',
  'entry_twice',
  'tombstone_unsigned',
  'tombstone_wrong',
  'records_missing',
  'record_damaged',
  'record_unsigned',
  'record_broken',
  'record_differs',
  'key_changed',
  'key_unexpected',
] as const;
export type FailureCode = (typeof failureCodes)[number];

export const noteCodes = [
  'file_open',
  'entry_recovered',
  'entry_late',
  'entries_unsigned',
  'index_rebuilt',
  'deletion_pending',
  'recorder_noted_loss',
  'chain_unfinished',
  'key_from_folder',
  'key_rotated',
] as const;
export type NoteCode = (typeof noteCodes)[number];

export interface Failure {
  readonly code: FailureCode;
  readonly cameraId?: string | undefined;
  /** Relative to the folder. */
  readonly path?: string | undefined;
  /** Of the file at `path`, from 1. */
  readonly fragment?: number | undefined;
  /** Of the file at `path`: first byte, and the one behind the last. */
  readonly bytes?: readonly [from: number, to: number] | undefined;
  /** When the pictures concerned were taken, UTC, ms. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Place in the chain. */
  readonly entry?: number | undefined;
  /** Of a signed record. */
  readonly sequence?: number | undefined;
  readonly recordAt?: string | undefined;
  /** Whether the pictures are as the chain says although something beside them is wrong. */
  readonly mediaWhole?: boolean | undefined;
  /** For `file_swapped`: whose content it is, a path or a camera. For deletions: the file. For `chain_truncated`: the signed count. */
  readonly other?: string | undefined;
  /** How many fragments of this file are wrong, this one included. */
  readonly fragmentsWrong?: number | undefined;
  /** What the system said. */
  readonly reason?: string | undefined;
}

/** What must be true of a file. Hashes are hex. */
export interface ExpectedFile {
  readonly n: number;
  readonly hash: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  readonly init: string;
  readonly content: string;
  readonly index: string;
}

export interface FileTask {
  readonly directory: string;
  readonly cameraId: string;
  readonly path: string;
  readonly expected: ExpectedFile | undefined;
}

export interface FileVerdict {
  readonly failures: Failure[];
  readonly notes: NoteCode[];
  readonly fragments: number;
  readonly readBytes: number;
  /** Gone while it was looked for. */
  readonly gone: boolean;
  /** What it holds now, where the chain says something else. */
  readonly content?: string | undefined;
  /** Of the camera that its index names, where that is not the one in whose folder it lies. */
  readonly foreignCameraId?: string | undefined;
}
