/**
 * Loaded into the console: the longest stretch in which its main thread worked without a turn of its loop, in ms. Time in
 * which the thread was not given a core does not count (schedstat: nanoseconds on a core). Asked by a message.
 */
import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setInterval } from 'node:timers';
import { isMainThread } from 'node:worker_threads';

const everyMs = 2;

if (isMainThread && process.send !== undefined) {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const buffer = Buffer.alloc(100);
  const onCoreMs = () => Number(buffer.toString('latin1', 0, readSync(file, buffer, 0, 100, 0)).split(' ')[0]) / 1e6;
  let lastMs = performance.now();
  let lastCoreMs = onCoreMs();
  let mostMs = 0;
  const tick = () => {
    const nowMs = performance.now();
    const coreMs = onCoreMs();
    mostMs = Math.max(mostMs, Math.min(nowMs - lastMs, coreMs - lastCoreMs) - everyMs);
    lastMs = nowMs;
    lastCoreMs = coreMs;
  };
  setInterval(tick, everyMs).unref();
  process.on('message', (message) => {
    if (message?.type !== 'block-probe') return;
    tick();
    process.send({ type: 'block-probe', mostMs: Math.max(0, mostMs) });
    mostMs = 0;
  });
  process.channel?.unref();
}
