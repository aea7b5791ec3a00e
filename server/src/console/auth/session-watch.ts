import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { Sessions } from './sessions.js';

/** Something that goes on for a session: streaming answers, sockets. */
export interface SessionChannel {
  readonly liveSessionIds: string[];
  endSession(sessionId: string): void;
}

const EVERY_MS = 3000;
const CLEAN_EVERY_MS = 3600_000;

export interface SessionWatch {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Ends what goes on for a session as soon as the session ends: at once when it ended here, within seconds when it
 * expired or another console ended it.
 */
export function createSessionWatch(deps: {
  sessions: Sessions;
  channels: SessionChannel[];
  /** Hourly: deletes what has expired. */
  clean(): Promise<void>;
  clock: Clock;
  logger: Logger;
}): SessionWatch {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let unsubscribe = () => {};

  const end = (sessionId: string) => {
    for (const channel of deps.channels) channel.endSession(sessionId);
  };

  const run = async () => {
    let cleanAtMs = deps.clock.monotonicMs();
    while (!stopping.signal.aborted) {
      try {
        const ids = new Set(deps.channels.flatMap((channel) => channel.liveSessionIds));
        for (const id of await deps.sessions.endedOf([...ids])) end(id);
        if (deps.clock.monotonicMs() >= cleanAtMs) {
          cleanAtMs = deps.clock.monotonicMs() + CLEAN_EVERY_MS;
          await deps.clean();
        }
      } catch (error) {
        deps.logger.warn({ err: errorMessage(error) }, 'sessions could not be checked');
      }
      await deps.clock.sleep(EVERY_MS, stopping.signal).catch(() => {});
    }
  };

  return {
    start: () => {
      unsubscribe = deps.sessions.onEnd(end);
      running = run();
    },
    stop: async () => {
      unsubscribe();
      stopping.abort(new Error('stopping'));
      await running;
    },
  };
}
