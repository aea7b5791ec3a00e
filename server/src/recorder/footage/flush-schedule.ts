// When each camera's footage is flushed: often enough that a power cut takes no more than promised, each at its own
// time, so that hundreds of cameras do not flush together, and none waiting for another.
import type { Clock } from '../../lib/clock.js';

export interface Flushed {
  /** Age of the oldest byte that may not be on the disk. */
  unflushedMs(): number;
  /** Never rejects. */
  flush(): Promise<void>;
}

/**
 * Two thirds of what is promised, so that waiting for the disk and the flush itself have the last third; and up to a
 * quarter earlier, so that cameras that began together do not stay together.
 */
const dueShare = 0.65;
const spreadShare = 0.25;

/** Call the result often (every 250 ms); it starts what is due and does not wait. */
export function createFlushSchedule(options: { syncSeconds: number; clock: Clock; random?: () => number }) {
  const { syncSeconds, random = Math.random } = options;
  const dueAgeMs = new WeakMap<Flushed, number>();
  const nextAgeMs = () => syncSeconds * 1000 * dueShare * (1 - spreadShare * random());
  return (writers: Iterable<Flushed>): void => {
    const due: { writer: Flushed; ageMs: number }[] = [];
    for (const writer of writers) {
      const ageMs = writer.unflushedMs();
      const wanted = dueAgeMs.get(writer) ?? nextAgeMs();
      dueAgeMs.set(writer, wanted);
      if (ageMs >= wanted) due.push({ writer, ageMs });
    }
    // The disk works them off in this order.
    for (const { writer } of due.sort((a, b) => b.ageMs - a.ageMs)) {
      dueAgeMs.set(writer, nextAgeMs());
      void writer.flush();
    }
  };
}
