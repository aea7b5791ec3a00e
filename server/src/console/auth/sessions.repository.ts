import type { Role } from '@choi-canh/shared/permissions';
import { In, LessThanOrEqual, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { sessionEntity, type SessionRow } from './session.entity.js';

/** A session that is good, with whom it belongs to. */
export interface LiveSession {
  sessionId: string;
  accountId: string;
  displayName: string;
  role: Role;
  areaId: string | null;
  areaPath: string | null;
  expiresAt: number;
}

interface RawLiveSession {
  session_id: string;
  account_id: string;
  display_name: string;
  role: Role;
  area_id: string | null;
  area_path: string | null;
  expires_at: string | number;
}

export class SessionsRepository {
  constructor(private readonly database: Database) {}

  async findLive(tokenHash: string, nowMs: number): Promise<LiveSession | undefined> {
    const raw = await this.database.read
      .createQueryBuilder(sessionEntity, 'session')
      .innerJoin('account', 'account', 'account.id = session.accountId')
      .leftJoin('area', 'area', 'area.id = account.areaId')
      .select('session.id', 'session_id')
      .addSelect('session.expiresAt', 'expires_at')
      .addSelect('account.id', 'account_id')
      .addSelect('account.displayName', 'display_name')
      .addSelect('account.role', 'role')
      .addSelect('account.areaId', 'area_id')
      .addSelect('area.path', 'area_path')
      .where('session.tokenHash = :tokenHash', { tokenHash })
      .andWhere('session.expiresAt > :nowMs', { nowMs })
      .andWhere('account.enabled = :enabled', { enabled: true })
      .getRawOne<RawLiveSession>();
    return raw === undefined
      ? undefined
      : {
          sessionId: raw.session_id,
          accountId: raw.account_id,
          displayName: raw.display_name,
          role: raw.role,
          areaId: raw.area_id,
          areaPath: raw.area_path,
          expiresAt: Number(raw.expires_at),
        };
  }

  /** Those of `ids` that are still good. */
  async stillLive(ids: string[], nowMs: number): Promise<Set<string>> {
    const rows = await this.database.read
      .createQueryBuilder(sessionEntity, 'session')
      .innerJoin('account', 'account', 'account.id = session.accountId')
      .select('session.id', 'id')
      .where('session.id IN (:...ids)', { ids })
      .andWhere('session.expiresAt > :nowMs', { nowMs })
      .andWhere('account.enabled = :enabled', { enabled: true })
      .getRawMany<{ id: string }>();
    return new Set(rows.map((row) => row.id));
  }

  insert(manager: EntityManager, row: SessionRow): Promise<unknown> {
    return manager.insert(sessionEntity, row as QueryDeepPartialEntity<SessionRow>);
  }

  /** Oldest first. */
  async idsOfAccount(manager: EntityManager, accountId: string): Promise<string[]> {
    const rows = await manager.find(sessionEntity, {
      select: { id: true },
      where: { accountId },
      order: { createdAt: 'ASC' },
    });
    return rows.map((row) => row.id);
  }

  async delete(manager: EntityManager, ids: string[]): Promise<void> {
    if (ids.length > 0) await manager.delete(sessionEntity, { id: In(ids) });
  }

  async deleteExpired(manager: EntityManager, nowMs: number): Promise<void> {
    await manager.delete(sessionEntity, { expiresAt: LessThanOrEqual(nowMs) });
  }
}
