import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ExtractionRequest, ExtractionStatus } from '@choi-canh/shared/recorder-api';

/** What evidence needs of a recorder. */
export interface EvidenceRecorder {
  startExtraction(id: string, request: ExtractionRequest, signal?: AbortSignal): Promise<ExtractionStatus>;
  extraction(id: string, signal?: AbortSignal): Promise<ExtractionStatus>;
  extractionFile(id: string, file: { index: number; bytes: number }, signal?: AbortSignal): Promise<IncomingMessage>;
  forgetExtraction(id: string, signal?: AbortSignal): Promise<void>;
}
export interface EvidenceRecorders {
  /** @throws AppError not_found `recorder_not_found`. */
  clientOf(recorderId: string): EvidenceRecorder;
  /** Holds of its footage have changed. */
  markHoldsChanged(recorderId: string): void;
}

/** Where clips are kept. */
export interface ClipStore {
  /** Durable and whole when it resolves. @throws AppError unavailable `object_damaged` | `disk_full`. */
  put(key: string, content: Readable, expected?: { sha256: string; bytes: number }): Promise<unknown>;
  /** `end` is exclusive. @throws AppError not_found `object_missing`. */
  get(key: string, range?: { start: number; end: number }): Promise<{ stream: Readable; bytes: number }>;
  delete(key: string): Promise<void>;
}
