// A thread of its own for what is appended, in memory that both threads see. The pool of file calls would be woken twice
// for every fragment; this thread once for all of a turn. It waits where the disk lets it wait, and nobody else does.
import type { Worker } from 'node:worker_threads';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { startWorker } from '../../lib/start-worker.js';
import { endOfWriting, type WriteJob, type WriteResult } from './write-job.js';

interface Written {
  readonly bytesWritten: number;
}

export interface WriteThread {
  /** As `fs.writev`, for buffers that `canWrite` agrees to. */
  writev(fd: number, buffers: readonly Buffer[], position: number): Promise<Written>;
  /** After what was given to it before is written. */
  stop(): Promise<void>;
}

/** Memory that is not shared is copied for the thread, which pays for little only. */
const mostCopiedBytes = 4096;

const isShared = (buffer: Buffer): boolean => buffer.buffer instanceof SharedArrayBuffer;

export function canWrite(buffers: readonly Buffer[]): boolean {
  let copied = 0;
  for (const buffer of buffers) if (!isShared(buffer)) copied += buffer.length;
  return copied <= mostCopiedBytes;
}

/** `atTurnEnd` collects what is written in one turn. The thread is started by the first write, also after it has died. */
export function createWriteThread(options: { logger: Logger; atTurnEnd?: (work: () => void) => void }): WriteThread {
  const { logger, atTurnEnd = setImmediate } = options;
  const pending = new Map<number, { resolve: (value: Written) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let lastJob = 0;
  let batch: WriteJob[] = [];

  function settle(results: WriteResult[]): void {
    for (const { job, bytesWritten, failure } of results) {
      const waiting = pending.get(job);
      pending.delete(job);
      if (failure === undefined) waiting?.resolve({ bytesWritten });
      else waiting?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
    }
  }

  function start(): Worker {
    const started = startWorker('./write-thread.worker', import.meta.url, {
      name: 'footage writes',
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    const onEnd = (reason: string) => {
      if (worker !== started) return;
      worker = undefined;
      if (pending.size > 0) logger.error({ reason }, 'the thread that writes footage ended');
      const error = Object.assign(new Error('the thread that writes footage ended'), { code: 'EIO' });
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
      batch = []; // told as failed, so the next thread must not write it
    };
    started.on('message', settle);
    started.on('error', (error) => onEnd(errorMessage(error)));
    started.on('exit', () => onEnd('it ended'));
    return started;
  }

  function send(): void {
    const jobs = batch;
    batch = [];
    if (jobs.length === 0) return;
    worker ??= start();
    worker.postMessage(jobs);
  }

  return {
    writev(fd, buffers, position) {
      const job = ++lastJob;
      if (batch.length === 0) atTurnEnd(send);
      // Of a view the whole buffer would be cloned.
      const views = buffers.map((buffer) => (isShared(buffer) ? buffer : new Uint8Array(buffer)));
      batch.push({ job, fd, position, views });
      return new Promise((resolve, reject) => pending.set(job, { resolve, reject }));
    },
    async stop() {
      send();
      const ending = worker;
      if (ending === undefined) return;
      const exited = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
      ending.postMessage(endOfWriting);
      await exited;
    },
  };
}
