import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';

/** Does the same again and again, each time a while after the last one ended, until stopped. Failures are logged. */
export function repeat(what: string, everyMs: number, logger: Logger, work: () => Promise<void> | void) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const schedule = (ms: number) => {
    timer = setTimeout(() => {
      running = Promise.resolve()
        .then(work)
        .catch((error: unknown) => logger.warn({ reason: errorMessage(error) }, `${what} failed`))
        .finally(() => {
          if (!stopped) schedule(everyMs);
        });
    }, ms);
    timer.unref();
  };
  schedule(everyMs);
  return async (): Promise<void> => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
