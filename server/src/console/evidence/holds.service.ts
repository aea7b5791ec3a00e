import { instantFromMs } from '@choi-canh/shared/common';
import type { HoldResponse } from '@choi-canh/shared/evidence';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { holdHash } from '../../lib/hold-digest.js';
import { newId } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CasesRepository } from './cases.repository.js';
import type { EvidenceRecorders } from './evidence-interfaces.js';
import type { HoldCauseRow, HoldRow } from './hold.entity.js';
import { holdOnWire } from './hold-response.js';
import { isOfCase, type HoldsRepository, type HoldView } from './holds.repository.js';
import { planRanges } from './plan-ranges.js';

const longestMs = 7 * 86_400_000;

export interface HoldsServiceDeps {
  db: Database;
  repository: HoldsRepository;
  cases: CasesRepository;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  recorders: EvidenceRecorders;
  clock: Clock;
}

export interface HoldNeed {
  incidentId: string;
  cameraId: string;
  recorderId: string;
  fromMs: number;
  toMs: number;
  kind: HoldCauseRow['kind'];
  subjectId: string | null;
}

/**
 * Protection of footage from retention: one hold for each camera and incident, with everything that needs it. A hold counts
 * as held only when the recorder has said so. What travels to the recorder is in `hold-travel.ts`.
 */
export class HoldsService {
  readonly #deps: HoldsServiceDeps;

  constructor(deps: HoldsServiceDeps) {
    this.#deps = deps;
  }

  async list(scope: AreaScope, incidentId: string): Promise<HoldResponse[]> {
    await this.#deps.cases.incident(scope, incidentId);
    return (await this.#deps.repository.list(incidentId)).map(holdOnWire);
  }

  /** Each camera's hold of the incident, with this range in it; all or none. */
  async create(
    actor: Actor,
    incidentId: string,
    request: { cameraIds: string[]; from: string; to: string },
  ): Promise<HoldResponse[]> {
    const { db, cases, audit, recorders, repository } = this.#deps;
    const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
    if (toMs - fromMs > longestMs) throw new AppError('invalid', 'range_too_long', 'at most 7 days a hold');
    const { holdIds, recorderIds } = await db.write(async (manager) => {
      const incident = await cases.incident(actor.scope, incidentId, manager);
      const cameras = await cases.cameras(actor.scope, request.cameraIds, manager);
      const holdIds: string[] = [];
      for (const { id: cameraId, name, recorderId } of cameras) {
        const hold = await this.enter(manager, actor, {
          ...{ incidentId, cameraId, recorderId, fromMs, toMs, kind: 'hand', subjectId: null },
        });
        await audit.record(
          actor,
          {
            action: 'hold.create',
            subjectType: 'hold',
            subjectId: hold.id,
            subjectName: `${incident.number} · ${name}`,
            areaId: incident.areaId,
            details: { after: { cameraId, from: instantFromMs(fromMs), to: instantFromMs(toMs) } },
          },
          manager,
        );
        holdIds.push(hold.id);
      }
      return { holdIds, recorderIds: new Set(cameras.map(({ recorderId }) => recorderId)) };
    });
    for (const recorderId of recorderIds) recorders.markHoldsChanged(recorderId);
    const made = await repository.byIds(db.read, holdIds);
    this.publish(made);
    return holdIds.flatMap((id) => made.filter(isOfCase).find(({ row }) => row.id === id) ?? []).map(holdOnWire);
  }

  /** Enters what needs footage, in its transaction; the caller marks the recorder's holds as changed after the commit. */
  async enter(manager: Transaction, actor: Actor, need: HoldNeed): Promise<HoldRow> {
    const { repository, clock } = this.#deps;
    const { incidentId, cameraId, recorderId } = need;
    const by = { createdAt: clock.nowMs(), createdById: actor.accountId, createdByName: actor.name };
    const known = await repository.ofCase(manager, { incidentId, cameraId, recorderId });
    const hold: HoldRow = known ?? {
      ...{ id: newId(), incidentId, cameraId, recorderId, state: 'pending' },
      ...{ foreignIncidentId: null, foreignIncidentNumber: '', ...by },
    };
    if (known === null) await repository.insertHold(manager, hold);
    // A tag that became longer: what it needed before is part of what it needs now.
    const before = need.subjectId === null ? [] : await repository.causesOf(manager, hold.id);
    const widened = before.filter(
      (cause) =>
        cause.subjectId === need.subjectId &&
        cause.releasedAt === null &&
        need.fromMs <= cause.fromAt &&
        cause.toAt <= need.toMs,
    );
    await repository.deleteCauses(
      manager,
      widened.map(({ id }) => id),
    );
    await repository.insertCauses(manager, [
      {
        ...{ id: newId(), holdId: hold.id, kind: need.kind, subjectId: need.subjectId },
        ...{ fromAt: need.fromMs, toAt: need.toMs, ...by },
        ...{ releasedAt: null, releasedByName: '', releaseReason: '' },
      },
    ]);
    await this.#coverNeeds(manager, hold);
    return hold;
  }

  /** Puts and releases ranges until they are what the causes need. */
  async #coverNeeds(manager: Transaction, hold: HoldRow): Promise<void> {
    const { repository } = this.#deps;
    const ranges = (await repository.rangesOf(manager, hold.id)).filter(
      ({ state }) => state === 'pending' || state === 'held',
    );
    const causes = (await repository.causesOf(manager, hold.id)).filter(({ releasedAt }) => releasedAt === null);
    const { put, release } = planRanges(
      ranges.map(({ id, fromAt, toAt }) => ({ id, fromMs: fromAt, toMs: toAt })),
      causes.map(({ fromAt, toAt }) => ({ fromMs: fromAt, toMs: toAt })),
    );
    await repository.insertRanges(
      manager,
      put.map(({ fromMs, toMs }) => {
        const place = { id: newId(), cameraId: hold.cameraId };
        return {
          ...{ ...place, holdId: hold.id, recorderId: hold.recorderId, fromAt: fromMs, toAt: toMs },
          ...{ state: 'pending' as const, hash: holdHash({ ...place, fromMs, toMs }), gone: false },
        };
      }),
    );
    const ids = release.map(({ id }) => id);
    await repository.moveRanges(manager, ids, ['pending', 'held'], 'releasing');
    await repository.restate(manager, [hold.id]);
  }

  /**
   * All of a hold, or one of its causes: then only what nothing else needs is given back.
   * @throws AppError not_found `hold_not_found`, `hold_cause_not_found`, conflict `hold_released`.
   */
  async release(
    actor: Actor,
    id: string,
    request: { reason: string; causeId?: string | undefined },
  ): Promise<HoldResponse> {
    const { db, repository, audit, recorders } = this.#deps;
    const recorderId = await db.write(async (manager) => {
      const found = await repository.find(actor.scope, id, manager);
      if (found === undefined) throw new AppError('not_found', 'hold_not_found', 'no such hold');
      const causes = await this.releaseCauses(manager, actor, found, request);
      await audit.record(
        actor,
        {
          action: 'hold.release',
          subjectType: 'hold',
          subjectId: id,
          subjectName: `${found.incidentNumber} · ${found.cameraName ?? found.row.cameraId}`,
          areaId: found.areaId,
          purpose: request.reason,
          details: {
            before: { cameraId: found.row.cameraId, ...(request.causeId === undefined ? {} : { part: true }) },
            released: causes.slice(0, 100).map(({ kind, fromAt, toAt }) => ({
              ...{ kind, from: instantFromMs(fromAt), to: instantFromMs(toAt) },
            })),
          },
        },
        manager,
      );
      return found.row.recorderId;
    });
    recorders.markHoldsChanged(recorderId);
    const views = await repository.byIds(db.read, [id]);
    this.publish(views);
    const [view] = views.filter(isOfCase);
    if (view === undefined) throw new AppError('not_found', 'hold_not_found', 'no such hold');
    return holdOnWire(view);
  }

  /** Returns the causes that end. @throws AppError not_found `hold_cause_not_found`, conflict `hold_released` */
  async releaseCauses(
    manager: Transaction,
    actor: Actor,
    { row, causes }: HoldView,
    { reason, causeId }: { reason: string; causeId?: string | undefined },
  ): Promise<HoldCauseRow[]> {
    const { repository, clock } = this.#deps;
    const meant = causes.filter(({ id }) => causeId === undefined || id === causeId);
    if (meant.length === 0) throw new AppError('not_found', 'hold_cause_not_found', 'nothing of this hold has this id');
    const ending = meant.filter(({ releasedAt }) => releasedAt === null);
    if (ending.length === 0) throw new AppError('conflict', 'hold_released', 'this was released before');
    await repository.updateCauses(
      manager,
      ending.map(({ id }) => id),
      { releasedAt: clock.nowMs(), releasedByName: actor.name, releaseReason: reason },
    );
    await this.#coverNeeds(manager, row);
    return ending;
  }

  countOf(recorderId: string, manager: Transaction): Promise<number> {
    return this.#deps.repository.countOf(manager, recorderId);
  }

  /** Tells browsers. Of a great many at once only that their incidents changed: each is asked for by who looks at it. */
  publish(views: readonly HoldView[]): void {
    const ofCases = views.filter(isOfCase);
    for (const view of ofCases) {
      this.#deps.broadcaster.toArea(view.areaId, 'hold.edit', 'hold.state', holdOnWire(view));
    }
    for (const [incidentId, areaId] of new Map(ofCases.map(({ row, areaId }) => [row.incidentId, areaId]))) {
      this.#deps.broadcaster.toArea(areaId, 'incident.view', 'incident.changed', incidentId);
    }
  }
}
