import type { Misfit } from '@choi-canh/shared/lenient';
import type { RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import { linkTroubleOf, type LinkTrouble } from './link-trouble.js';
import { incompatibleOf, type IncompatibleRecorder, type RecorderClient } from './recorder-client.js';
import { RecorderEvents } from './recorder-events.js';
import type { RecorderLease } from './recorder-leases.js';
import type { SyncParts } from './recorder-parts.js';
import { RecorderPush } from './recorder-push.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import { SilenceWatch } from './silence-watch.js';
import type { SyncTimes } from './sync-times.js';

/**
 * Keeps one recorder and the console in step: asks for its status, applies its events once (`recorder-events.ts`),
 * and gives it what changed here (`recorder-push.ts`).
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
  readonly #push: RecorderPush;
  #recorderStartedAt: string | undefined;

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
    this.#push = new RecorderPush({
      ...{ row: options.row, client: options.client, repository: options.repository, consoleId: options.consoleId },
      ...{ parts: options.parts, clock: options.clock, logger: this.#logger, times: options.times },
      mayWork: () => this.#mayWork(),
      awaitsHolds: () => this.#status?.storage.awaitingHolds === true,
      changed: options.changed,
      delivered: options.delivered,
    });
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
    return this.#push.foreign;
  }
  /** Code of what it refused the last time; undefined: it took all. */
  get refusal(): string | undefined {
    return this.#push.refusal;
  }
  /** Newest status; undefined until the recorder answered once. */
  get status(): RecorderStatus | undefined {
    return this.#status;
  }

  start(): void {
    this.#tasks = [
      this.#loop('status', this.#statusTurn),
      this.#loop('events', this.#eventTurn),
      this.#loop('desired state', (signal) => this.#push.turn(signal)),
      this.#silence.run(this.#stop.signal),
    ];
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    this.#push.wake();
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
    this.#push.markChanged(cameraIds);
  }

  /** Holds of its footage have changed. */
  markHoldsChanged(): void {
    this.#push.markHoldsChanged();
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
    this.#push.startFrom((await this.#repository.find(this.#row.id))?.desiredRevision ?? 0);
    await this.#parts.applyUnderstood(this.#row.id);
    this.#wasLeading = true;
    // What another console gave it meanwhile may be older than what this one knows.
    if (this.#hasLed) {
      this.#push.markChanged();
      this.#push.markHoldsChanged();
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
    this.#push.compare(status, restarted);
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
    this.#push.sees(status);
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
}
