// Writes what it is handed, in the order in which it is handed; descriptors belong to the process and thus to this thread.
// Imports next to nothing, so that it costs little memory.
import { writevSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { endOfWriting, type WriteJob, type WriteResult } from './write-job.js';

const port = parentPort!;

function write({ job, fd, position, views }: WriteJob): WriteResult {
  try {
    return { job, bytesWritten: writevSync(fd, views, position) };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { job, bytesWritten: 0, failure: { message, code } };
  }
}

port.on('message', (jobs: WriteJob[] | typeof endOfWriting) => {
  if (jobs === endOfWriting) port.close();
  else port.postMessage(jobs.map(write));
});
