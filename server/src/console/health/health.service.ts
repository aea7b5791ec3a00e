import type { CameraHistoryResponse } from '@choi-canh/shared/cameras';
import type { CameraReason, CameraStatus } from '@choi-canh/shared/health';
import type { Clock } from '../../lib/clock.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';
import { laidOver } from './laid-over.js';
import type { StateBroadcasts } from './state-broadcasts.js';
import {
  intervalOnWire,
  type OpenInterval,
  type StateFact,
  type StateIntervalsRepository,
} from './state-intervals.repository.js';

const unreachable: StateFact = { state: 'unknown', reason: 'recorder_unreachable', detail: '' };
const silent: StateFact = { state: 'unknown', reason: 'recorder_silent', detail: '' };
const stopped: StateFact = { state: 'unknown', reason: 'recorder_stopped', detail: '' };
const retired: StateFact = { state: 'paused', reason: 'retired', detail: '' };
/** What people decided stays known whatever becomes of the recorder. */
const isDecided = ({ reason }: { reason: CameraReason }) => reason === 'disabled' || reason === 'retired';
const connecting: StateFact = { state: 'unknown', reason: 'connecting', detail: '' };

/** Keeps what was known of each camera, and when, as intervals; publishes to browsers what changes. */
export class HealthService {
  readonly #db: Database;
  readonly #repository: StateIntervalsRepository;
  readonly #broadcasts: StateBroadcasts;
  readonly #clock: Clock;
  /** States of cameras that another console keeps, as browsers of this one were sent them; by recorder and camera. */
  readonly #seenElsewhere = new Map<string, ReadonlyMap<string, string>>();

  constructor(options: {
    db: Database;
    repository: StateIntervalsRepository;
    broadcasts: StateBroadcasts;
    clock: Clock;
  }) {
    this.#db = options.db;
    this.#repository = options.repository;
    this.#broadcasts = options.broadcasts;
    this.#clock = options.clock;
  }

  /** A camera was added, in the transaction that adds it. */
  async began(manager: Transaction, cameraId: string, at: number): Promise<void> {
    await this.#repository.begin(manager, cameraId, connecting, at);
  }

  /** A camera was taken out of use, in the transaction that does it. */
  async retired(manager: Transaction, cameraId: string, at: number): Promise<void> {
    await this.#repository.enterNow(manager, cameraId, retired, at);
  }

  /** A camera came back into use, in the transaction that does it: its time out of use is one stretch of its history. */
  async returned(manager: Transaction, cameraId: string, at: number): Promise<void> {
    await this.#repository.enterNow(manager, cameraId, connecting, at);
  }

  /**
   * Transitions that the recorder noted, in their order, in as many turns as one camera has of them, each of a few
   * statements. What it returns goes to the browsers, after the commit. Transitions of a camera that was taken out of use or
   * moved to another recorder meanwhile come late and mean nothing any more.
   */
  async applyAll(manager: Transaction, recorderId: string, statuses: readonly CameraStatus[]): Promise<() => void> {
    const changed = new Map<string, OpenInterval>();
    for (const turn of turnsOf(statuses)) {
      const noted = turn.map((status) => ({
        ...{ cameraId: status.cameraId, fact: factOf(status) },
        atMs: this.#instantOf(status),
      }));
      for (const row of await this.#repository.enterNoted(manager, recorderId, noted)) changed.set(row.cameraId, row);
    }
    return () => {
      for (const row of changed.values()) this.#publish(row.areaId, row);
    };
  }

  /**
   * A recorder says that it did not run for a while: whatever was believed of its cameras in that time, nobody looked.
   * What people decided stays. What it saw since comes by itself, in events that follow this one; until then nothing is
   * known but that it is there again.
   */
  async recorderStopped(manager: Transaction, recorderId: string, stop: { from: string; to: string }): Promise<void> {
    const range = { fromMs: Date.parse(stop.from), toMs: Math.min(Date.parse(stop.to), this.#clock.nowMs()) };
    if (range.fromMs >= range.toMs) return;
    const all = await this.#repository.ofRecorder(manager, recorderId, range);
    const rows = all.filter((row) => !isDecided(row));
    await this.#repository.replace(
      manager,
      rows,
      laidOver(rows, stopped, range, (row) => (row.reason === unreachable.reason ? row : connecting)),
    );
  }

  /** Whether cameras of a recorder are in another state now than is believed of them. One statement. */
  differs(recorderId: string, statuses: readonly CameraStatus[]): Promise<boolean> {
    return this.#repository.differs(recorderId, statuses);
  }

  /**
   * What a recorder says of its cameras when nothing that it noted is outstanding: it is so now, since whenever that may
   * be. Intervals begin at instants of its clock; where that is wrong, or ours was, what it noted is in the past only.
   * What it returns goes to the browsers, after the commit.
   */
  agree(manager: Transaction, recorderId: string, statuses: readonly CameraStatus[]): Promise<() => void> {
    const byCamera = statusesByCamera(statuses);
    const now = this.#clock.nowMs();
    return this.#changeAll(manager, recorderId, (open) => {
      const status = differing(open, byCamera);
      return status && { fact: factOf(status), at: Math.max(now, open.sinceAt) };
    });
  }

  /** A recorder was lost: of its cameras nothing is known, but what people decided stays known. */
  async recorderLost(recorderId: string, at: number): Promise<void> {
    const publish = await this.#db.write((manager) =>
      this.#changeAll(manager, recorderId, (open) =>
        isDecided(open) || open.reason === 'recorder_unreachable' ? undefined : { fact: unreachable, at },
      ),
    );
    publish();
  }

  /**
   * A recorder is there again: what it says of each camera holds from when it was so, but not before it was lost. Browsers
   * get all of them: until now they took even what has not changed for unknown.
   */
  async recorderFound(recorderId: string, statuses: readonly CameraStatus[]): Promise<void> {
    const byCamera = statusesByCamera(statuses);
    const now = this.#clock.nowMs();
    const publish = await this.#db.write((manager) =>
      this.#changeAll(
        manager,
        recorderId,
        (open) => {
          const status = byCamera.get(open.cameraId);
          const wasLost = open.reason === 'recorder_unreachable';
          if (status === undefined) return wasLost ? { fact: connecting, at: now } : undefined;
          const at = this.#instantOf(status);
          if (at > open.sinceAt) return { fact: factOf(status), at };
          return wasLost ? { fact: factOf(status), at: now } : undefined;
        },
        { publishAll: true },
      ),
    );
    publish();
  }

  /** A recorder is silent since `since`: browsers show its cameras as unknown; what is stored stays until it is lost. */
  async recorderSilent(recorderId: string, since: number): Promise<void> {
    await this.#publishOpen(recorderId, (open) =>
      open.state === 'unknown' || isDecided(open)
        ? open
        : { ...open, ...silent, sinceAt: Math.max(since, open.sinceAt) },
    );
  }

  /** A silent recorder was heard before it was lost: what is stored of its cameras holds. */
  async recorderHeardAgain(recorderId: string): Promise<void> {
    await this.#publishOpen(recorderId, (open) => open);
  }

  /** Another console keeps this recorder in step: browsers of this one are sent what changed since the last look. */
  async reportChangedElsewhere(recorderId: string): Promise<void> {
    const before = this.#seenElsewhere.get(recorderId);
    const open = await this.#repository.openOfRecorder(this.#db.read, recorderId);
    const seen = new Map(open.map((row) => [row.cameraId, [row.state, row.reason, row.detail, row.sinceAt].join(' ')]));
    this.#seenElsewhere.set(recorderId, seen);
    // What a browser has was read before, or is read after this look.
    const changed =
      before === undefined ? [] : open.filter((row) => before.get(row.cameraId) !== seen.get(row.cameraId));
    for (const row of changed) this.#publish(row.areaId, row);
  }

  /** This console keeps it in step. */
  forgetElsewhere(recorderId: string): void {
    this.#seenElsewhere.delete(recorderId);
  }

  async #publishOpen(
    recorderId: string,
    shown: (open: CameraStateIntervalRow) => CameraStateIntervalRow,
  ): Promise<void> {
    // Among the writers, so that no older state is sent after a newer one.
    await this.#db.write(async (manager) => {
      for (const row of await this.#repository.openOfRecorder(manager, recorderId))
        this.#publish(row.areaId, shown(row));
    });
  }

  /** Intervals of a camera that overlap [fromMs, toMs), oldest first; of very many the newest. */
  async history(cameraId: string, fromMs: number, toMs: number): Promise<CameraHistoryResponse> {
    const { rows, isCut } = await this.#repository.list(cameraId, fromMs, toMs);
    const items = rows.map(intervalOnWire);
    return { items, leftOutBefore: isCut ? (items[0]?.sinceAt ?? null) : null };
  }

  /** Of any number of cameras in as many statements. What it returns goes to the browsers, after the commit. */
  async #changeAll(
    manager: Transaction,
    recorderId: string,
    decide: (open: CameraStateIntervalRow) => { fact: StateFact; at: number } | undefined,
    { publishAll = false } = {},
  ): Promise<() => void> {
    const all = await this.#repository.openOfRecorder(manager, recorderId);
    const changes = all.flatMap((open) => {
      const wanted = decide(open);
      // A clock that was set back must not leave what is so now untouched.
      return wanted === undefined ? [] : [{ open, fact: wanted.fact, atMs: Math.max(wanted.at, open.sinceAt) }];
    });
    const changed = await this.#repository.enterAll(manager, changes);
    const byCamera = new Map((publishAll ? all : []).map((open) => [open.cameraId, open]));
    for (const row of changed) byCamera.set(row.cameraId, row);
    return () => {
      for (const row of byCamera.values()) this.#publish(row.areaId, row);
    };
  }

  #publish(areaId: string, row: CameraStateIntervalRow): void {
    const { toAt: _toAt, ...status } = intervalOnWire(row);
    this.#broadcasts.add(areaId, status);
  }

  /** A recorder whose clock is ahead cannot report from the future. */
  #instantOf(status: CameraStatus): number {
    return Math.min(Date.parse(status.sinceAt), this.#clock.nowMs());
  }
}

function factOf(status: CameraStatus): StateFact {
  return { state: status.state, reason: status.reason, detail: status.detail };
}

/** The first of each camera, then the second of each that has one, and so on. */
function turnsOf(statuses: readonly CameraStatus[]): CameraStatus[][] {
  const turns: CameraStatus[][] = [];
  const counts = new Map<string, number>();
  for (const status of statuses) {
    const turn = counts.get(status.cameraId) ?? 0;
    counts.set(status.cameraId, turn + 1);
    (turns[turn] ??= []).push(status);
  }
  return turns;
}

function statusesByCamera(statuses: readonly CameraStatus[]): ReadonlyMap<string, CameraStatus> {
  return new Map(statuses.map((status) => [status.cameraId, status]));
}

/** What is said of the camera of an open interval, where that is another state. */
function differing(
  open: CameraStateIntervalRow,
  byCamera: ReadonlyMap<string, CameraStatus>,
): CameraStatus | undefined {
  const status = byCamera.get(open.cameraId);
  return status?.state === open.state && status.reason === open.reason ? undefined : status;
}
