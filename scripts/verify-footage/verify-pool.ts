// A few threads that check files side by side: hashing keeps a core busy, a disk serves more than one reader.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../server/src/lib/start-worker.js';
import type { FileTask, FileVerdict } from './finding.js';
import type { VerifyAnswer } from './verify-file.worker.js';

export interface VerifyPool {
  /** @throws what the disk says */
  verify(task: FileTask): Promise<FileVerdict>;
  stop(): Promise<void>;
}

export function createVerifyPool(threads = Math.min(4, availableParallelism())): VerifyPool {
  const all: Worker[] = [];
  const idle: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];

  async function take(): Promise<Worker> {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (all.length < threads) {
      const worker = startWorker('./verify-file.worker', import.meta.url, {});
      worker.setMaxListeners(0);
      all.push(worker);
      return worker;
    }
    return new Promise((resolve) => waiting.push(resolve));
  }
  function give(worker: Worker): void {
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next(worker);
  }

  return {
    async verify(task) {
      const worker = await take();
      try {
        const answered = once(worker, 'message') as Promise<[VerifyAnswer]>;
        worker.postMessage(task);
        const [answer] = await answered;
        if ('error' in answer) throw new Error(answer.error);
        return answer.verdict;
      } finally {
        give(worker);
      }
    },
    async stop() {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}
