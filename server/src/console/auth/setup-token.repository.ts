import type { EntityManager } from 'typeorm';
import { setupTokenEntity } from './setup-token.entity.js';

export class SetupTokenRepository {
  /** There is one link at a time; a new one makes the old one worthless. */
  async replace(manager: EntityManager, tokenHash: string, createdAt: number): Promise<void> {
    await this.clear(manager);
    await manager.insert(setupTokenEntity, { tokenHash, createdAt });
  }

  exists(manager: EntityManager, tokenHash: string): Promise<boolean> {
    return manager.existsBy(setupTokenEntity, { tokenHash });
  }

  async clear(manager: EntityManager): Promise<void> {
    await manager.createQueryBuilder().delete().from(setupTokenEntity).execute();
  }
}
