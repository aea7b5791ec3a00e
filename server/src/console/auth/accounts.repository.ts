import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { IsNull } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { entityOf, selectedColumns } from '../../platform/db/plain-rows.js';
import { accountEntity, type AccountRow } from './account.entity.js';

export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /** An account with no area covers everything, so only a scope of everything sees it. */
  async list(scope: AreaScope): Promise<AccountRow[]> {
    const scoped = inScope(scope, 'account.area_id');
    const rows = await this.database.longRead
      .createQueryBuilder()
      .select(selectedColumns(accountEntity, 'account'))
      .from('account', 'account')
      .where(scoped.sql, scoped.parameters)
      .orderBy('account.username', 'ASC')
      .getRawMany<Record<string, unknown>>();
    return rows.map((row) => entityOf(accountEntity, row));
  }

  findInScope(manager: EntityManager, scope: AreaScope, id: string): Promise<AccountRow | null> {
    const scoped = inScope(scope, 'account.areaId');
    return manager
      .createQueryBuilder(accountEntity, 'account')
      .where('account.id = :id', { id })
      .andWhere(scoped.sql, scoped.parameters)
      .getOne();
  }

  find(id: string, manager: EntityManager = this.database.read): Promise<AccountRow | null> {
    return manager.findOneBy(accountEntity, { id });
  }

  findByUsername(username: string, manager: EntityManager = this.database.read): Promise<AccountRow | null> {
    return manager.findOneBy(accountEntity, { username });
  }

  insert(manager: EntityManager, row: AccountRow): Promise<unknown> {
    return manager.insert(accountEntity, row as QueryDeepPartialEntity<AccountRow>);
  }

  update(manager: EntityManager, id: string, change: Partial<AccountRow>): Promise<unknown> {
    return manager.update(accountEntity, { id }, change as QueryDeepPartialEntity<AccountRow>);
  }

  /** Enabled administrators of everything: while there is none, set-up is open. */
  countChiefs(manager: EntityManager = this.database.read): Promise<number> {
    return manager.countBy(accountEntity, { role: 'administrator', enabled: true, areaId: IsNull() });
  }
}
