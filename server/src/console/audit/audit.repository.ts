import type { AuditAction } from '@choi-canh/shared/audit';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
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
  page(scope: AreaScope, filter: AuditFilter): Promise<AuditRecordRow[]> {
    const query = this.database.read.createQueryBuilder(auditRecordEntity, 'record');
    const scoped = inScope(scope, 'record.areaId');
    query.where(scoped.sql, scoped.parameters);
    if (filter.fromMs !== undefined) query.andWhere('record.at >= :fromMs', { fromMs: filter.fromMs });
    if (filter.toMs !== undefined) query.andWhere('record.at < :toMs', { toMs: filter.toMs });
    if (filter.accountId !== undefined) {
      query.andWhere('record.accountId = :accountId', { accountId: filter.accountId });
    }
    if (filter.action !== undefined) query.andWhere('record.action = :action', { action: filter.action });
    if (filter.subjectId !== undefined) {
      query.andWhere('record.subjectId = :subjectId', { subjectId: filter.subjectId });
    }
    if (filter.beforeSequence !== undefined) {
      query.andWhere('record.sequence < :before', { before: filter.beforeSequence });
    }
    return query.orderBy('record.sequence', 'DESC').limit(filter.limit).getMany();
  }
}
