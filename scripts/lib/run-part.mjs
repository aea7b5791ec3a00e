// A command's part: a process in a group of its own, so that a signal to it reaches all that it started.
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** What a part may take to end in order before its whole group is killed. */
const graceMs = 20_000;
const sameMs = 1000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Which signal asked this command to end, once one did. */
let asked;
export const askedToEnd = () => asked;

/**
 * Runs a part to its end and hands on the signals that this process gets; nothing of its group is left afterwards.
 * @param {{ ownTree?: boolean }} [options] `ownTree`: the part itself ends what it started, and is told alone
 * @returns {Promise<{ code: number | null, signal: string | null }>}
 */
export function runPart(command, args, { ownTree = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, detached: true });
    let timer;
    let askedAtMs = -Infinity;
    const stop = (signal) => {
      // Ctrl-C comes twice, from the terminal and from npm; a person's second one comes later and does not wait.
      if (performance.now() - askedAtMs < sameMs) return;
      askedAtMs = performance.now();
      asked = signal;
      if (ownTree) child.kill('SIGTERM');
      else signalGroup(child.pid, 'SIGTERM');
      timer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
    };
    for (const signal of signals) process.on(signal, stop);
    const settle = () => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, stop);
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      settle();
      resolve({ code, signal });
    });
  });
}
