// A thread that checks files, one at a time.
import { parentPort } from 'node:worker_threads';
import type { FileTask, FileVerdict } from './finding.js';
import { verifyFile } from './verify-file.js';

export type VerifyAnswer = { verdict: FileVerdict } | { error: string };

const port = parentPort!;
port.on('message', (task: FileTask) => {
  verifyFile(task).then(
    (verdict) => port.postMessage({ verdict } satisfies VerifyAnswer),
    (error: unknown) =>
      port.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies VerifyAnswer),
  );
});
