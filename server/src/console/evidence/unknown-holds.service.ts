import { instantFromMs } from '@choi-canh/shared/common';
import type { UnknownHold } from '@choi-canh/shared/evidence';
import type { z } from 'zod';
import type { unknownHoldPage } from '@choi-canh/shared/evidence';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import type { Database } from '../../platform/db/database.js';
import type { CasesRepository } from './cases.repository.js';
import type { EvidenceRecorders } from './evidence-interfaces.js';
import { unknownHoldOnWire } from './hold-response.js';
import type { HoldsRepository, HoldView } from './holds.repository.js';
import type { HoldsService } from './holds.service.js';

export interface UnknownHoldsDeps {
  db: Database;
  repository: HoldsRepository;
  cases: CasesRepository;
  service: HoldsService;
  audit: AuditWriter;
  recorders: EvidenceRecorders;
}

/**
 * Footage that recorders hold and of which no incident here is known: of a database that was lost, or restored from
 * before. It belongs to no area, so it is for administrators of everything. It stays held until one of them decides.
 */
export class UnknownHolds {
  readonly #deps: UnknownHoldsDeps;

  constructor(deps: UnknownHoldsDeps) {
    this.#deps = deps;
  }

  async page(
    actor: Actor,
    recorderId: string,
    { cursor = '', limit }: { cursor?: string | undefined; limit: number },
  ): Promise<z.infer<typeof unknownHoldPage>> {
    requireEverything(actor);
    const { repository } = this.#deps;
    const found = await repository.unknownOf(recorderId, cursor, limit + 1);
    const items: UnknownHold[] = found.slice(0, limit).map(unknownHoldOnWire);
    const nextCursor = found.length > limit ? (items.at(-1)?.id ?? null) : null;
    return { items, nextCursor, ranges: await repository.unknownRanges(recorderId) };
  }

  /** How many ranges of a recorder are of no incident that is known here. */
  count(recorderId: string): Promise<number> {
    return this.#deps.repository.unknownRanges(recorderId);
  }

  /** It was held for this incident. @throws AppError not_found `hold_not_found`, `incident_not_found`. */
  async assign(actor: Actor, holdId: string, incidentId: string): Promise<void> {
    requireEverything(actor);
    const { db, repository, cases, audit, service, recorders } = this.#deps;
    const { id, recorderId } = await db.write(async (manager) => {
      const found = present(await repository.findUnknown(manager, holdId));
      const incident = await cases.incident(actor.scope, incidentId, manager);
      const { cameraId, recorderId } = found.row;
      const known = await repository.ofCase(manager, { incidentId, cameraId, recorderId });
      if (known === null) await repository.assign(manager, holdId, incidentId);
      else await repository.merge(manager, holdId, known.id);
      const id = known?.id ?? holdId;
      await repository.restate(manager, [id]);
      await audit.record(
        actor,
        {
          ...{ action: 'hold.assign', subjectType: 'hold', subjectId: id, areaId: incident.areaId },
          subjectName: `${incident.number} · ${nameOf(found)}`,
          details: { incidentId, ...factsOf(found) },
        },
        manager,
      );
      return { id, recorderId };
    });
    service.publish(await repository.byIds(db.read, [id]));
    recorders.markHoldsChanged(recorderId);
  }

  /** Gives it back to retention. @throws AppError not_found `hold_not_found`, conflict `hold_released`. */
  async release(actor: Actor, holdId: string, reason: string): Promise<void> {
    requireEverything(actor);
    const { db, repository, audit, service, recorders } = this.#deps;
    const recorderId = await db.write(async (manager) => {
      const found = present(await repository.findUnknown(manager, holdId));
      await service.releaseCauses(manager, actor, found, { reason });
      await audit.record(
        actor,
        {
          ...{ action: 'hold.release', subjectType: 'hold', subjectId: holdId, areaId: null, purpose: reason },
          subjectName: [found.row.foreignIncidentNumber, nameOf(found)].filter((text) => text !== '').join(' · '),
          details: factsOf(found),
        },
        manager,
      );
      return found.row.recorderId;
    });
    recorders.markHoldsChanged(recorderId);
  }
}

const nameOf = ({ cameraName, row }: HoldView): string => cameraName ?? row.cameraId;

const factsOf = ({ row, ranges }: HoldView) => ({
  cameraId: row.cameraId,
  recorderId: row.recorderId,
  foreignIncidentNumber: row.foreignIncidentNumber,
  ranges: ranges.slice(0, 100).map(({ fromAt, toAt }) => ({ from: instantFromMs(fromAt), to: instantFromMs(toAt) })),
});

function present(view: HoldView | undefined): HoldView {
  if (view === undefined) throw new AppError('not_found', 'hold_not_found', 'no such hold');
  return view;
}

/** @throws AppError forbidden `everything_only` for an administrator of a part of the areas */
function requireEverything({ scope }: Actor): void {
  if (scope.areaId !== null)
    throw new AppError('forbidden', 'everything_only', 'only for an administrator of everything');
}
