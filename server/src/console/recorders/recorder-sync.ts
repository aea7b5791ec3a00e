import type { DesiredState, RecorderEvent, RecorderStatus } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import type { RecorderClient } from './recorder-client.js';
import type { RecorderRow } from './recorder.entity.js';
import type { RecordersRepository } from './recorders.repository.js';
import type { Transaction } from '../../platform/db/database.js';
import { SilenceWatch } from './silence-watch.js';

/** What the other features have to do with a recorder; console composition hands it in. */
export interface RecorderParts {
  /** The whole of what this recorder shall do, its revision excepted. */
  desired(recorderId: string): Promise<Omit<DesiredState, 'revision'>>;
  /** After the recorder took a desired state: the holds that it keeps durably now. */
  desiredTaken(recorderId: string, holdIds: readonly string[]): Promise<void>;
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
  /** What would be left without the recorder: cameras, and footage that it holds for incidents. */
  usedBy(recorderId: string, manager: Transaction): Promise<{ cameras: number; holds: number }>;
  /** The recorder is being removed, in this transaction; what it returns runs after the commit. */
  removed(recorderId: string, manager: Transaction): Promise<() => void>;
}

type SyncParts = Omit<RecorderParts, 'cameraCount' | 'usedBy' | 'removed'>;

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
 * Keeps one recorder and the console in step: asks for its status, applies its events once, and gives it the desired
 * state whenever that changed here or is not what it has there.
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
  readonly #stop = new AbortController();
  #tasks: Promise<void>[] = [];

  #status: RecorderStatus | undefined;
  #reachability: 'unknown' | 'reachable' | 'lost' = 'unknown';
  #lastSeenAt: number | undefined;
  #lastSeenMonotonicMs: number;
  #lastSeenStoredAt = 0;
  #sequence: number;
  #revision: number;
  /** Grows with each change here; what was sent last is `#sentChange`. */
  #change = 1;
  #sentChange = 0;
  /** The change that `#revision` was given to. */
  #numberedChange = 0;
  #recorderStartedAt: string | undefined;
  #wakePush: (() => void) | undefined;

  constructor(options: {
    row: RecorderRow;
    client: RecorderClient;
    repository: RecordersRepository;
    parts: SyncParts;
    clock: Clock;
    logger: Logger;
    times: SyncTimes;
    /** There is a newer status, or the recorder was lost. */
    changed: () => void;
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
    this.#sequence = options.row.lastSequence;
    this.#revision = options.row.desiredRevision;
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

  /** Something that the recorder should know has changed. */
  markChanged(): void {
    this.#change += 1;
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
    if (status.revision > this.#revision) {
      this.#revision = status.revision;
      this.#numberedChange = 0;
    }
    if (restarted || (status.revision !== this.#revision && this.#sentChange === this.#change)) this.markChanged();
    if (!wasReachable || restarted) {
      await this.#parts.found(this.#row.id, status);
      this.#reachability = 'reachable';
      this.#logger.info({ restarted }, 'recorder is there');
    }
    await this.#agree(status);
    this.#changed();
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

  async #pushTurn(signal: AbortSignal): Promise<void> {
    while (this.#sentChange === this.#change && !signal.aborted) {
      await new Promise<void>((resolve) => (this.#wakePush = resolve));
    }
    if (signal.aborted) return;
    await this.#clock.sleep(this.#times.debounceMs, signal);
    const change = this.#change;
    const wanted = await this.#parts.desired(this.#row.id);
    if (this.#numberedChange !== change) {
      this.#revision += 1;
      this.#numberedChange = change;
      await this.#repository.setRevision(this.#row.id, this.#revision);
    }
    const revision = this.#revision;
    const answer = await this.#client.putDesiredState({ revision, ...wanted }, signal);
    this.#sentChange = change;
    await this.#parts.desiredTaken(this.#row.id, answer.holdIds);
  }
}
