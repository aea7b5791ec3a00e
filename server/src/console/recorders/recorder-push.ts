import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { DesiredPush } from './desired-push.js';
import { HoldPush } from './hold-push.js';
import type { RecorderClient } from './recorder-client.js';
import type { SyncParts } from './recorder-parts.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { SyncTimes } from './sync-times.js';

export interface RecorderPushOptions {
  row: RecorderRow;
  client: RecorderClient;
  repository: RecordersRepository;
  parts: Pick<SyncParts, 'desired' | 'holds'>;
  /** Of this console, kept in its database. */
  consoleId: string;
  clock: Clock;
  logger: Logger;
  times: SyncTimes;
  /** Whether this console may give it anything now. */
  mayWork(): boolean;
  /** The recorder does not know yet whether it has all holds. */
  awaitsHolds(): boolean;
  /** What it refuses is another than before. */
  changed(): void;
  /** It was given what changed. */
  delivered(): void;
}

/**
 * Gives a recorder what changed here or is not what it has there: cameras (`desired-push.ts`) and holds (`hold-push.ts`).
 * Owns what is pending, and whether it follows this console at all.
 */
export class RecorderPush {
  readonly #options: RecorderPushOptions;
  readonly #desired: DesiredPush;
  readonly #holds: HoldPush;
  /** What is pending for the recorder; all of it at first. */
  #pending: { cameras: 'all' | Set<string>; holds: boolean } = { cameras: 'all', holds: true };
  #isPushing = false;
  /** It follows another console and is given nothing. */
  #isForeign = false;
  /** Code of what it did not take, and the alert for it. */
  #refusal: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: RecorderPushOptions) {
    this.#options = options;
    const { row, client, repository, parts, consoleId, logger } = options;
    const common = { recorderId: row.id, consoleId, client };
    this.#desired = new DesiredPush({ ...common, revision: row.desiredRevision, repository, parts: parts.desired });
    this.#holds = new HoldPush({ ...common, parts: parts.holds, logger });
  }

  /** It follows another console: it records and holds as that one said, and is given nothing. */
  get foreign(): boolean {
    return this.#isForeign;
  }
  /** Code of what it refused the last time; undefined: it took all. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** The revision that the database has: another console may have given it newer ones. */
  startFrom(revision: number): void {
    this.#desired.startFrom(revision);
  }

  /** These of its cameras have changed; without ids all may have. */
  markChanged(cameraIds?: readonly string[]): void {
    if (cameraIds === undefined) this.#pending.cameras = 'all';
    else if (this.#pending.cameras !== 'all') for (const id of cameraIds) this.#pending.cameras.add(id);
    this.#wake?.();
  }

  /** Holds of its footage have changed. */
  markHoldsChanged(): void {
    this.#pending.holds = true;
    this.#wake?.();
  }

  /** Ends the wait for something that is pending. */
  wake(): void {
    this.#wake?.();
  }

  /** Whom it follows. */
  sees({ consoleId }: RecorderStatus): void {
    this.#isForeign = consoleId !== null && consoleId !== this.#options.consoleId;
  }

  /** Whether it has what it was given, and from whom. */
  compare(status: RecorderStatus, restarted: boolean): void {
    const wasForeign = this.#isForeign;
    this.sees(status);
    if (this.#isForeign) this.#refusal = undefined;
    if (this.#isForeign || this.#isPushing) return;
    if (wasForeign || restarted || !this.#desired.isConfirmed(status.revision)) this.markChanged();
    if (this.#holds.isOutOfStep(status.holds, status.storage.awaitingHolds)) this.markHoldsChanged();
  }

  /** Waits until something is pending, and gives it. @throws what the recorder or the way to it answers */
  async turn(signal: AbortSignal): Promise<void> {
    while (!this.#hasPending() && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (signal.aborted) return;
    await this.#options.clock.sleep(this.#options.times.debounceMs, signal);
    if (!this.#options.mayWork()) return;
    const { cameras, holds } = this.#pending;
    this.#pending = { cameras: new Set(), holds: false };
    this.#isPushing = true;
    const undone = { cameras: cameras === 'all' || cameras.size > 0, holds };
    try {
      if (cameras === 'all') await this.#desired.push('all', signal);
      else if (cameras.size > 0) await this.#desired.push([...cameras], signal);
      undone.cameras = false;
      if (holds) await this.#holds.push(() => this.#options.awaitsHolds(), signal);
      undone.holds = false;
      this.#refused(undefined);
      this.#options.delivered();
    } catch (error) {
      if (undone.cameras) this.markChanged();
      if (undone.holds) this.markHoldsChanged();
      if (isAppError(error) && error.kind !== 'unavailable') this.#refused(error.code);
      throw error;
    } finally {
      this.#isPushing = false;
    }
  }

  #refused(code: string | undefined): void {
    const isNews = this.#refusal !== code;
    this.#refusal = code;
    if (isNews) this.#options.changed();
  }

  #hasPending(): boolean {
    const { cameras, holds } = this.#pending;
    return !this.#isForeign && (cameras === 'all' || cameras.size > 0 || holds);
  }
}
