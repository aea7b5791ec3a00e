import type { DesiredHold, HoldSummary } from '@choi-canh/shared/recorder-api';
import type { Logger } from '../../lib/logger.js';
import type { RecorderClient } from './recorder-client.js';

/** What a recorder shall hold, as the feature that knows it says it. */
export interface HoldParts {
  /** What it is to be told next; nothing: it was told all. */
  changes(recorderId: string): Promise<{ put: DesiredHold[]; release: string[] }>;
  /** It has these durably. `gone`: footage of these had been deleted. */
  acknowledged(
    changes: { put: readonly DesiredHold[]; release: readonly string[] },
    gone: readonly string[],
  ): Promise<void>;
  /** What it should hold; undefined while changes are on their way. */
  summary(recorderId: string): Promise<HoldSummary | undefined>;
  /** Compares a page of what it holds, behind `after` and up to `upTo`; returns up to where, null: to the end. */
  reconcile(
    recorderId: string,
    after: string,
    upTo: string | null,
    there: readonly DesiredHold[],
  ): Promise<string | null>;
}

const pageSize = 200;
/** So often what differs is compared and told again before it is let be until the recorder says something else. */
const rounds = 3;

type HoldClient = Pick<RecorderClient, 'changeHolds' | 'holds' | 'confirmHolds'>;

/**
 * Keeps the holds of a recorder and of the console alike. Changes travel, in both directions nothing is ever released
 * because it is missing somewhere: what only the recorder holds is taken over, what it lost is put again.
 */
export class HoldPush {
  readonly #recorderId: string;
  readonly #consoleId: string;
  readonly #client: HoldClient;
  readonly #parts: HoldParts;
  readonly #logger: Logger;
  /** What the recorder held when both were compared last. */
  #compared: string | undefined;

  constructor(options: {
    recorderId: string;
    consoleId: string;
    client: HoldClient;
    parts: HoldParts;
    logger: Logger;
  }) {
    this.#recorderId = options.recorderId;
    this.#consoleId = options.consoleId;
    this.#client = options.client;
    this.#parts = options.parts;
    this.#logger = options.logger;
  }

  /** Whether a recorder that says this of its holds needs to be looked at. */
  isOutOfStep(summary: HoldSummary | null, awaitsConfirmation: boolean): boolean {
    return awaitsConfirmation || (summary !== null && textOf(summary) !== this.#compared);
  }

  async push(awaitsConfirmation: () => boolean, signal: AbortSignal): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      await this.#tellChanges(signal);
      const there = await this.#client.holds('', 1, signal);
      const wanted = await this.#parts.summary(this.#recorderId);
      if (wanted === undefined) continue; // something changed meanwhile
      this.#compared = textOf(there);
      if (textOf(wanted) === textOf(there)) {
        if (awaitsConfirmation()) await this.#client.confirmHolds({ consoleId: this.#consoleId, ...wanted }, signal);
        return;
      }
      if (round === rounds - 1) this.#logger.error({ wanted, there }, 'the holds of a recorder stay different');
      else await this.#reconcile(signal);
    }
  }

  async #tellChanges(signal: AbortSignal): Promise<void> {
    for (;;) {
      const changes = await this.#parts.changes(this.#recorderId);
      if (changes.put.length === 0 && changes.release.length === 0) return;
      const { gone } = await this.#client.changeHolds({ consoleId: this.#consoleId, ...changes }, signal);
      await this.#parts.acknowledged(changes, gone);
    }
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    for (let after: string | null = ''; after !== null;) {
      const { holds } = await this.#client.holds(after, pageSize, signal);
      const upTo = holds.length < pageSize ? null : (holds.at(-1)?.id ?? null);
      after = await this.#parts.reconcile(this.#recorderId, after, upTo, holds);
    }
  }
}

const textOf = ({ count, digest }: HoldSummary): string => `${count} ${digest}`;
