import type { KnownCamera, RecorderEvent, RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import { DesiredPush, type DesiredParts } from './desired-push.js';
import { HoldPush, type HoldParts } from './hold-push.js';
import type { RecorderClient } from './recorder-client.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { Transaction } from '../../platform/db/database.js';
import { SilenceWatch } from './silence-watch.js';

/** What the other features have to do with a recorder; console composition hands it in. */
export interface RecorderParts {
  desired: DesiredParts;
  holds: HoldParts;
  /** Applies one event inside the transaction that moves the sequence; what it returns runs after the commit. */
  applyEvent(recorderId: string, event: RecorderEvent, manager: Transaction): Promise<(() => void) | undefined>;
  /** The recorder was lost. */
  lost(recorderId: string, at: number): Promise<void>;
  /** It has not been heard since `since` and is not lost yet: nothing is known of its cameras now, and nothing is stored. */
  silent(recorderId: string, since: number): Promise<void>;
  /** It was heard again before it was lost. */
  heardAgain(recorderId: string): Promise<void>;
  /** The recorder is there (again), or started anew, and told its cameras' states. */
  found(recorderId: string, status: RecorderStatus): Promise<void>;
  /** Whether its cameras are in other states than its events said. */
  differs(recorderId: string, status: RecorderStatus): Promise<boolean>;
  /** Takes the states of its cameras as they are now, all events being applied; what it returns runs after the commit. */
  agree(recorderId: string, status: RecorderStatus, manager: Transaction): Promise<() => void>;
  /** Cameras that it has, also those that it does not record (yet): as many as the list of cameras shows. */
  cameraCount(recorderId: string): Promise<number>;
  /** Ranges that it holds and of which no incident here is known. */
  unknownHolds(recorderId: string): Promise<number>;
  /** Takes in cameras that the recorder knows, into this area, in this transaction. */
  adoptCameras(
    recorderId: string,
    areaId: string,
    cameras: readonly KnownCamera[],
    manager: Transaction,
  ): Promise<{ adopted: string[]; skipped: number }>;
  /** What would be left without the recorder: cameras, and footage that it holds for incidents. */
  usedBy(recorderId: string, manager: Transaction): Promise<{ cameras: number; holds: number }>;
  /** The recorder is being removed, in this transaction; what it returns runs after the commit. */
  removed(recorderId: string, manager: Transaction): Promise<() => void>;
}

type SyncParts = Omit<RecorderParts, 'cameraCount' | 'unknownHolds' | 'adoptCameras' | 'usedBy' | 'removed'>;

export interface SyncTimes {
  /** Pause between two questions for the status; default 2 s. */
  statusEveryMs: number;
  /** A recorder not heard for so long is silent: what it said last is not shown as being so. Default 3 s. */
  silentAfterMs: number;
  /** A recorder silent for so long is lost at the next failed question; default 5 s: with the client's timeout within 10 s. */
  lostAfterMs: number;
  /** Longest wait of the event poll; default 20 s. */
  pollWaitMs: number;
  /** Changes within so long travel as one desired state; default 150 ms. */
  debounceMs: number;
  /** First delay after a failure; grows to 20 times as much. Default 500 ms. */
  retryMs: number;
}
export const usualSyncTimes: SyncTimes = {
  statusEveryMs: 2000,
  silentAfterMs: 3000,
  lostAfterMs: 5000,
  pollWaitMs: 20_000,
  debounceMs: 150,
  retryMs: 500,
};

/**
 * Keeps one recorder and the console in step: asks for its status, applies its events once, and gives it what
 * changed here or is not what it has there: cameras (`desired-push.ts`) and holds (`hold-push.ts`).
 */
export class RecorderSync {
  #row: RecorderRow;
  readonly #client: RecorderClient;
  readonly #repository: RecordersRepository;
  readonly #parts: SyncParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #times: SyncTimes;
  readonly #changed: () => void;
  readonly #silence: SilenceWatch;
  /** What people are shown of a silence follows it in order. */
  #silenceTurn: Promise<void> = Promise.resolve();
  readonly #told: () => void;
  readonly #stop = new AbortController();
  #tasks: Promise<void>[] = [];

  #status: RecorderStatus | undefined;
  #reachability: 'unknown' | 'reachable' | 'lost' = 'unknown';
  #lastSeenAt: number | undefined;
  #lastSeenMonotonicMs: number;
  #lastSeenStoredAt = 0;
  #sequence: number;
  readonly #consoleId: string;
  readonly #desired: DesiredPush;
  readonly #holds: HoldPush;
  /** What the recorder is to be told; all of it at first. */
  #pending: { cameras: 'all' | Set<string>; holds: boolean } = { cameras: 'all', holds: true };
  #isPushing = false;
  /** It follows another console and is told nothing. */
  #isForeign = false;
  /** Code of what it did not take, and the alert for it. */
  #refusal: string | undefined;
  #recorderStartedAt: string | undefined;
  #wakePush: (() => void) | undefined;

  constructor(options: {
    row: RecorderRow;
    client: RecorderClient;
    repository: RecordersRepository;
    parts: SyncParts;
    /** Of this console, kept in its database. */
    consoleId: string;
    clock: Clock;
    logger: Logger;
    times: SyncTimes;
    /** There is a newer status, or the recorder was lost. */
    changed: () => void;
    /** It was told what changed: what is kept of it in the database may have changed with that. */
    told: () => void;
  }) {
    this.#row = options.row;
    this.#client = options.client;
    this.#repository = options.repository;
    this.#parts = options.parts;
    this.#clock = options.clock;
    this.#logger = options.logger.child({ recorderId: options.row.id });
    this.#times = options.times;
    this.#changed = options.changed;
    this.#silence = new SilenceWatch({
      clock: options.clock,
      silentAfterMs: options.times.silentAfterMs,
      changed: () => (this.#silenceTurn = this.#silenceTurn.then(() => this.#silenceChanged())),
    });
    this.#told = options.told;
    this.#sequence = options.row.lastSequence;
    this.#consoleId = options.consoleId;
    const { client, parts, repository, consoleId } = options;
    const common = { recorderId: options.row.id, consoleId, client };
    const revision = options.row.desiredRevision;
    this.#desired = new DesiredPush({ ...common, revision, repository, parts: parts.desired });
    this.#holds = new HoldPush({ ...common, parts: parts.holds, logger: this.#logger });
    this.#lastSeenAt = options.row.lastSeenAt ?? undefined;
    this.#lastSeenMonotonicMs = options.clock.monotonicMs();
  }

  get client(): RecorderClient {
    return this.#client;
  }
  get row(): RecorderRow {
    return this.#row;
  }
  get reachable(): boolean {
    return this.#reachability === 'reachable';
  }
  /** It answered, or was found to be lost: what is kept of its cameras is not of before this console started. */
  get judged(): boolean {
    return this.#reachability !== 'unknown';
  }
  /** It was silent for too long. */
  get lost(): boolean {
    return this.#reachability === 'lost';
  }
  /** Since when it has not been heard although it is not lost; Unix milliseconds. */
  get silentSince(): number | undefined {
    return this.#reachability === 'reachable' ? this.#silence.silentSince : undefined;
  }
  get lastSeenAt(): number | undefined {
    return this.#lastSeenAt;
  }
  /** It follows another console: it records and holds as that one said, and is told nothing. */
  get foreign(): boolean {
    return this.#isForeign;
  }
  /** Code of what it refused the last time; undefined: it took all. */
  get refusal(): string | undefined {
    return this.#refusal;
  }
  /** Newest status; undefined until the recorder answered once. */
  get status(): RecorderStatus | undefined {
    return this.#status;
  }

  start(): void {
    this.#tasks = [
      this.#loop('status', this.#statusTurn),
      this.#loop('events', this.#eventTurn),
      this.#loop('desired state', this.#pushTurn),
      this.#silence.run(this.#stop.signal),
    ];
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    this.#wakePush?.();
    await Promise.all(this.#tasks);
    await this.#silenceTurn;
    this.#client.close();
  }

  /** What people call it now. */
  rename(name: string): void {
    this.#row = { ...this.#row, name };
  }

  /** These of its cameras have changed; without ids all may have. */
  markChanged(cameraIds?: readonly string[]): void {
    if (cameraIds === undefined) this.#pending.cameras = 'all';
    else if (this.#pending.cameras !== 'all') for (const id of cameraIds) this.#pending.cameras.add(id);
    this.#wakePush?.();
  }

  /** Holds of its footage have changed. */
  markHoldsChanged(): void {
    this.#pending.holds = true;
    this.#wakePush?.();
  }

  async #loop(name: string, turn: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const signal = this.#stop.signal;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await turn.call(this, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // A recorder that is off is a fact; anything else here is ours to mend.
        const level = isAppError(error, 'unavailable') ? 'debug' : 'error';
        this.#logger[level]({ err: errorMessage(error) }, `recorder ${name} failed`);
        const pauseMs = backoffMs(failures, this.#times.retryMs, this.#times.retryMs * 20);
        failures += 1;
        await this.#clock.sleep(name === 'status' ? this.#times.statusEveryMs : pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #statusTurn(signal: AbortSignal): Promise<void> {
    try {
      const asked = this.#sequence;
      const status = await this.#client.status(signal);
      await this.#seen(status, asked);
    } catch (error) {
      await this.#missed();
      throw error;
    }
    await this.#clock.sleep(this.#times.statusEveryMs, signal);
  }

  /** `asked` is how far its events were known when it was asked: while it answered, newer ones may have come. */
  async #seen(status: RecorderStatus, asked: number): Promise<void> {
    const wasReachable = this.#reachability === 'reachable';
    this.#status = status;
    await this.#touch();
    if (status.sequence < asked) {
      this.#logger.warn({ had: asked, has: status.sequence }, 'the recorder lost its events and starts anew');
      await this.#repository.setSequence(this.#row.id, 0);
      this.#sequence = 0;
    }
    const restarted = this.#recorderStartedAt !== undefined && this.#recorderStartedAt !== status.startedAt;
    this.#recorderStartedAt = status.startedAt;
    this.#compare(status, restarted);
    if (!wasReachable || restarted) {
      await this.#parts.found(this.#row.id, status);
      this.#reachability = 'reachable';
      this.#logger.info({ restarted }, 'recorder is there');
    }
    await this.#agree(status);
    this.#changed();
  }

  /** Whether it has what it was given, and from whom. */
  #compare(status: RecorderStatus, restarted: boolean): void {
    const wasForeign = this.#isForeign;
    this.#isForeign = status.consoleId !== null && status.consoleId !== this.#consoleId;
    if (this.#isForeign) this.#refusal = undefined;
    if (this.#isForeign || this.#isPushing) return;
    if (wasForeign || restarted || !this.#desired.isConfirmed(status.revision)) this.markChanged();
    if (this.#holds.isOutOfStep(status.holds, status.storage.awaitingHolds)) this.markHoldsChanged();
  }

  /**
   * An event says since when by the recorder's clock. Where that is wrong the event may change the past only: once all
   * are applied, what the recorder says now is so now.
   */
  async #agree(status: RecorderStatus): Promise<void> {
    if (status.sequence !== this.#sequence || !(await this.#parts.differs(this.#row.id, status))) return;
    const agreed = await this.#advance(status.sequence, status.sequence, async (manager) => [
      await this.#parts.agree(this.#row.id, status, manager),
    ]);
    if (agreed)
      this.#logger.info({ recorderNow: status.now }, 'its events are dated otherwise than its cameras are now');
  }

  async #missed(): Promise<void> {
    if (this.#reachability === 'lost' || this.#stop.signal.aborted) return;
    if (this.#clock.monotonicMs() - this.#lastSeenMonotonicMs < this.#times.lostAfterMs) return;
    this.#reachability = 'lost';
    await this.#parts.lost(this.#row.id, this.#clock.nowMs());
    this.#logger.warn({}, 'recorder was lost');
    this.#changed();
  }

  async #silenceChanged(): Promise<void> {
    if (this.#reachability !== 'reachable') return;
    const since = this.#silence.silentSince;
    try {
      await (since === undefined ? this.#parts.heardAgain(this.#row.id) : this.#parts.silent(this.#row.id, since));
      this.#changed();
    } catch (error) {
      this.#logger.error({ err: errorMessage(error) }, 'the silence of a recorder could not be reported');
    }
  }

  /** Stored once a minute at most: a row that only says "still there" is not worth a write each time. */
  async #touch(): Promise<void> {
    const now = this.#clock.nowMs();
    this.#lastSeenAt = now;
    this.#silence.heard();
    this.#lastSeenMonotonicMs = this.#clock.monotonicMs();
    if (now - this.#lastSeenStoredAt < 60_000) return;
    this.#lastSeenStoredAt = now;
    await this.#repository.setLastSeen(this.#row.id, now);
  }

  async #eventTurn(signal: AbortSignal): Promise<void> {
    const after = this.#sequence;
    const page = await this.#client.events(after, this.#times.pollWaitMs, signal);
    this.#silence.heard();
    const events = page.events
      .filter((event) => event.sequence > after)
      .sort((one, other) => one.sequence - other.sequence);
    const newest = events.at(-1)?.sequence;
    if (newest === undefined) {
      // An answer without events that came at once would make this a busy loop.
      if (page.sequence > after) await this.#clock.sleep(this.#times.retryMs, signal);
      return;
    }
    const applied = await this.#advance(after, newest, async (manager) => {
      const afterCommit: (() => void)[] = [];
      for (const event of events) {
        const then = await this.#parts.applyEvent(this.#row.id, event, manager);
        if (then !== undefined) afterCommit.push(then);
      }
      return afterCommit;
    });
    if (!applied) {
      this.#logger.warn({ after }, 'events were applied by somebody else');
      await this.#clock.sleep(this.#times.retryMs, signal);
    }
  }

  /** Does `work` while `from` is the number of the newest event here; what it returns runs after the commit. */
  async #advance(
    from: number,
    to: number,
    work: (manager: Transaction) => Promise<readonly (() => void)[]>,
  ): Promise<boolean> {
    let afterCommit: readonly (() => void)[] = [];
    const advanced = await this.#repository.advance(this.#row.id, from, to, async (manager) => {
      afterCommit = await work(manager);
    });
    if (!advanced) return false;
    if (this.#sequence === from) this.#sequence = to;
    for (const then of afterCommit) then();
    return true;
  }

  #hasPending(): boolean {
    const { cameras, holds } = this.#pending;
    return !this.#isForeign && (cameras === 'all' || cameras.size > 0 || holds);
  }

  async #pushTurn(signal: AbortSignal): Promise<void> {
    while (!this.#hasPending() && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#wakePush = resolve));
    }
    if (signal.aborted) return;
    await this.#clock.sleep(this.#times.debounceMs, signal);
    const { cameras, holds } = this.#pending;
    this.#pending = { cameras: new Set(), holds: false };
    this.#isPushing = true;
    const undone = { cameras: cameras === 'all' || cameras.size > 0, holds };
    try {
      if (cameras === 'all') await this.#desired.push('all', signal);
      else if (cameras.size > 0) await this.#desired.push([...cameras], signal);
      undone.cameras = false;
      if (holds) await this.#holds.push(() => this.#status?.storage.awaitingHolds === true, signal);
      undone.holds = false;
      this.#refused(undefined);
      this.#told();
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
    if (isNews) this.#changed();
  }
}
