// Loaded before a long-running command (node --import): it ends when whoever started it is gone, however that ended.
// npm forwards SIGTERM to the shell between it and us and nothing else, and a SIGKILL of npm reaches nobody.
// Ended means SIGTERM to itself, so that the command stops its parts in order, and SIGKILL when that takes too long.
/* global setInterval */
import { readFileSync } from 'node:fs';
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

/** From /proc; undefined where there is none, or the process has ended. */
function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
const isShell = (pid) => /^(sh|dash|bash|ash|ksh|zsh)$/.test(read(pid, 'comm') ?? '');
function parentOf(pid) {
  const stat = read(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

if (isMainThread && process.connected === true) {
  // By a parent of ours, over a channel that closes with it. Who listens to that as well ends in its own way.
  process.on('disconnect', () => {
    if (process.listenerCount('disconnect') === 1) end();
  });
  // A listener keeps the channel, and that the process: one that has nothing left to do must end.
  process.channel?.unref();
} else if (isMainThread && process.env.npm_lifecycle_event !== undefined) {
  // By npm, often with a shell between, which outlives npm and waits for us. A command that was started from a terminal
  // without npm may outlive that.
  const parent = process.ppid;
  const above = isShell(parent) ? parentOf(parent) : undefined;
  setInterval(() => {
    if (process.ppid !== parent || (above !== undefined && parentOf(parent) !== above)) end();
  }, pollMs).unref();
}
