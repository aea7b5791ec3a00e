import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from '../../lib/errors.js';

export interface WriteQueueOptions {
  /** Longest wait for one's turn. */
  waitMs: number;
  /** Longest queue; whoever comes then is refused at once. */
  maxWaiting: number;
}

interface Waiter {
  enter(): void;
}

/**
 * First come, first served mutex around writes. It does not know what a write is; it only sees to it that one runs at
 * a time, that nobody waits for ever, and that a write inside a write, which would wait for itself, is told so.
 */
export class WriteQueue {
  private readonly waiting: Waiter[] = [];
  private readonly context = new AsyncLocalStorage<{ active: boolean }>();
  private busy = false;

  constructor(private readonly options: WriteQueueOptions) {}

  get length(): number {
    return this.waiting.length;
  }

  /**
   * Runs `work` alone.
   * @throws AppError unavailable `database_busy` when the queue is full or the turn does not come in time;
   *   internal `nested_write` inside another write.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.context.getStore()?.active) {
      throw new AppError('internal', 'nested_write', 'write() was called inside write(): use the given manager');
    }
    await this.enter();
    const scope = { active: true };
    try {
      return await this.context.run(scope, work);
    } finally {
      scope.active = false;
      this.leave();
    }
  }

  private enter(): Promise<void> {
    if (!this.busy) {
      this.busy = true;
      return Promise.resolve();
    }
    if (this.waiting.length >= this.options.maxWaiting) {
      return Promise.reject(busyError(`${this.waiting.length} writes are waiting already`));
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        reject(busyError(`no turn to write within ${this.options.waitMs} ms`));
      }, this.options.waitMs);
      this.waiting.push(waiter);
    });
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next) next.enter();
    else this.busy = false;
  }
}

export function busyError(message: string, cause?: unknown): AppError {
  return new AppError('unavailable', 'database_busy', message, { cause });
}
