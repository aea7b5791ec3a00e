import type { AuditAction } from '@choi-canh/shared/audit';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import type { WherePiece } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { areaWays, merged, reachedAreas } from '../../platform/db/reached-areas.js';
import { auditRecordEntity, type AuditRecordRow } from './audit-record.entity.js';

export interface AuditFilter {
  fromMs?: number | undefined;
  toMs?: number | undefined;
  accountId?: string | undefined;
  action?: AuditAction | undefined;
  subjectId?: string | undefined;
  /** Only records older than this one. */
  beforeSequence?: number | undefined;
  limit: number;
}

/** Newest records that are looked at before the numbers of a time are asked for. */
const walkedFirst = 3000;

/** Adds and reads. There is no way to change or delete a record, here or, by its triggers, in the database. */
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Inside `transaction` when given, else in a write of its own. */
  async append(row: Omit<AuditRecordRow, 'sequence'>, transaction?: EntityManager): Promise<void> {
    if (transaction === undefined) {
      await this.database.write((manager) => this.append(row, manager));
      return;
    }
    // Writes run one at a time on both databases, so the next number is nobody else's.
    const last = await transaction.maximum(auditRecordEntity, 'sequence');
    const record: AuditRecordRow = { ...row, sequence: Number(last ?? 0) + 1 };
    await transaction.insert(auditRecordEntity, record as QueryDeepPartialEntity<AuditRecordRow>);
  }

  /** Newest first, at most `limit`. */
  async page(scope: AreaScope, filter: AuditFilter): Promise<AuditRecordRow[]> {
    const ways = areaWays(await reachedAreas(this.database.read, scope), 'record.area_id');
    if (filter.fromMs === undefined && filter.toMs === undefined) return this.walk(ways, filter);
    const newest = await this.walk(ways, filter, { newest: walkedFirst });
    if (newest.length === filter.limit) return newest;
    const sequences = await this.sequencesOf(filter);
    return sequences === undefined ? [] : this.walk(ways, filter, sequences);
  }

  private async walk(
    ways: readonly WherePiece[],
    filter: AuditFilter,
    within: { from?: number; to?: number; newest?: number } = {},
  ): Promise<AuditRecordRow[]> {
    const lists = await Promise.all(
      ways.map((way) => {
        const query = this.database.longRead.createQueryBuilder(auditRecordEntity, 'record');
        query.where(way.sql, way.parameters);
        // A sum of the time: its index would give the records in another order than the list's.
        if (filter.fromMs !== undefined) query.andWhere('record.at + 0 >= :fromMs', { fromMs: filter.fromMs });
        if (filter.toMs !== undefined) query.andWhere('record.at + 0 < :toMs', { toMs: filter.toMs });
        for (const key of ['accountId', 'action', 'subjectId'] as const) {
          if (filter[key] !== undefined) query.andWhere(`record.${key} = :${key}`, { [key]: filter[key] });
        }
        if (filter.beforeSequence !== undefined) {
          query.andWhere('record.sequence < :before', { before: filter.beforeSequence });
        }
        if (within.from !== undefined)
          query.andWhere('record.sequence >= :firstSequence', { firstSequence: within.from });
        if (within.to !== undefined) query.andWhere('record.sequence <= :lastSequence', { lastSequence: within.to });
        if (within.newest !== undefined) {
          const newest = filter.beforeSequence ?? '(SELECT MAX(newest.sequence) + 1 FROM audit_record newest)';
          query.andWhere(`record.sequence >= ${newest} - ${within.newest}`);
        }
        return query.orderBy('record.sequence', 'DESC').limit(filter.limit).getMany();
      }),
    );
    return merged(lists, (one, other) => other.sequence - one.sequence, filter.limit);
  }

  /**
   * First and last number of the records of a time, from an index that holds both. Numbers grow with time but where a
   * clock was set back, and the list is in their order.
   */
  private async sequencesOf({ fromMs, toMs }: AuditFilter): Promise<{ from: number; to: number } | undefined> {
    const query = this.database.longRead
      .createQueryBuilder()
      // Sums: else PostgreSQL walks the numbers from either end until it meets the time, through a million records.
      .select('MIN(record.sequence + 0)', 'first')
      .addSelect('MAX(record.sequence + 0)', 'last')
      .from('audit_record', 'record');
    if (fromMs !== undefined) query.andWhere('record.at >= :fromMs', { fromMs });
    if (toMs !== undefined) query.andWhere('record.at < :toMs', { toMs });
    const row = await query.getRawOne<Record<'first' | 'last', string | number | null>>();
    return row === undefined || row.first === null || row.last === null
      ? undefined
      : { from: Number(row.first), to: Number(row.last) };
  }
}
