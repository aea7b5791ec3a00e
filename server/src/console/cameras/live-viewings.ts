import { instantFromMs } from '@choi-canh/shared/common';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Transaction } from '../../platform/db/database.js';
import type { LiveViewingRow } from './live-viewing.entity.js';
import type { LiveViewingsRepository } from './live-viewings.repository.js';

export interface ViewingTimes {
  /** Pause between two looks at what has ended; default 15 s. A crash loses as much of the end of a viewing. */
  everyMs: number;
  /** A viewing has ended when nothing was asked for so long; default 45 s. */
  silenceMs: number;
  /** Viewings of a console that has gone are entered after so long; default 2 min. */
  unseenMs: number;
  /** One that goes on for longer is entered as several; default 12 h. */
  longestMs: number;
}
const usualTimes: ViewingTimes = { everyMs: 15_000, silenceMs: 45_000, unseenMs: 120_000, longestMs: 12 * 3600_000 };
const closedAtOnce = 50;

interface Viewing {
  /** Rejects where it could not be entered; then nothing is shown. */
  entered: Promise<LiveViewingRow>;
  /** Undefined until it is entered. */
  row: LiveViewingRow | undefined;
  /** Answers under way. */
  answers: number;
  lastAtMs: number;
}

/**
 * Who watches which camera live. A viewing is one session and one camera, from the first picture until a while after the last
 * one, whatever the number of requests; its row is durable before a picture leaves, and becomes one audit record at its end. A
 * viewing that a crash cut off is entered by whichever console runs next.
 */
export class LiveViewings {
  readonly #repository: LiveViewingsRepository;
  readonly #audit: AuditWriter;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #times: ViewingTimes;
  readonly #viewings = new Map<string, Viewing>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: {
    repository: LiveViewingsRepository;
    audit: AuditWriter;
    clock: Clock;
    logger: Logger;
    times?: Partial<ViewingTimes> | undefined;
  }) {
    this.#repository = options.repository;
    this.#audit = options.audit;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#times = { ...usualTimes, ...options.times };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Enters every viewing as ended. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#running;
    await this.#close([...this.#viewings.keys()]);
  }

  /**
   * Somebody gets pictures of these cameras now; resolves when that is durable. What it returns says that the answer has ended.
   * @throws whatever keeps it from being entered
   */
  async begin(actor: Actor, cameraIds: readonly string[]): Promise<() => void> {
    const ids = [...new Set(cameraIds)];
    const fresh = ids.filter((id) => !this.#viewings.has(keyOf(actor.sessionId, id)));
    if (fresh.length > 0) this.#open(actor, fresh);
    const mine = ids.flatMap((id) => this.#viewings.get(keyOf(actor.sessionId, id)) ?? []);
    for (const viewing of mine) viewing.answers += 1;
    const end = () => {
      for (const viewing of mine) {
        viewing.answers -= 1;
        viewing.lastAtMs = this.#clock.nowMs();
      }
    };
    try {
      await Promise.all(mine.map(({ entered }) => entered));
    } catch (error) {
      end();
      throw error;
    }
    let ended = false;
    return () => {
      if (!ended) end();
      ended = true;
    };
  }

  #open(actor: Actor, cameraIds: readonly string[]): void {
    const nowMs = this.#clock.nowMs();
    const rows = this.#repository.write((manager) => this.#enter(manager, actor, cameraIds, nowMs));
    for (const cameraId of cameraIds) {
      const key = keyOf(actor.sessionId, cameraId);
      const entered = rows.then((found) => {
        const row = found.get(cameraId);
        if (row === undefined) throw new Error('the camera of a viewing is not there');
        return row;
      });
      const viewing: Viewing = { entered, row: undefined, answers: 0, lastAtMs: nowMs };
      this.#viewings.set(key, viewing);
      entered.then(
        (row) => (viewing.row = row),
        () => this.#viewings.delete(key),
      );
    }
  }

  /** Goes on with rows of this session that are fresh, as after a restart of the console; older ones have ended. */
  async #enter(
    manager: Transaction,
    actor: Actor,
    cameraIds: readonly string[],
    nowMs: number,
  ): Promise<ReadonlyMap<string, LiveViewingRow>> {
    const rows = new Map<string, LiveViewingRow>();
    for (const row of await this.#repository.ofSession(manager, actor.sessionId, cameraIds)) {
      if (nowMs - row.seenAt <= this.#times.silenceMs) rows.set(row.cameraId, row);
      else await this.#record(manager, row, row.seenAt);
    }
    const cameras = await this.#repository.cameras(manager, cameraIds);
    const added = cameras
      .filter(({ id }) => !rows.has(id))
      .map((camera) => ({
        id: newId(),
        sessionId: actor.sessionId,
        cameraId: camera.id,
        cameraName: camera.name,
        areaId: camera.areaId,
        accountId: actor.accountId,
        accountName: actor.name,
        address: actor.address,
        beganAt: nowMs,
        seenAt: nowMs,
      }));
    await this.#repository.insert(manager, added);
    for (const row of added) rows.set(row.cameraId, row);
    return rows;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#clock.sleep(this.#times.everyMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#turn();
      } catch (error) {
        this.#logger.error({ err: errorMessage(error) }, 'live viewings could not be entered; they are tried again');
      }
    }
  }

  async #turn(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const { silenceMs, longestMs, unseenMs } = this.#times;
    const ended: string[] = [];
    const seen: { id: string; seenAt: number }[] = [];
    for (const [key, { row, answers, lastAtMs }] of this.#viewings) {
      if (row === undefined) continue;
      const isSilent = answers === 0 && nowMs - lastAtMs > silenceMs;
      if (isSilent || nowMs - row.beganAt > longestMs) ended.push(key);
      else seen.push({ id: row.id, seenAt: answers > 0 ? nowMs : lastAtMs });
    }
    if (seen.length > 0) await this.#repository.write((manager) => this.#repository.seen(manager, seen));
    await this.#close(ended);

    const mine = new Set([...this.#viewings.values()].map(({ row }) => row?.id));
    const left = await this.#repository.unseenSince(nowMs - unseenMs, closedAtOnce);
    const orphans = left.filter(({ id }) => !mine.has(id));
    if (orphans.length === 0) return;
    await this.#repository.write(async (manager) => {
      for (const row of orphans) await this.#record(manager, row, row.seenAt, { interrupted: true });
    });
  }

  /**
   * Enters viewings as ended, a bounded number in a transaction. One that has an answer under way begins again, unless the
   * console stops. The others are forgotten first: who asks meanwhile begins another viewing, which is written after this.
   */
  async #close(keys: readonly string[]): Promise<void> {
    const isStopping = this.#stop.signal.aborted;
    for (let start = 0; start < keys.length; start += closedAtOnce) {
      const batch = keys.slice(start, start + closedAtOnce).flatMap((key) => this.#viewings.get(key) ?? []);
      for (const key of keys.slice(start, start + closedAtOnce)) {
        if (isStopping || this.#viewings.get(key)?.answers === 0) this.#viewings.delete(key);
      }
      const nowMs = this.#clock.nowMs();
      const rows = await Promise.all(batch.map(({ entered }) => entered.catch(() => undefined)));
      const goingOn = batch.map((viewing, index): LiveViewingRow | undefined => {
        const row = rows[index];
        const goesOn = row !== undefined && viewing.answers > 0 && !isStopping;
        return goesOn ? { ...row, id: newId(), beganAt: nowMs, seenAt: nowMs } : undefined;
      });
      await this.#repository.write(async (manager) => {
        for (const [index, row] of rows.entries()) {
          const viewing = batch[index];
          if (row === undefined || viewing === undefined) continue;
          await this.#record(manager, row, viewing.answers > 0 ? nowMs : viewing.lastAtMs);
        }
        await this.#repository.insert(
          manager,
          goingOn.filter((row) => row !== undefined),
        );
      });
      for (const [index, row] of goingOn.entries()) {
        if (row !== undefined) Object.assign(batch[index]!, { row, entered: Promise.resolve(row) });
      }
    }
  }

  /** One audit record in place of the row, unless another console was faster. */
  async #record(manager: Transaction, row: LiveViewingRow, toMs: number, more: object = {}): Promise<void> {
    if (!(await this.#repository.take(manager, row.id))) return;
    await this.#audit.record(
      { accountId: row.accountId, name: row.accountName, sessionId: row.sessionId, address: row.address },
      {
        action: 'live.view',
        subjectType: 'camera',
        subjectId: row.cameraId,
        subjectName: row.cameraName,
        areaId: row.areaId,
        details: { from: instantFromMs(row.beganAt), to: instantFromMs(Math.max(row.beganAt, toMs)), ...more },
      },
      manager,
    );
  }
}

const keyOf = (sessionId: string, cameraId: string) => `${sessionId}/${cameraId}`;
