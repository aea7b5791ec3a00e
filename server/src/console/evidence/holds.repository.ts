import { instantFromMs } from '@choi-canh/shared/common';
import type { DesiredHold } from '@choi-canh/shared/recorder-api';
import { In, type EntityManager, type EntitySchema, type ObjectLiteral } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import {
  holdCauseEntity,
  holdEntity,
  holdRangeEntity,
  type HoldCauseRow,
  type HoldRangeRow,
  type HoldRow,
  type HoldState,
} from './hold.entity.js';

/** A hold with what its camera and incident are called, what the recorder keeps for it, and why. */
export interface HoldView {
  row: HoldRow;
  cameraName: string | null;
  areaId: string | null;
  incidentNumber: string | null;
  ranges: HoldRangeRow[];
  causes: HoldCauseRow[];
}

/** Of an incident that is known here. */
export interface CaseHoldView extends HoldView {
  row: HoldRow & { incidentId: string };
  areaId: string;
  incidentNumber: string;
}
export const isOfCase = (view: HoldView): view is CaseHoldView => view.row.incidentId !== null && view.areaId !== null;

const idsAtOnce = 500;
const rowsAtOnce = 60;

export class HoldsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Of an incident, oldest first. */
  async list(incidentId: string): Promise<CaseHoldView[]> {
    const views = await this.#views(this.#db.read, (query) =>
      query
        .where('hold.incidentId = :incidentId', { incidentId })
        .orderBy('hold.createdAt', 'ASC')
        .addOrderBy('hold.id', 'ASC')
        .limit(5000),
    );
    return views.filter(isOfCase);
  }

  async find(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<CaseHoldView | undefined> {
    const piece = inScope(scope, 'inc.area_id');
    const views = await this.#views(manager, (query) =>
      query.where('hold.id = :id AND hold.incidentId IS NOT NULL', { id }).andWhere(piece.sql, piece.parameters),
    );
    return views.filter(isOfCase)[0];
  }

  /** Held, and of no incident that is known here. */
  async findUnknown(manager: EntityManager, id: string): Promise<HoldView | undefined> {
    const views = await this.#views(manager, (query) =>
      query.where(`hold.id = :id AND hold.incidentId IS NULL AND hold.state IN ('pending', 'held')`, { id }),
    );
    return views[0];
  }

  byIds(manager: EntityManager, ids: readonly string[]): Promise<HoldView[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.#views(manager, (query) => query.where('hold.id IN (:...ids)', { ids }));
  }

  ofCase(
    manager: EntityManager,
    of: { incidentId: string; cameraId: string; recorderId: string },
  ): Promise<HoldRow | null> {
    return manager.findOneBy(holdEntity, of);
  }

  /** Live holds of a recorder of no incident that is known here, by id. */
  unknownOf(recorderId: string, after: string, limit: number): Promise<HoldView[]> {
    return this.#views(this.#db.read, (query) =>
      query
        .where(`hold.recorderId = :recorderId AND hold.incidentId IS NULL AND hold.state IN ('pending', 'held')`, {
          recorderId,
        })
        .andWhere('hold.id > :after', { after })
        .orderBy('hold.id', 'ASC')
        .limit(limit),
    );
  }

  /** How many ranges those are. */
  async unknownRanges(recorderId: string): Promise<number> {
    const found = await this.#db.read
      .createQueryBuilder(holdRangeEntity, 'part')
      .select('COUNT(*)', 'count')
      .innerJoin('hold', 'hold', 'hold.id = part.hold_id')
      .where(`hold.recorder_id = :recorderId AND hold.incident_id IS NULL AND hold.state IN ('pending', 'held')`, {
        recorderId,
      })
      .andWhere(`part.state IN ('pending', 'held')`)
      .getRawOne<{ count: number | string }>();
    return Number(found?.count ?? 0);
  }

  /** How many holds a recorder has, or shall have. */
  countOf(manager: EntityManager, recorderId: string): Promise<number> {
    return manager.countBy(holdEntity, { recorderId, state: In(['pending', 'held']) });
  }

  rangesOf(manager: EntityManager, holdId: string): Promise<HoldRangeRow[]> {
    return manager.find(holdRangeEntity, { where: { holdId }, order: { fromAt: 'ASC', id: 'ASC' } });
  }

  causesOf(manager: EntityManager, holdId: string): Promise<HoldCauseRow[]> {
    return manager.find(holdCauseEntity, { where: { holdId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** Ranges of a recorder in a state, as it is told of them. */
  async inState(recorderId: string, state: HoldState, limit: number): Promise<DesiredHold[]> {
    const { raw, entities } = await this.#db.read
      .createQueryBuilder(holdRangeEntity, 'part')
      .innerJoin('hold', 'hold', 'hold.id = part.hold_id')
      .leftJoin('incident', 'inc', 'inc.id = hold.incident_id')
      .addSelect('inc.id', 'incident_id')
      .addSelect('inc.number', 'incident_number')
      .where('part.recorderId = :recorderId AND part.state = :state', { recorderId, state })
      .limit(limit)
      .getRawAndEntities<{ incident_id: string | null; incident_number: string | null }>();
    return entities.map(({ id, cameraId, fromAt, toAt }, index) => {
      const incidentId = raw[index]?.incident_id ?? null;
      return {
        ...{ id, cameraId, from: instantFromMs(fromAt), to: instantFromMs(toAt) },
        incident: incidentId === null ? null : { id: incidentId, number: raw[index]?.incident_number ?? '' },
      };
    });
  }

  /** Count and sum of the hashes of what a recorder should have; undefined while changes are on their way. */
  async summary(recorderId: string): Promise<{ count: number; sum: bigint } | undefined> {
    const rows = await this.#db.longRead
      .createQueryBuilder(holdRangeEntity, 'part')
      .select('part.state', 'state')
      .addSelect('COUNT(*)', 'count')
      .addSelect('CAST(SUM(part.hash) AS text)', 'sum')
      .where(`part.recorderId = :recorderId AND part.state IN ('pending', 'held', 'releasing')`, { recorderId })
      .groupBy('part.state')
      .getRawMany<{ state: HoldState; count: number | string; sum: string }>();
    if (rows.some(({ state }) => state !== 'held')) return undefined;
    return { count: Number(rows[0]?.count ?? 0), sum: BigInt(rows[0]?.sum ?? 0) };
  }

  /** Ranges of a recorder with ids in (after, upTo]; without `upTo` to the end. Released ones too. */
  place(manager: EntityManager, recorderId: string, after: string, upTo: string | null): Promise<HoldRangeRow[]> {
    const query = manager
      .createQueryBuilder(holdRangeEntity, 'part')
      .where('part.recorderId = :recorderId AND part.id > :after', { recorderId, after })
      .orderBy('part.id', 'ASC');
    if (upTo !== null) query.andWhere('part.id <= :upTo', { upTo });
    return query.getMany();
  }

  /** The id up to which `limit` ranges of a recorder lie behind `after`; null: there are no more than that. */
  async placeOf(recorderId: string, after: string, limit: number): Promise<string | null> {
    const found = await this.#db.read
      .createQueryBuilder(holdRangeEntity, 'part')
      .select('part.id', 'id')
      .where('part.recorderId = :recorderId AND part.id > :after', { recorderId, after })
      .orderBy('part.id', 'ASC')
      .offset(limit - 1)
      .limit(1)
      .getRawOne<{ id: string }>();
    return found?.id ?? null;
  }

  rangesById(manager: EntityManager, ids: readonly string[]): Promise<HoldRangeRow[]> {
    return ids.length === 0 ? Promise.resolve([]) : manager.findBy(holdRangeEntity, { id: In([...ids]) });
  }

  /** Of these ids, those of extractions: an earlier version had them among the holds. */
  async clipIds(manager: EntityManager, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await manager
      .createQueryBuilder()
      .select('clip.id', 'id')
      .from('clip', 'clip')
      .where('clip.id IN (:...ids)', { ids })
      .getRawMany<{ id: string }>();
    return new Set(rows.map(({ id }) => id));
  }

  /** Numbers of those of the incidents that are known here. */
  async incidentNumbers(manager: EntityManager, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await manager
      .createQueryBuilder()
      .select('inc.id', 'id')
      .addSelect('inc.number', 'number')
      .from('incident', 'inc')
      .where('inc.id IN (:...ids)', { ids })
      .getRawMany<{ id: string; number: string }>();
    return new Map(rows.map(({ id, number }) => [id, number]));
  }

  /** Holds of these cameras at a recorder, of these incidents or of none that is known here. */
  async ofCameras(
    manager: EntityManager,
    recorderId: string,
    cameraIds: readonly string[],
    incidentIds: readonly string[],
  ): Promise<HoldRow[]> {
    const ofIncidents = incidentIds.length === 0 ? '' : ' OR hold.incidentId IN (:...incidentIds)';
    return manager
      .createQueryBuilder(holdEntity, 'hold')
      .where('hold.cameraId IN (:...cameraIds) AND hold.recorderId = :recorderId', { cameraIds, recorderId })
      .andWhere(`(hold.incidentId IS NULL${ofIncidents})`, { incidentIds })
      .getMany();
  }

  async insertHolds(manager: EntityManager, rows: readonly HoldRow[]): Promise<void> {
    await insertAll(manager, holdEntity, rows);
  }

  async insertHold(manager: EntityManager, row: HoldRow): Promise<void> {
    await manager.insert(holdEntity, row);
  }

  async insertRanges(manager: EntityManager, rows: readonly HoldRangeRow[]): Promise<void> {
    await insertAll(manager, holdRangeEntity, rows);
  }

  async insertCauses(manager: EntityManager, rows: readonly HoldCauseRow[]): Promise<void> {
    await insertAll(manager, holdCauseEntity, rows);
  }

  async updateCauses(manager: EntityManager, ids: readonly string[], changes: Partial<HoldCauseRow>): Promise<void> {
    if (ids.length > 0) await manager.update(holdCauseEntity, { id: In([...ids]) }, changes);
  }

  async deleteCauses(manager: EntityManager, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await manager.delete(holdCauseEntity, { id: In([...ids]) });
  }

  async updateRange(manager: EntityManager, id: string, changes: Partial<HoldRangeRow>): Promise<void> {
    await manager.update(holdRangeEntity, { id }, changes);
  }

  /** Moves ranges from one state to another, where they still are in it. */
  async moveRanges(
    manager: EntityManager,
    ids: readonly string[],
    from: readonly HoldState[],
    to: HoldState,
  ): Promise<void> {
    for (let at = 0; at < ids.length; at += idsAtOnce) {
      await manager.update(
        holdRangeEntity,
        { id: In(ids.slice(at, at + idsAtOnce)), state: In([...from]) },
        { state: to },
      );
    }
  }

  async markGone(manager: EntityManager, ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await manager.update(holdRangeEntity, { id: In([...ids]) }, { gone: true });
  }

  /** Works out the state of holds from those of their ranges. */
  async restate(manager: EntityManager, ids: readonly string[]): Promise<void> {
    const has = (state: HoldState) =>
      `EXISTS (SELECT 1 FROM hold_range part WHERE part.hold_id = hold.id AND part.state = '${state}')`;
    const state = `CASE WHEN ${has('pending')} THEN 'pending' WHEN ${has('held')} THEN 'held'
      WHEN ${has('releasing')} THEN 'releasing' ELSE 'released' END`;
    for (let at = 0; at < ids.length; at += idsAtOnce) {
      await manager
        .createQueryBuilder()
        .update(holdEntity)
        .set({ state: () => state })
        .where({ id: In(ids.slice(at, at + idsAtOnce)) })
        .execute();
    }
  }

  async assign(manager: EntityManager, holdId: string, incidentId: string): Promise<void> {
    await manager.update(holdEntity, { id: holdId }, { incidentId });
  }

  /** All that one hold has becomes another's; what is left of it goes. */
  async merge(manager: EntityManager, fromId: string, intoId: string): Promise<void> {
    await manager.update(holdRangeEntity, { holdId: fromId }, { holdId: intoId });
    await manager.update(holdCauseEntity, { holdId: fromId }, { holdId: intoId });
    await manager.delete(holdEntity, { id: fromId });
  }

  async #views(manager: EntityManager, narrow: (query: HoldQuery) => HoldQuery): Promise<HoldView[]> {
    const { raw, entities } = await narrow(holdQuery(manager)).getRawAndEntities<RawView>();
    const views: HoldView[] = entities.map((row, index) => ({
      row,
      cameraName: raw[index]?.view_camera ?? null,
      areaId: raw[index]?.view_area ?? null,
      incidentNumber: raw[index]?.view_number ?? null,
      ranges: [],
      causes: [],
    }));
    const byId = new Map(views.map((view) => [view.row.id, view]));
    const ids = [...byId.keys()];
    for (let at = 0; at < ids.length; at += idsAtOnce) {
      const holdId = In(ids.slice(at, at + idsAtOnce));
      const ranges = await manager.find(holdRangeEntity, { where: { holdId }, order: { fromAt: 'ASC', id: 'ASC' } });
      for (const range of ranges) byId.get(range.holdId)?.ranges.push(range);
      const causes = await manager.find(holdCauseEntity, { where: { holdId }, order: { createdAt: 'ASC', id: 'ASC' } });
      for (const cause of causes) byId.get(cause.holdId)?.causes.push(cause);
    }
    return views;
  }
}

/**
 * Many rows with one statement each few hundred values. By hand: the query builder takes ten times as long, and thousands
 * are entered when a recorder's holds are taken over.
 */
async function insertAll<Row extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntitySchema<Row>,
  rows: readonly Row[],
): Promise<void> {
  const { tableName, columns } = manager.connection.getMetadata(entity);
  const isPostgres = manager.connection.options.type === 'postgres';
  const names = columns.map(({ databaseName }) => databaseName).join(', ');
  for (let at = 0; at < rows.length; at += rowsAtOnce) {
    const some = rows.slice(at, at + rowsAtOnce);
    const values = some.flatMap((row) =>
      columns.map(({ propertyName }) => {
        const value: unknown = row[propertyName];
        return typeof value === 'boolean' && !isPostgres ? Number(value) : value;
      }),
    );
    const places = some.map((_, index) =>
      columns.map((_column, place) => (isPostgres ? `$${index * columns.length + place + 1}` : '?')).join(', '),
    );
    await manager.query(`INSERT INTO ${tableName} (${names}) VALUES (${places.join('), (')})`, values);
  }
}

interface RawView {
  view_camera: string | null;
  view_area: string | null;
  view_number: string | null;
}

/** Camera and incident may be unknown here. */
const holdQuery = (manager: EntityManager) =>
  manager
    .createQueryBuilder(holdEntity, 'hold')
    .leftJoin('incident', 'inc', 'inc.id = hold.incident_id')
    .leftJoin('camera', 'cam', 'cam.id = hold.camera_id')
    .addSelect('cam.name', 'view_camera')
    .addSelect('inc.area_id', 'view_area')
    .addSelect('inc.number', 'view_number');
type HoldQuery = ReturnType<typeof holdQuery>;
