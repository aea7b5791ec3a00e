// Threads that read an SQLite file for this one, so that a list of years keeps nothing else waiting.
import type { Worker } from 'node:worker_threads';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { startWorker } from '../../lib/start-worker.js';
import type { SqliteReaderAnswer, SqliteReaderCall, SqliteReaderData } from './sqlite-reader.worker.js';
import { busyError } from './write-queue.js';

export interface SqliteReadersOptions {
  readonly path: string;
  readonly logger: Logger;
  /** Statements that run at the same time; default 2. */
  readonly threads?: number;
  /** Statements that may wait for a thread; default 1,000. */
  readonly maxWaiting?: number;
  /** Longest wait for a thread, default 10 s. */
  readonly waitMs?: number;
  /** Starts a thread; default the one of this room. */
  readonly start?: (data: SqliteReaderData) => Worker;
}

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
  /** A thread died while it ran. */
  wasTried: boolean;
  timer?: NodeJS.Timeout;
}
interface Reader {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  running: Statement | undefined;
  /** It has answered: it can open the file. */
  hasAnswered: boolean;
}

/** An error of SQLite as the driver throws it, with its code. */
export class SqliteReadError extends Error {
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/**
 * Runs reading statements in threads, first come, first served. Each sees what was committed when it begins. A statement
 * whose thread dies is tried once more in another; one that still waits when its signal aborts is dropped.
 */
export class SqliteReaders {
  readonly #options: SqliteReadersOptions;
  readonly #readers = new Set<Reader>();
  readonly #waiting: Statement[] = [];
  #calls = 0;
  #isClosed = false;

  constructor(options: SqliteReadersOptions) {
    this.#options = options;
  }

  /**
   * @returns rows by column name.
   * @throws SqliteReadError; AppError unavailable `database_busy` | `database_unavailable`.
   */
  query(sql: string, parameters: readonly unknown[], signal?: AbortSignal): Promise<unknown[]> {
    if (this.#isClosed) return Promise.reject(unavailable('the database is closed'));
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#waiting.length >= (this.#options.maxWaiting ?? 1000)) {
      return Promise.reject(busyError(`${this.#waiting.length} statements are waiting already`));
    }
    return new Promise((resolve, reject) => {
      const statement: Statement = { sql, parameters, resolve, reject, wasTried: false };
      const waitMs = this.#options.waitMs ?? 10_000;
      const drop = (error: Error) => {
        const at = this.#waiting.indexOf(statement);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        clearTimeout(statement.timer);
        reject(error);
      };
      statement.timer = setTimeout(() => drop(busyError(`no thread to read within ${waitMs} ms`)), waitMs);
      signal?.addEventListener('abort', () => drop(signal.reason as Error), { once: true });
      this.#waiting.push(statement);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const statement of this.#waiting.splice(0)) {
      clearTimeout(statement.timer);
      statement.reject(unavailable('the database is closed'));
    }
    // What runs is answered first: messages are taken in order.
    await Promise.all(
      [...this.#readers].map(({ worker, exited }) => {
        worker.ref();
        worker.postMessage('close');
        return exited;
      }),
    );
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const reader = this.#freeReader();
      const statement = reader && this.#waiting.shift();
      if (statement === undefined || reader === undefined) return;
      clearTimeout(statement.timer);
      reader.running = statement;
      reader.worker.ref();
      const { sql, parameters } = statement;
      reader.worker.postMessage({ call: ++this.#calls, sql, parameters } satisfies SqliteReaderCall);
    }
  }

  #freeReader(): Reader | undefined {
    for (const reader of this.#readers) if (reader.running === undefined) return reader;
    return this.#readers.size < (this.#options.threads ?? 2) ? this.#start() : undefined;
  }

  #start(): Reader {
    const worker = (this.#options.start ?? startReader)({ path: this.#options.path });
    // Kept alive is a process that waits for an answer or for the end of the thread, not one that has a thread.
    worker.unref();
    let failure: Error | undefined;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const reader: Reader = { worker, exited, running: undefined, hasAnswered: false };
    this.#readers.add(reader);
    worker.on('message', (answer: SqliteReaderAnswer) => {
      const statement = reader.running;
      reader.running = undefined;
      reader.hasAnswered = true;
      if (!this.#isClosed) worker.unref();
      if (statement === undefined) return;
      this.#next();
      if ('rows' in answer) statement.resolve(JSON.parse(answer.rows) as unknown[]);
      else statement.reject(new SqliteReadError(answer.message, answer.code));
    });
    worker.on('error', (error: Error) => (failure = error));
    worker.on('exit', () => this.#ended(reader, failure));
    return reader;
  }

  #ended(reader: Reader, failure: Error | undefined): void {
    this.#readers.delete(reader);
    const statement = reader.running;
    if (!this.#isClosed) {
      this.#options.logger.error({ err: failure?.message }, 'a thread that reads the database ended');
    }
    if (statement !== undefined) {
      // A thread that never answered cannot open the file: another one could not either.
      if (statement.wasTried || !reader.hasAnswered || this.#isClosed) {
        statement.reject(unavailable(`the thread that read ended: ${failure?.message ?? 'no reason'}`, failure));
      } else {
        this.#waiting.unshift(Object.assign(statement, { wasTried: true }));
      }
    }
    if (!this.#isClosed) this.#next();
  }
}

function startReader(workerData: SqliteReaderData): Worker {
  return startWorker('./sqlite-reader.worker', import.meta.url, { workerData, name: 'reader' });
}

const unavailable = (message: string, cause?: unknown) =>
  new AppError('unavailable', 'database_unavailable', message, { cause });
