// Whether ffmpeg can be run. Recording with the native engine does without it, so its absence is reported and no reason to end.
import type { RecorderFfmpeg } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../lib/clock.js';
import { errorMessage, isAppError } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

/** Between two looks: ffmpeg is replaced by updates, and installed by people who wait for the alert to end. */
const intervalMs = { present: 60_000, absent: 5000 };

export class FfmpegWatch {
  readonly #options: { ffmpeg: { check(): Promise<string> }; clock: Clock; logger: Logger };
  readonly #ending = new AbortController();
  #condition: RecorderFfmpeg = { version: null, problem: null };
  #watching: Promise<void> = Promise.resolve();

  constructor(options: { ffmpeg: { check(): Promise<string> }; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  condition(): RecorderFfmpeg {
    return this.#condition;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    await this.#look();
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#ending.abort(new Error('stopped'));
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const pauseMs = this.#condition.problem === null ? intervalMs.present : intervalMs.absent;
      await this.#options.clock.sleep(pauseMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const before = this.#condition.problem;
    try {
      this.#condition = { version: (await this.#options.ffmpeg.check()).slice(0, 100), problem: null };
      if (before !== null) this.#options.logger.info({}, 'ffmpeg can be run again');
    } catch (error) {
      const isOld = isAppError(error) && error.code === 'ffmpeg_too_old';
      this.#condition = { version: null, problem: isOld ? 'too_old' : 'missing' };
      if (before === null) this.#options.logger.error({ reason: errorMessage(error) }, 'ffmpeg cannot be used');
    }
  }
}
