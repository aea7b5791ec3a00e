import { instantFromMs } from '@choi-canh/shared/common';
import type { TagCreateRequest, TagResponse } from '@choi-canh/shared/evidence';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CasesRepository } from './cases.repository.js';
import type { EvidenceRecorders } from './evidence-interfaces.js';
import type { HoldsService } from './holds.service.js';
import type { TagRow } from './tag.entity.js';
import type { TagsRepository, TagView } from './tags.repository.js';

/** What a tag's hold keeps before and after it, so that a later look around it still finds footage. */
const marginMs = 30_000;
const longestMs = 24 * 3600_000;
/** A camera's or browser's clock may be ahead by so much. */
const clockErrorMs = 60_000;

export interface TagPatch {
  from?: string | undefined;
  to?: string | undefined;
  note?: string | undefined;
  decisive?: boolean | undefined;
}
export interface TagsServiceDeps {
  db: Database;
  repository: TagsRepository;
  cases: CasesRepository;
  holds: HoldsService;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  recorders: EvidenceRecorders;
  clock: Clock;
}

/** Marks on footage. Each brings a hold of its range with it; deleting the mark leaves the hold to be released. */
export class TagsService {
  readonly #deps: TagsServiceDeps;

  constructor(deps: TagsServiceDeps) {
    this.#deps = deps;
  }

  async list(scope: AreaScope, incidentId: string): Promise<TagResponse[]> {
    await this.#deps.cases.incident(scope, incidentId);
    return (await this.#deps.repository.list(incidentId)).map(tagOnWire);
  }

  async create(actor: Actor, incidentId: string, request: TagCreateRequest): Promise<TagResponse> {
    const { db, cases, repository, holds, audit, clock } = this.#deps;
    const [fromMs, toMs] = [Date.parse(request.from), Date.parse(request.to)];
    this.#checkRange(fromMs, toMs);
    const view = await db.write(async (manager) => {
      const incident = await cases.incident(actor.scope, incidentId, manager);
      const camera = await cases.camera(actor.scope, request.cameraId, manager);
      const id = newId();
      const hold = await holds.enter(manager, actor, {
        ...{ incidentId, cameraId: camera.id, recorderId: camera.recorderId, kind: 'tag', subjectId: id },
        ...{ fromMs: fromMs - marginMs, toMs: toMs + marginMs },
      });
      const row: TagRow = {
        id,
        incidentId,
        cameraId: camera.id,
        fromAt: fromMs,
        toAt: toMs,
        note: request.note,
        decisive: request.decisive,
        holdId: hold.id,
        createdAt: clock.nowMs(),
        createdById: actor.accountId,
        createdByName: actor.name,
      };
      await repository.insert(manager, row);
      const made: TagView = {
        row,
        cameraName: camera.name,
        recorderId: camera.recorderId,
        areaId: incident.areaId,
        incidentNumber: incident.number,
      };
      await audit.record(actor, entryOf('tag.create', made, { after: words(row), holdId: hold.id }), manager);
      return made;
    });
    this.#done(view, true);
    return tagOnWire(view);
  }

  /** @throws AppError not_found `tag_not_found`. */
  async patch(actor: Actor, id: string, patch: TagPatch): Promise<TagResponse> {
    const { db, repository, holds, audit } = this.#deps;
    const { view, held } = await db.write(async (manager) => {
      const before = await repository.find(actor.scope, id, manager);
      if (before === undefined) throw noTag();
      const row: TagRow = {
        ...before.row,
        fromAt: patch.from === undefined ? before.row.fromAt : Date.parse(patch.from),
        toAt: patch.to === undefined ? before.row.toAt : Date.parse(patch.to),
        note: patch.note ?? before.row.note,
        decisive: patch.decisive ?? before.row.decisive,
      };
      this.#checkRange(row.fromAt, row.toAt);
      const wider = row.fromAt < before.row.fromAt || row.toAt > before.row.toAt;
      if (wider) {
        const { incidentId, cameraId } = row;
        const hold = await holds.enter(manager, actor, {
          ...{ incidentId, cameraId, recorderId: before.recorderId, kind: 'tag', subjectId: id },
          ...{ fromMs: row.fromAt - marginMs, toMs: row.toAt + marginMs },
        });
        row.holdId = hold.id;
      }
      await repository.update(manager, id, row);
      const after: TagView = { ...before, row };
      const details = { before: words(before.row), after: words(row), holdId: row.holdId };
      await audit.record(actor, entryOf('tag.update', after, details), manager);
      return { view: after, held: wider };
    });
    this.#done(view, held);
    return tagOnWire(view);
  }

  async delete(actor: Actor, id: string): Promise<void> {
    const { db, repository, audit } = this.#deps;
    const view = await db.write(async (manager) => {
      const before = await repository.find(actor.scope, id, manager);
      if (before === undefined) throw noTag();
      await repository.delete(manager, id);
      await audit.record(actor, entryOf('tag.delete', before, { before: words(before.row) }), manager);
      return before;
    });
    this.#done(view, false);
  }

  #checkRange(fromMs: number, toMs: number): void {
    if (!(fromMs < toMs)) throw new AppError('invalid', 'bad_range', 'to must be after from');
    if (toMs - fromMs > longestMs) throw new AppError('invalid', 'range_too_long', 'at most 24 hours a tag');
    if (fromMs > this.#deps.clock.nowMs() + clockErrorMs) {
      throw new AppError('invalid', 'range_in_future', 'a tag marks what has happened');
    }
  }

  #done(view: TagView, holdsChanged: boolean): void {
    if (holdsChanged) this.#deps.recorders.markHoldsChanged(view.recorderId);
    this.#deps.broadcaster.toArea(view.areaId, 'incident.view', 'incident.changed', view.row.incidentId);
  }
}

function entryOf(action: 'tag.create' | 'tag.update' | 'tag.delete', view: TagView, details: Record<string, unknown>) {
  return {
    action,
    subjectType: 'tag',
    subjectId: view.row.id,
    subjectName: `${view.incidentNumber} · ${view.cameraName}`,
    areaId: view.areaId,
    details: { incidentId: view.row.incidentId, cameraId: view.row.cameraId, ...details },
  };
}

function words(row: TagRow): Record<string, unknown> {
  return {
    from: instantFromMs(row.fromAt),
    to: instantFromMs(row.toAt),
    note: row.note,
    decisive: row.decisive,
  };
}

function tagOnWire({ row, cameraName }: TagView): TagResponse {
  return {
    id: row.id,
    incidentId: row.incidentId,
    cameraId: row.cameraId,
    cameraName,
    from: instantFromMs(row.fromAt),
    to: instantFromMs(row.toAt),
    note: row.note,
    decisive: row.decisive,
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
  };
}

const noTag = () => new AppError('not_found', 'tag_not_found', 'no such tag');
