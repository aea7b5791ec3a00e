// Hundreds of cameras send a little every few milliseconds each: a loop that wakes for every bit of it spends more on
// waking than on work. Where that is so each turn of the event loop gets a shortest length, and what came meanwhile is
// worked off together. The price is latency, so nothing that somebody waits for is done meanwhile (`hurry`).
import { systemClock, type Clock } from './clock.js';

/** Until `work` settles turns follow one another at once. */
export type Hurry = <T>(work: () => Promise<T>) => Promise<T>;
export const unhurried: Hurry = (work) => work();

/** The same, where each is made in a hurry and whoever takes them may take their time. */
export async function* hurried<T>(items: AsyncIterable<T>, hurry: Hurry): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await hurry(() => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

export interface TurnPacer {
  start(): void;
  stop(): void;
  /** Runs `work`, which must not throw, when what came in this turn has been worked off. */
  atTurnEnd(work: () => void): void;
  readonly hurry: Hurry;
}

/** How soon it is looked whether there may be pauses again: what people ask for comes in several requests. */
const lookAgainMs = 500;

/** Both are asked at each turn. `turnMs`: its shortest length while `mayPause`. */
export function createTurnPacer(options: {
  turnMs: () => number;
  mayPause: () => boolean;
  clock?: Pick<Clock, 'monotonicMs'>;
  /** Holds up the whole thread. */
  pause?: (ms: number) => void;
}): TurnPacer {
  const { turnMs, mayPause, clock = systemClock, pause = holdThread } = options;
  let hurrying = 0;
  let running = false;
  let turnAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  let ending: (() => void)[] = [];

  function end(): void {
    const works = ending;
    ending = [];
    for (const work of works) work();
  }

  function turn(): void {
    end();
    if (hurrying > 0 || !mayPause()) {
      timer = setTimeout(turn, lookAgainMs);
      timer.unref();
      return;
    }
    const restMs = turnAt + turnMs() - clock.monotonicMs();
    if (restMs > 0) pause(restMs);
    turnAt = clock.monotonicMs();
    immediate = setImmediate(turn);
    immediate.unref();
  }

  return {
    start() {
      if (!running) turn();
      running = true;
    },
    stop() {
      running = false;
      clearTimeout(timer);
      clearImmediate(immediate);
    },
    atTurnEnd(work) {
      ending.push(work);
      if (ending.length === 1) setImmediate(end);
    },
    async hurry(work) {
      hurrying += 1;
      try {
        return await work();
      } finally {
        hurrying -= 1;
      }
    },
  };
}

const never = new Int32Array(new SharedArrayBuffer(4));

function holdThread(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
