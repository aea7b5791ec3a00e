import { instantFromMs } from '@choi-canh/shared/common';
import type { HoldResponse } from '@choi-canh/shared/evidence';
import type { DesiredHold } from '@choi-canh/shared/recorder-api';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CasesRepository } from './cases.repository.js';
import type { EvidenceRecorders } from './evidence-interfaces.js';
import type { HoldRow } from './hold.entity.js';
import type { HoldsRepository, HoldView } from './holds.repository.js';

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

/** Protection of footage from retention. A hold counts as held only when the recorder has said so. */
export class HoldsService {
  readonly #deps: HoldsServiceDeps;

  constructor(deps: HoldsServiceDeps) {
    this.#deps = deps;
  }

  async list(scope: AreaScope, incidentId: string): Promise<HoldResponse[]> {
    await this.#deps.cases.incident(scope, incidentId);
    return (await this.#deps.repository.list(incidentId)).map(holdOnWire);
  }

  /** One hold a camera; all or none. */
  async create(
    actor: Actor,
    incidentId: string,
    request: { cameraIds: string[]; from: string; to: string },
  ): Promise<HoldResponse[]> {
    const { db, cases, audit, recorders, repository } = this.#deps;
    const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
    if (toMs - fromMs > longestMs) throw new AppError('invalid', 'range_too_long', 'at most 7 days a hold');
    const made = await db.write(async (manager) => {
      const incident = await cases.incident(actor.scope, incidentId, manager);
      const cameras = await cases.cameras(actor.scope, request.cameraIds, manager);
      const views: HoldView[] = [];
      for (const camera of cameras) {
        const row = await this.enter(manager, actor, { incidentId, cameraId: camera.id, fromMs, toMs });
        await audit.record(
          actor,
          {
            action: 'hold.create',
            subjectType: 'hold',
            subjectId: row.id,
            subjectName: `${incident.number} · ${camera.name}`,
            areaId: incident.areaId,
            details: { after: { cameraId: camera.id, from: instantFromMs(fromMs), to: instantFromMs(toMs) } },
          },
          manager,
        );
        views.push({
          row,
          cameraName: camera.name,
          recorderId: camera.recorderId,
          areaId: incident.areaId,
          incidentNumber: incident.number,
        });
      }
      return views;
    });
    for (const recorderId of new Set(made.map((view) => view.recorderId))) recorders.markChanged(recorderId);
    this.#tell(made);
    return (
      await repository.byIds(
        db.read,
        made.map((view) => view.row.id),
      )
    ).map(holdOnWire);
  }

  /** Enters a hold in the transaction of what needs it; the caller marks the recorder as changed after the commit. */
  async enter(
    manager: Transaction,
    actor: Actor,
    given: { incidentId: string; cameraId: string; fromMs: number; toMs: number },
  ): Promise<HoldRow> {
    const row: HoldRow = {
      id: newId(),
      incidentId: given.incidentId,
      cameraId: given.cameraId,
      fromAt: given.fromMs,
      toAt: given.toMs,
      state: 'pending',
      releaseReason: '',
      createdAt: this.#deps.clock.nowMs(),
      createdById: actor.accountId,
      createdByName: actor.name,
    };
    await this.#deps.repository.insert(manager, row);
    return row;
  }

  /** @throws AppError not_found `hold_not_found`, conflict `hold_released`. */
  async release(actor: Actor, id: string, reason: string): Promise<HoldResponse> {
    const { db, repository, audit, recorders } = this.#deps;
    const view = await db.write(async (manager) => {
      const found = await repository.find(actor.scope, id, manager);
      if (found === undefined) throw new AppError('not_found', 'hold_not_found', 'no such hold');
      const { row } = found;
      if (row.state === 'releasing' || row.state === 'released') {
        throw new AppError('conflict', 'hold_released', 'this hold was released before');
      }
      await repository.update(manager, id, { state: 'releasing', releaseReason: reason });
      await audit.record(
        actor,
        {
          action: 'hold.release',
          subjectType: 'hold',
          subjectId: id,
          subjectName: `${found.incidentNumber} · ${found.cameraName}`,
          areaId: found.areaId,
          purpose: reason,
          details: {
            before: { cameraId: row.cameraId, from: instantFromMs(row.fromAt), to: instantFromMs(row.toAt) },
          },
        },
        manager,
      );
      return { ...found, row: { ...row, state: 'releasing' as const, releaseReason: reason } };
    });
    recorders.markChanged(view.recorderId);
    this.#tell([view]);
    return holdOnWire(view);
  }

  desired(recorderId: string): Promise<DesiredHold[]> {
    return this.#deps.repository.desired(recorderId);
  }

  /** The recorder took a desired state: what it holds now is held, what it no longer holds is released. */
  async taken(recorderId: string, holdIds: readonly string[]): Promise<void> {
    const held = new Set(holdIds);
    const { db, repository } = this.#deps;
    // Most desired states concern no hold; looking first keeps those from taking the write lock.
    if ((await repository.unsettled(db.read, recorderId)).length === 0) return;
    const settled = await db.write(async (manager) => {
      const done: HoldView[] = [];
      for (const view of await repository.unsettled(manager, recorderId)) {
        const settledView = await this.#settle(manager, view, held.has(view.row.id));
        if (settledView !== undefined) done.push(settledView);
      }
      return done;
    });
    this.#tell(settled);
  }

  countOf(recorderId: string, manager: Transaction): Promise<number> {
    return this.#deps.repository.countOf(manager, recorderId);
  }

  /** The recorder is removed: it will not say that it has released what it was to release. */
  async recorderRemoved(recorderId: string, manager: Transaction): Promise<() => void> {
    const released: HoldView[] = [];
    for (const view of await this.#deps.repository.unsettled(manager, recorderId)) {
      const settled = await this.#settle(manager, view, false);
      if (settled !== undefined) released.push(settled);
    }
    return () => this.#tell(released);
  }

  /** The recorder reported a hold by itself. */
  async applyState(manager: Transaction, holdId: string, held: boolean): Promise<(() => void) | undefined> {
    const [view] = await this.#deps.repository.byIds(manager, [holdId]);
    if (view === undefined) return undefined;
    const settled = await this.#settle(manager, view, held);
    return settled === undefined ? undefined : () => this.#tell([settled]);
  }

  async #settle(manager: Transaction, view: HoldView, held: boolean): Promise<HoldView | undefined> {
    const { state } = view.row;
    const next = held && state === 'pending' ? 'held' : !held && state === 'releasing' ? 'released' : undefined;
    if (next === undefined) return undefined;
    await this.#deps.repository.update(manager, view.row.id, { state: next });
    return { ...view, row: { ...view.row, state: next } };
  }

  #tell(views: readonly HoldView[]): void {
    for (const view of views) {
      this.#deps.broadcaster.toArea(view.areaId, 'hold.edit', 'hold.state', holdOnWire(view));
    }
    for (const [incidentId, areaId] of new Map(views.map((view) => [view.row.incidentId, view.areaId]))) {
      this.#deps.broadcaster.toArea(areaId, 'incident.view', 'incident.changed', incidentId);
    }
  }
}

function holdOnWire({ row, cameraName }: HoldView): HoldResponse {
  return {
    id: row.id,
    incidentId: row.incidentId,
    cameraId: row.cameraId,
    cameraName,
    from: instantFromMs(row.fromAt),
    to: instantFromMs(row.toAt),
    state: row.state,
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
  };
}
