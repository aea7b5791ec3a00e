import { IsNull, type EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { deviceEntity, type DeviceRow } from './device.entity.js';

/** Devices; a device is somebody's who may see one of its cameras. */
export class DevicesRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(id: string, manager: EntityManager = this.#db.read): Promise<DeviceRow | null> {
    return manager.findOneBy(deviceEntity, { id });
  }

  /** Devices of a recorder that are in use. */
  inUse(recorderId: string, manager: EntityManager = this.#db.read): Promise<DeviceRow[]> {
    return manager.findBy(deviceEntity, { recorderId, retiredAt: IsNull() });
  }

  /** The device in use that has an address. */
  atAddress(recorderId: string, deviceAddress: string): Promise<DeviceRow | null> {
    return this.#db.read.findOneBy(deviceEntity, { recorderId, deviceAddress, retiredAt: IsNull() });
  }

  async insert(manager: EntityManager, row: DeviceRow): Promise<void> {
    await manager.insert(deviceEntity, row);
  }

  async update(manager: EntityManager, id: string, changes: Partial<DeviceRow>): Promise<void> {
    await manager.update(deviceEntity, { id }, changes);
  }
}
