import type { Misfit } from '@choi-canh/shared/lenient';
import type { KnownCamera, RecorderEvent, RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import { DesiredPush, type DesiredParts } from './desired-push.js';
import { HoldPush, type HoldParts } from './hold-push.js';
import { incompatibleOf, type IncompatibleRecorder, type RecorderClient } from './recorder-client.js';
import { RecorderEvents, type RecorderEventsOptions } from './recorder-events.js';
import type { RecorderLease } from './recorder-leases.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { Transaction } from '../../platform/db/database.js';
import { SilenceWatch } from './silence-watch.js';

/** What the other features have to do with a recorder; console composition hands it in. */
export interface RecorderParts {
  desired: DesiredParts;
  holds: HoldParts;
  /** Another console keeps the recorder in step; called every few seconds. */
  keptElsewhere(recorderId: string): Promise<void>;
  keptHere(recorderId: string): void;
  /**
   * Applies events that follow one another, all of one type, inside the transaction that moves the sequence; what it returns
   * runs after the commit.
   */
  applyEvents(recorderId: string, events: readonly RecorderEvent[], manager: Transaction): Promise<(() => void)[]>;
  /** The recorder was lost. */
  lost(recorderId: string, at: number): Promise<void>;
  /** It has not been heard since `since` and is not lost yet: nothing is known of its cameras now, and nothing is stored. */
  silent(recorderId: string, since: number): Promise<void>;
  /** It was heard again before it was lost. */
  heardAgain(recorderId: string): Promise<void>;
  /** The recorder is there (again), or restarted, and reported its cameras' states. */
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

type SyncParts = Omit<
  RecorderParts,
  'cameraCount' | 'unknownHolds' | 'adoptCameras' | 'usedBy' | 'removed' | 'keptElsewhere' | 'keptHere'
> & {
  setAside: RecorderEventsOptions['setAside'];
  /** This console keeps the recorder in step from now on: what was set aside may be understood by now. */
  applyUnderstood(recorderId: string): Promise<void>;
};

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

/** Another key answers at its address, or it does not know this console: a person pairs it again. */
export interface LinkTrouble {
  code: 'recorder_key_changed' | 'recorder_unpaired';
  /** Fingerprint of the key that answers; empty where it is the right one. */
  key: string;
}

function linkTroubleOf(error: unknown): LinkTrouble | undefined {
  if (!isAppError(error, 'unavailable')) return undefined;
  if (error.code === 'recorder_key_changed') {
    return { code: error.code, key: String(error.details['fingerprint'] ?? '') };
  }
  const refused = error.code === 'recorder_unpaired' || error.code === 'recorder_refused';
  return refused ? { code: 'recorder_unpaired', key: '' } : undefined;
}

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
  readonly #delivered: () => void;
  readonly #lease: RecorderLease;
  readonly #events: RecorderEvents;
  readonly #stop = new AbortController();
  #tasks: Promise<void>[] = [];

  #status: RecorderStatus | undefined;
  /** What this version does not know in the newest status. */
  #misfits: readonly Misfit[] = [];
  #reachability: 'unknown' | 'reachable' | 'lost' | 'incompatible' = 'unknown';
  #incompatible: IncompatibleRecorder | undefined;
  /** Whether the database has it that the recorder is lost. */
  #isLossNoted = false;
  /** It keeps the recorder in step since the last answer; it ever did. */
  #wasLeading = false;
  #hasLed = false;
  #eventsFailedSince: number | undefined;
  #trouble: LinkTrouble | undefined;
  #lastSeenAt: number | undefined;
  #lastSeenMonotonicMs: number;
  #lastSeenStoredAt = 0;
  readonly #consoleId: string;
  readonly #desired: DesiredPush;
  readonly #holds: HoldPush;
  /** What is pending for the recorder; all of it at first. */
  #pending: { cameras: 'all' | Set<string>; holds: boolean } = { cameras: 'all', holds: true };
  #isPushing = false;
  /** It follows another console and is given nothing. */
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
    lease: RecorderLease;
    /** There is a newer status, or the recorder was lost. */
    changed: () => void;
    /** It was given what changed: what is kept of it in the database may have changed with that. */
    delivered: () => void;
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
    this.#delivered = options.delivered;
    this.#consoleId = options.consoleId;
    const { client, parts, repository, consoleId } = options;
    const common = { recorderId: options.row.id, consoleId, client };
    const revision = options.row.desiredRevision;
    this.#desired = new DesiredPush({ ...common, revision, repository, parts: parts.desired });
    this.#holds = new HoldPush({ ...common, parts: parts.holds, logger: this.#logger });
    this.#lease = options.lease;
    this.#events = new RecorderEvents({
      recorderId: options.row.id,
      sequence: options.row.lastSequence,
      repository: options.repository,
      applyEvents: (id, events, manager) => options.parts.applyEvents(id, events, manager),
      setAside: options.parts.setAside,
      clock: options.clock,
      logger: this.#logger,
      retryMs: options.times.retryMs,
    });
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
  /** It speaks another major version of the protocol. */
  get incompatible(): IncompatibleRecorder | undefined {
    return this.#reachability === 'incompatible' ? this.#incompatible : undefined;
  }
  /** Why the newest question was not answered, where a person must do something. */
  get trouble(): LinkTrouble | undefined {
    return this.#trouble;
  }
  get misfits(): readonly Misfit[] {
    return this.#misfits;
  }
  /** Since when its events could not be taken although it answers; Unix milliseconds. */
  get eventsFailedSince(): number | undefined {
    return this.reachable ? this.#eventsFailedSince : undefined;
  }
  get lastSeenAt(): number | undefined {
    return this.#lastSeenAt;
  }
  /** It follows another console: it records and holds as that one said, and is given nothing. */
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

  /** Whether this console, and no other, keeps it in step. */
  get leads(): boolean {
    return this.#lease.held;
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
        if (name !== 'status' && !this.#mayWork()) {
          await this.#clock.sleep(this.#times.retryMs, signal);
          continue;
        }
        await turn.call(this, signal);
        failures = 0;
        if (name === 'events') this.#eventsFailedSince = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (name === 'events') this.#eventsFailedSince ??= this.#clock.nowMs();
        // A recorder that is off is a fact; anything else here is ours to mend.
        const level = isAppError(error, 'unavailable') ? 'debug' : 'error';
        this.#logger[level]({ err: errorMessage(error) }, `recorder ${name} failed`);
        const pauseMs = backoffMs(failures, this.#times.retryMs, this.#times.retryMs * 20);
        failures += 1;
        await this.#clock.sleep(name === 'status' ? this.#times.statusEveryMs : pauseMs, signal).catch(() => undefined);
      }
    }
  }

  /** What only one console may do, and only in a language that the recorder understands. */
  #mayWork(): boolean {
    return this.#lease.held && this.#reachability !== 'incompatible';
  }

  async #statusTurn(signal: AbortSignal): Promise<void> {
    const asked = this.#events.sequence;
    const answer = await this.#client.status(signal).catch(async (error: unknown) => {
      this.#noteTrouble(linkTroubleOf(error));
      const incompatible = incompatibleOf(error);
      if (incompatible !== undefined) return incompatible;
      await this.#missed();
      throw error;
    });
    this.#trouble = undefined;
    if ('status' in answer) {
      this.#misfits = answer.misfits;
      await this.#seen(answer.status, asked);
    } else await this.#seenIncompatible(answer);
    await this.#clock.sleep(this.#times.statusEveryMs, signal);
  }

  /** `asked` is how far its events were known when it was asked: while it answered, newer ones may have come. */
  async #seen(status: RecorderStatus, asked: number): Promise<void> {
    this.#status = status;
    const restarted = this.#recorderStartedAt !== undefined && this.#recorderStartedAt !== status.startedAt;
    this.#recorderStartedAt = status.startedAt;
    const isNew = !this.#wasLeading;
    if (await this.#lead()) await this.#follow(status, asked, restarted, isNew);
    else this.#read(status);
    this.#changed();
  }

  #noteTrouble(trouble: LinkTrouble | undefined): void {
    if (trouble?.code === this.#trouble?.code) return;
    this.#trouble = trouble;
    if (trouble !== undefined) this.#logger.error(trouble, 'nothing is exchanged with the recorder');
    this.#changed();
  }

  /** Whether this console keeps the recorder in step; where it did not until now, from what the database has. */
  async #lead(): Promise<boolean> {
    if (!(this.#lease.held || (await this.#lease.take()))) {
      this.#wasLeading = false;
      return false;
    }
    if (this.#wasLeading) return true;
    await this.#events.reread();
    this.#desired.startFrom((await this.#repository.find(this.#row.id))?.desiredRevision ?? 0);
    await this.#parts.applyUnderstood(this.#row.id);
    this.#wasLeading = true;
    // What another console gave it meanwhile may be older than what this one knows.
    if (this.#hasLed) {
      this.markChanged();
      this.markHoldsChanged();
    }
    this.#hasLed = true;
    return true;
  }

  async #follow(status: RecorderStatus, asked: number, restarted: boolean, isNew: boolean): Promise<void> {
    const mustFind = this.#reachability !== 'reachable' || restarted || isNew;
    await this.#touch();
    if (status.sequence < asked && status.sequence < this.#events.sequence) {
      this.#logger.warn({ had: asked, has: status.sequence }, 'the recorder lost its events and starts anew');
      await this.#repository.setSequence(this.#row.id, 0);
      this.#events.startFrom(0);
    }
    this.#compare(status, restarted);
    if (mustFind) {
      await this.#parts.found(this.#row.id, status);
      this.#reachability = 'reachable';
      this.#isLossNoted = false;
      this.#logger.info({ restarted }, 'recorder is there');
    }
    await this.#agree(status);
  }

  /** Another console keeps it in step; this one shows what it says, and what the database has. */
  #read(status: RecorderStatus): void {
    this.#isForeign = status.consoleId !== null && status.consoleId !== this.#consoleId;
    this.#lastSeenAt = this.#clock.nowMs();
    this.#lastSeenMonotonicMs = this.#clock.monotonicMs();
    this.#silence.heard();
    this.#reachability = 'reachable';
    this.#isLossNoted = false;
  }

  /** It is there, and goes on recording by the desired state that it has. What it says of its cameras cannot be relied on. */
  async #seenIncompatible(incompatible: IncompatibleRecorder): Promise<void> {
    this.#lastSeenAt = this.#clock.nowMs();
    this.#lastSeenMonotonicMs = this.#clock.monotonicMs();
    this.#incompatible = incompatible;
    this.#status = undefined;
    this.#reachability = 'incompatible';
    await this.#noteLoss();
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
    if (status.sequence !== this.#events.sequence || !(await this.#parts.differs(this.#row.id, status))) return;
    const agreed = await this.#events.advance(status.sequence, status.sequence, async (manager) => [
      await this.#parts.agree(this.#row.id, status, manager),
    ]);
    if (agreed)
      this.#logger.info({ recorderNow: status.now }, 'its events are dated otherwise than its cameras are now');
  }

  async #missed(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    if (this.#clock.monotonicMs() - this.#lastSeenMonotonicMs < this.#times.lostAfterMs) return;
    const isNew = this.#reachability !== 'lost';
    this.#reachability = 'lost';
    await this.#noteLoss();
    if (!isNew) return;
    this.#logger.warn({}, 'recorder was lost');
    this.#changed();
  }

  /** The cameras are unknown from now on, unless another console reaches the recorder; then that one may go on. */
  async #noteLoss(): Promise<void> {
    if (this.#isLossNoted || !(this.#lease.held || (await this.#lease.take()))) return;
    await this.#parts.lost(this.#row.id, this.#clock.nowMs());
    this.#isLossNoted = true;
    this.#wasLeading = false;
    await this.#lease.release();
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
    const after = this.#events.sequence;
    const page = await this.#client.events(after, this.#times.pollWaitMs, signal);
    this.#silence.heard();
    if (!this.#mayWork()) return;
    await this.#events.apply(page.events, signal);
    // An answer that brought nothing new and came at once would make this a busy loop.
    if (this.#events.sequence === after && (page.events.length > 0 || page.sequence > after)) {
      await this.#clock.sleep(this.#times.retryMs, signal);
    }
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
    if (!this.#mayWork()) return;
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
      this.#delivered();
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
