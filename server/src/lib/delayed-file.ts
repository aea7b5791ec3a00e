import { writeDurably } from './durable-file.js';
import { errorMessage } from './errors.js';

export interface DelayedFileOptions {
  readonly path: string;
  /** From a change until it is written, ms: changes meanwhile go with it. */
  readonly afterMs: number;
  /** What is to be in the file, asked when it is written. */
  readonly content: () => string;
  /** It could not be written; the next change tries again. */
  readonly onFailure: (error: string) => void;
}

/** A small file of state in memory, written durably and whole a while after a change, one write at a time. */
export class DelayedFile {
  readonly #options: DelayedFileOptions;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: DelayedFileOptions) {
    this.#options = options;
  }

  changed(): void {
    this.#timer ??= setTimeout(() => this.#write(), this.#options.afterMs);
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    if (this.#timer !== undefined) this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { path, content, onFailure } = this.#options;
    const text = content();
    this.#writing = this.#writing.then(() =>
      writeDurably(path, text).catch((error: unknown) => onFailure(errorMessage(error))),
    );
  }
}
