/** From the thread that records to the one that writes, in batches, and back. */
export interface WriteJob {
  readonly job: number;
  readonly fd: number;
  readonly position: number;
  readonly views: readonly Uint8Array[];
}

export interface WriteResult {
  readonly job: number;
  readonly bytesWritten: number;
  readonly failure?: { readonly message: string; readonly code: string | undefined };
}

/** After it nothing is handed over any more. */
export const endOfWriting = 'end';
