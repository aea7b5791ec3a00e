import { msFromInstant } from '@choi-canh/shared/common';
import type { DesiredHold, HoldSummary } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import { HoldDigest, holdHash } from '../../lib/hold-digest.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { HoldCauseRow, HoldRangeRow, HoldRow } from './hold.entity.js';
import type { HoldsRepository } from './holds.repository.js';
import type { HoldsService } from './holds.service.js';

/** So many travel in one request, and are written here in one transaction. */
const atOnce = 500;
/** Browsers hear of each of so many. */
const publishedAtOnce = 100;

export interface HoldTravelDeps {
  db: Database;
  repository: HoldsRepository;
  service: Pick<HoldsService, 'publish'>;
  clock: Clock;
  logger: Logger;
}

/**
 * The way of holds to recorders and back. Only changes travel. What a recorder holds and the console does not know is
 * taken over here: it may be the only trace of a hold whose database was lost.
 */
export class HoldTravel {
  readonly #deps: HoldTravelDeps;

  constructor(deps: HoldTravelDeps) {
    this.#deps = deps;
  }

  /**
   * What a recorder is to be told next; nothing: it was told all. Releases are read first and go only with the last of
   * what is put: a range that is put in the place of another is there before that goes.
   */
  async changes(recorderId: string): Promise<{ put: DesiredHold[]; release: string[] }> {
    const { repository } = this.#deps;
    const releasing = await repository.inState(recorderId, 'releasing', atOnce);
    const put = await repository.inState(recorderId, 'pending', atOnce);
    return { put, release: put.length < atOnce ? releasing.map(({ id }) => id) : [] };
  }

  /** The recorder has these changes durably. `gone`: footage of these was deleted before. */
  async acknowledged(
    { put, release }: { put: readonly DesiredHold[]; release: readonly string[] },
    gone: readonly string[],
  ): Promise<void> {
    const { db, repository } = this.#deps;
    const putIds = put.map(({ id }) => id);
    const holdIds = await db.write(async (manager) => {
      await repository.moveRanges(manager, putIds, ['pending'], 'held');
      await repository.moveRanges(manager, release, ['releasing'], 'released');
      await repository.markGone(manager, gone);
      return this.#restated(manager, [...putIds, ...release]);
    });
    await this.#publish(holdIds);
  }

  /** What the recorder should have; undefined while changes are on their way to it. */
  async summary(recorderId: string): Promise<HoldSummary | undefined> {
    const found = await this.#deps.repository.summary(recorderId);
    if (found === undefined) return undefined;
    const digest = HoldDigest.of(found.count, found.sum);
    return { count: digest.count, digest: digest.text };
  }

  /**
   * Compares what a recorder holds behind the id `after` with what is known here. `there` is a page of that by id; up to
   * `upTo` it is complete, null: to the end. Returns the id up to which was compared, null: all.
   */
  async reconcile(
    recorderId: string,
    after: string,
    upTo: string | null,
    there: readonly DesiredHold[],
  ): Promise<string | null> {
    const { db, repository, logger } = this.#deps;
    // Much may have been released here that a recorder has no longer: a page of that is a page too.
    const place = await repository.placeOf(recorderId, after, 2 * atOnce);
    const end = place === null ? upTo : upTo === null || place < upTo ? place : upTo;
    const onRecorder = new Map(there.filter(({ id }) => end === null || id <= end).map((hold) => [hold.id, hold]));
    const changed = await db.write(async (manager) => {
      const here = await repository.place(manager, recorderId, after, end);
      const known = new Map(here.map((range) => [range.id, range]));
      const of = (wanted: (range: HoldRangeRow) => boolean) => here.filter(wanted).map(({ id }) => id);
      const isThere = ({ id }: HoldRangeRow) => onRecorder.has(id);
      const missing = of((range) => range.state === 'held' && !isThere(range));
      const released = of((range) => range.state === 'releasing' && !isThere(range));
      const back = of((range) => range.state === 'released' && isThere(range));
      const arrived = of((range) => range.state === 'pending' && isThere(range) && sameRange(range, onRecorder));
      await repository.moveRanges(manager, missing, ['held'], 'pending');
      await repository.moveRanges(manager, released, ['releasing'], 'released');
      await repository.moveRanges(manager, back, ['released'], 'releasing');
      await repository.moveRanges(manager, arrived, ['pending'], 'held');
      const wider = here.filter((range) => isThere(range) && !sameRange(range, onRecorder));
      for (const range of wider) await this.#widen(manager, range, onRecorder.get(range.id)!);
      const unknown = [...onRecorder.values()].filter(({ id }) => !known.has(id));
      const taken = await this.#takeOver(manager, recorderId, unknown);
      const ids = [...missing, ...released, ...back, ...arrived, ...wider.map(({ id }) => id), ...taken];
      if (ids.length > 0) {
        const counts = { missing: missing.length, back: back.length, taken: taken.length, wider: wider.length };
        logger.warn({ recorderId, ...counts }, 'what a recorder holds was not what was known of it');
      }
      return this.#restated(manager, ids);
    });
    await this.#publish(changed);
    return end;
  }

  /** Neither end makes a hold narrower: both come to have what either had. */
  async #widen(manager: Transaction, range: HoldRangeRow, there: DesiredHold): Promise<void> {
    const fromAt = Math.min(range.fromAt, msFromInstant(there.from));
    const toAt = Math.max(range.toAt, msFromInstant(there.to));
    const { id, cameraId } = range;
    await this.#deps.repository.updateRange(manager, id, {
      ...{ fromAt, toAt, hash: holdHash({ id, cameraId, fromMs: fromAt, toMs: toAt }) },
      ...(range.state === 'held' ? { state: 'pending' as const } : {}),
    });
  }

  /** Returns the ids of ranges that were entered. */
  async #takeOver(manager: Transaction, recorderId: string, unknown: readonly DesiredHold[]): Promise<string[]> {
    const { repository, clock } = this.#deps;
    if (unknown.length === 0) return [];
    const ids = unknown.map(({ id }) => id);
    const clips = await repository.clipIds(manager, ids);
    // A camera that moved: its holds stay with the recorder that has the footage, and are known as that one's.
    const elsewhere = new Set((await repository.rangesById(manager, ids)).map(({ id }) => id));
    const numbers = await repository.incidentNumbers(manager, [
      ...new Set(unknown.flatMap(({ incident }) => incident?.id ?? [])),
    ]);
    const by = { createdAt: clock.nowMs(), createdById: null, createdByName: '' };
    const incidentOf = ({ incident }: DesiredHold): string | null =>
      incident !== null && numbers.get(incident.id) === incident.number ? incident.id : null;
    const keyOf = (cameraId: string, incidentId: string | null, number: string): string =>
      `${cameraId} ${incidentId ?? `? ${number}`}`;
    const cameraIds = [...new Set(unknown.map(({ cameraId }) => cameraId))];
    const holds = new Map(
      (await repository.ofCameras(manager, recorderId, cameraIds, [...numbers.keys()])).map((row) => [
        keyOf(row.cameraId, row.incidentId, row.foreignIncidentNumber),
        row,
      ]),
    );
    const made: HoldRow[] = [];
    const ranges: HoldRangeRow[] = [];
    const causes: HoldCauseRow[] = [];
    for (const there of unknown) {
      const { id, cameraId, from, to, incident } = there;
      if (elsewhere.has(id)) continue;
      const incidentId = incidentOf(there);
      const number = incident?.number ?? '';
      const key = keyOf(cameraId, incidentId, number);
      const hold = holds.get(key) ?? {
        ...{ id: newId(), incidentId, cameraId, recorderId, state: 'held' as const },
        ...{ foreignIncidentId: incident?.id ?? null, foreignIncidentNumber: number, ...by },
      };
      if (!holds.has(key)) made.push(hold);
      holds.set(key, hold);
      const [fromAt, toAt] = [msFromInstant(from), msFromInstant(to)];
      const place = { id, holdId: hold.id, cameraId, fromAt, toAt };
      const isClip = clips.has(id);
      ranges.push({
        ...{ ...place, recorderId, hash: holdHash({ id, cameraId, fromMs: fromAt, toMs: toAt }), gone: false },
        state: isClip ? 'releasing' : 'held',
      });
      if (isClip) continue;
      causes.push({
        ...{ ...place, id: newId(), kind: 'recorder', subjectId: null, ...by },
        ...{ releasedAt: null, releasedByName: '', releaseReason: '' },
      });
    }
    await repository.insertHolds(manager, made);
    await repository.insertRanges(manager, ranges);
    await repository.insertCauses(manager, causes);
    return ranges.map(({ id }) => id);
  }

  /** The recorder is removed: it will not say that it has released what it was to release. Returns what to do afterwards. */
  async recorderRemoved(recorderId: string, manager: Transaction): Promise<() => void> {
    const { repository } = this.#deps;
    const releasing = (await repository.place(manager, recorderId, '', null)).filter(
      ({ state }) => state === 'releasing',
    );
    const ids = releasing.map(({ id }) => id);
    await repository.moveRanges(manager, ids, ['releasing'], 'released');
    const holdIds = await this.#restated(manager, ids);
    return () => void this.#publish(holdIds).catch(() => undefined); // asked for again by whoever looks
  }

  async #restated(manager: Transaction, rangeIds: readonly string[]): Promise<string[]> {
    const { repository } = this.#deps;
    const holdIds = new Set<string>();
    for (let at = 0; at < rangeIds.length; at += atOnce) {
      const ranges = await repository.rangesById(manager, rangeIds.slice(at, at + atOnce));
      for (const { holdId } of ranges) holdIds.add(holdId);
    }
    await repository.restate(manager, [...holdIds]);
    return [...holdIds];
  }

  async #publish(holdIds: readonly string[]): Promise<void> {
    if (holdIds.length === 0 || holdIds.length > publishedAtOnce) return;
    const { db, repository, service } = this.#deps;
    service.publish(await repository.byIds(db.read, holdIds));
  }
}

const sameRange = (range: HoldRangeRow, onRecorder: ReadonlyMap<string, DesiredHold>): boolean => {
  const there = onRecorder.get(range.id);
  return there !== undefined && range.fromAt === msFromInstant(there.from) && range.toAt === msFromInstant(there.to);
};
