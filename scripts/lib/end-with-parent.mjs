// Loaded before a long-running command (node --import): it ends when whoever started it is gone, however that ended.
// npm forwards SIGTERM to the shell between it and us and nothing else, and a SIGKILL of npm reaches nobody.
// Ended means SIGTERM to itself, so that the command stops its parts in order, and SIGKILL when that takes too long.
/* global setInterval */
import { isMainThread } from 'node:worker_threads';

const pollMs = 500;
const graceMs = 20_000;

let ending = false;
function end() {
  if (ending) return;
  ending = true;
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs).unref();
}

if (isMainThread && process.connected === true) {
  // By a parent of ours, over a channel that closes with it. Who listens to that as well ends in its own way.
  process.on('disconnect', () => {
    if (process.listenerCount('disconnect') === 1) end();
  });
} else if (isMainThread && process.env.npm_lifecycle_event !== undefined) {
  // By npm, or the shell that npm put between. A command that was started from a terminal may outlive it.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, pollMs).unref();
}
