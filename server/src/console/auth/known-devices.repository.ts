import { LessThan, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { knownDeviceEntity, type KnownDeviceRow } from './known-device.entity.js';

export class KnownDevicesRepository {
  find(manager: EntityManager, tokenHash: string, accountId: string): Promise<KnownDeviceRow | null> {
    return manager.findOneBy(knownDeviceEntity, { tokenHash, accountId });
  }

  async changeToken(manager: EntityManager, former: string, tokenHash: string): Promise<void> {
    await manager.update(knownDeviceEntity, { tokenHash: former }, { tokenHash });
  }

  async save(manager: EntityManager, row: KnownDeviceRow): Promise<void> {
    await manager.upsert(knownDeviceEntity, row as QueryDeepPartialEntity<KnownDeviceRow>, ['tokenHash', 'accountId']);
  }

  /** Those used least recently beyond the first `keep`. */
  async deleteSurplus(manager: EntityManager, accountId: string, keep: number): Promise<void> {
    const surplus = await manager.find(knownDeviceEntity, {
      where: { accountId },
      order: { lastUsedAt: 'DESC', tokenHash: 'ASC' },
      skip: keep,
      take: 100,
    });
    for (const { tokenHash } of surplus) await manager.delete(knownDeviceEntity, { tokenHash, accountId });
  }

  async deleteOfAccount(manager: EntityManager, accountId: string): Promise<void> {
    await manager.delete(knownDeviceEntity, { accountId });
  }

  async deleteUsedBefore(manager: EntityManager, lastUsedAt: number): Promise<void> {
    await manager.delete(knownDeviceEntity, { lastUsedAt: LessThan(lastUsedAt) });
  }
}
