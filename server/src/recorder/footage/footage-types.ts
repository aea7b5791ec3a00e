// The words of the footage room: what other rooms of the recorder see of it.
import type { RetentionFacts } from '@choi-canh/shared/recorder-facts';
import type { Fragment, StoredFragment, TimeSource } from '../../lib/fragment.js';
import type { ClockCondition } from './clock-guard.js';

export interface FootageFile {
  readonly id: string;
  readonly cameraId: string;
  /** Absolute. */
  readonly path: string;
  /** The init segment is bytes [0, initByteLength) of the file. */
  readonly initByteLength: number;
  readonly initId: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly timescale: number;
  readonly trackId: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly byteLength: number;
  readonly open: boolean;
  readonly run: number;
  /** Grows when the host's clock stepped. Times of different epochs may overlap; (epoch, start) is the order of recording. */
  readonly epoch: number;
}

/** A stretch of footage without a gap of more than 250 ms, timed one way. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly timeSource: TimeSource;
  /** The host's clock was set back: two recordings claim these instants. */
  readonly overlap?: boolean;
}

export interface Hold {
  readonly id: string;
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What it is held for, as the console called it. */
  readonly incident?: { readonly id: string; readonly number: string };
  /** Of a running extraction; no console knows it. */
  readonly job?: boolean;
}

export interface RetentionPolicy {
  readonly minFreeBytes: number;
  readonly daysOfCamera: Map<string, number>;
}

export interface FootageReader {
  /**
   * Fragments that overlap [fromMs, toMs), in the order in which they were recorded, which is the order of time but where
   * the host's clock was set back; with `preRoll` also those back to and including the last
   * independent fragment at or before fromMs of the same run, or to one that is `longestPreRollMs` before. Includes the
   * file now being written.
   */
  fragments(
    cameraId: string,
    fromMs: number,
    toMs: number,
    options?: { preRoll?: boolean; longestPreRollMs?: number },
  ): Promise<StoredFragment[]>;
  file(fileId: string): Promise<FootageFile | undefined>;
  /**
   * Into `into` where it is given and large enough. @throws AppError not_found footage_gone when the file was deleted or
   * does not reach that far
   */
  read(fileId: string, offset: number, byteLength: number, into?: Buffer): Promise<Buffer>;
  /** Like read, a piece at a time. Each is lent: it is overwritten when the next one is asked for. */
  pieces(fileId: string, offset: number, byteLength: number): AsyncIterable<Buffer>;
  coverage(cameraId: string, fromMs: number, toMs: number): Promise<Span[]>;
  bounds(cameraId: string): Promise<{ oldestAtMs: number; newestAtMs: number } | undefined>;
  /** The newest `ms` of the current run, from an independent fragment where there is one in memory. */
  tail(cameraId: string, ms: number): Promise<StoredFragment[]>;
}

export interface FootageWriter {
  /**
   * Appends in order of the calls. @throws AppError unavailable: storage_full (no room, nothing may be deleted),
   * storage_slow (over 16 MB of this camera, or 256 MB of all, wait for the disk; the fragment is dropped and counted),
   * storage_failed
   */
  append(cameraId: string, fragment: Fragment): Promise<StoredFragment>;
  /** Closes the camera's file; the next append opens another. */
  closeCamera(cameraId: string): Promise<void>;
}

export interface FootageHolds {
  /** The list is complete. While it is not nothing is deleted. */
  readonly known: boolean;
  /** Of the console's holds: how many, and the sum of their hashes. */
  readonly summary: { count: number; digest: string };
  /** Durable when it resolves; returns the ids of which footage is gone already. */
  put(holds: readonly Hold[]): Promise<string[]>;
  /** Durable when it resolves. Ids that are not here are released already. */
  release(ids: readonly string[]): Promise<void>;
  /** All holds that there are for it are here. Durable when it resolves. */
  confirm(): Promise<void>;
  has(id: string): boolean;
  /** The console's holds behind `after`, by id. */
  page(after: string, limit: number): Hold[];
  /** Of extractions. */
  jobIds(): string[];
}

/** How writing goes. */
export interface FootageCondition {
  /** Headroom is gone and nothing that is not held can be deleted: appends are refused. */
  readonly storageFull: boolean;
  /** Full, and would not be without what is held. */
  readonly fullOfHeld: boolean;
  /** Cameras that lost fragments to a slow or failing disk in the last minute, or for which it is late now. */
  readonly slowCameraIds: string[];
  readonly droppedFragments: number;
  /** The list of holds was lost: nothing is deleted until a console has confirmed it. */
  readonly awaitingHolds: boolean;
  /** The catalogue is being rebuilt from the folder; ranges of the past may still be missing. */
  readonly rebuilding: boolean;
  readonly clock: ClockCondition;
}

export interface FootageStore extends FootageReader, FootageWriter {
  start(): Promise<void>;
  stop(): Promise<void>;
  setRetention(policy: RetentionPolicy): void;
  /** What must not be deleted. */
  readonly holds: FootageHolds;
  usage(): Promise<{ footageBytes: number; freeBytes: number; totalBytes: number; oldestAtMs: number | undefined }>;
  condition(): FootageCondition;
  retentionFacts(): Promise<RetentionFacts>;
  /** The host's clock is right: deletion by age goes on. Durable when it resolves. */
  confirmClock(): Promise<void>;
}
