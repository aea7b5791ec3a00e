/** Something that was done and can be taken back. */
export interface UndoStep {
  /** What was done, in words that go into "undone: …". */
  what: string;
  undo(): void | Promise<void>;
  redo(): void | Promise<void>;
}

export interface UndoSnapshot {
  /** What would be undone, or done again, next. */
  undoes: string | undefined;
  redoes: string | undefined;
  isBusy: boolean;
}

const mostSteps = 100;

/** Steps in order of time. One is taken back at a time; a step that fails stays where it is. */
export class UndoHistory {
  #done: UndoStep[] = [];
  #undone: UndoStep[] = [];
  #isBusy = false;
  #snapshot: UndoSnapshot = { undoes: undefined, redoes: undefined, isBusy: false };
  readonly #listeners = new Set<() => void>();

  /** Adds what was just done; what had been undone before cannot be done again after it. */
  record(step: UndoStep): void {
    this.#done.push(step);
    if (this.#done.length > mostSteps) this.#done.shift();
    this.#undone = [];
    this.#publish();
  }

  /** Takes the last step back. @returns what it was; undefined where there is nothing, or another is under way */
  undo(): Promise<string | undefined> {
    return this.#move('undo');
  }

  redo(): Promise<string | undefined> {
    return this.#move('redo');
  }

  readonly snapshot = (): UndoSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  async #move(direction: 'undo' | 'redo'): Promise<string | undefined> {
    const [from, to] = direction === 'undo' ? [this.#done, this.#undone] : [this.#undone, this.#done];
    const step = from.at(-1);
    if (step === undefined || this.#isBusy) return undefined;
    this.#isBusy = true;
    this.#publish();
    try {
      await step[direction]();
      // Something may have been recorded meanwhile: then it lies on top, and the step is looked for below.
      const at = from.lastIndexOf(step);
      if (at >= 0) from.splice(at, 1);
      to.push(step);
      return step.what;
    } finally {
      this.#isBusy = false;
      this.#publish();
    }
  }

  #publish(): void {
    this.#snapshot = { undoes: this.#done.at(-1)?.what, redoes: this.#undone.at(-1)?.what, isBusy: this.#isBusy };
    for (const listener of [...this.#listeners]) listener();
  }
}
