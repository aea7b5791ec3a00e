import { In, type EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { deviceSightingEntity, type DeviceSightingRow } from './device-sighting.entity.js';

/** Whoever pretends to be a camera at many addresses pushes out only what it said before. */
const keptOfDevice = 8;
const mostListed = 500;

export type Sighting = Omit<DeviceSightingRow, 'firstSeenAt' | 'lastSeenAt' | 'dismissed'>;

/** Addresses at which devices were found, until a person answers for them. */
export class DeviceSightingsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes where devices were found; ids of those for which there is a new question. */
  note(found: readonly Sighting[], at: number): Promise<string[]> {
    return this.#db.write(async (manager) => {
      const known = await manager.findBy(deviceSightingEntity, { deviceId: In(found.map((one) => one.deviceId)) });
      const fresh: string[] = [];
      for (const one of found) {
        const ofDevice = known.filter(({ deviceId }) => deviceId === one.deviceId);
        const before = ofDevice.find(({ deviceAddress }) => deviceAddress === one.deviceAddress);
        const key = { deviceId: one.deviceId, deviceAddress: one.deviceAddress };
        if (before !== undefined) {
          const { name, hardware, endpointReference } = one;
          await manager.update(deviceSightingEntity, key, { name, hardware, endpointReference, lastSeenAt: at });
          continue;
        }
        await manager.insert(deviceSightingEntity, { ...one, firstSeenAt: at, lastSeenAt: at, dismissed: false });
        fresh.push(one.deviceId);
        const oldest = ofDevice.sort((a, b) => b.lastSeenAt - a.lastSeenAt).slice(keptOfDevice - 1);
        for (const { deviceId, deviceAddress } of oldest)
          await manager.delete(deviceSightingEntity, { deviceId, deviceAddress });
      }
      return fresh;
    });
  }

  /** Open questions about devices that have a camera in use in the scope, the newest first; at most 500. */
  async open(scope: AreaScope): Promise<(DeviceSightingRow & { knownAddress: string; cameraId: string })[]> {
    const piece = inScope(scope, 'camera.area_id');
    const { entities, raw } = await this.#db.read
      .createQueryBuilder(deviceSightingEntity, 'sighting')
      .innerJoin('device', 'device', 'device.id = sighting.deviceId')
      .addSelect('device.deviceAddress', 'known_address')
      // Its first camera stands for it.
      .innerJoin(
        'camera',
        'camera',
        `camera.id = (SELECT first.id FROM camera first WHERE first.device_id = sighting.device_id
           AND first.deleted_at IS NULL ORDER BY first.channel_number, first.id LIMIT 1)`,
      )
      .addSelect('camera.id', 'first_camera')
      .where('sighting.dismissed = :dismissed', { dismissed: false })
      .andWhere(piece.sql, piece.parameters)
      .orderBy('sighting.lastSeenAt', 'DESC')
      .addOrderBy('sighting.deviceId', 'ASC')
      .addOrderBy('sighting.deviceAddress', 'ASC')
      .limit(mostListed)
      .getRawAndEntities<{ known_address: string; first_camera: string }>();
    return entities.map((row, index) => ({
      ...row,
      ...{ knownAddress: raw[index]?.known_address ?? '', cameraId: raw[index]?.first_camera ?? '' },
    }));
  }

  find(deviceId: string, deviceAddress: string): Promise<DeviceSightingRow | null> {
    return this.#db.read.findOneBy(deviceSightingEntity, { deviceId, deviceAddress, dismissed: false });
  }

  async dismiss(manager: EntityManager, deviceId: string, deviceAddress: string): Promise<void> {
    await manager.update(deviceSightingEntity, { deviceId, deviceAddress }, { dismissed: true });
  }

  /** The device has an address that was confirmed: what was asked before is answered. */
  async answered(manager: EntityManager, deviceId: string): Promise<void> {
    await manager.delete(deviceSightingEntity, { deviceId, dismissed: false });
  }

  /** Devices that were found where they are: what was said of them before is of no use. True where there was anything. */
  foundWhereTheyAre(deviceIds: readonly string[]): Promise<boolean> {
    if (deviceIds.length === 0) return Promise.resolve(false);
    return this.#db.write(async (manager) => {
      const where = { deviceId: In([...deviceIds]), dismissed: false };
      if ((await manager.countBy(deviceSightingEntity, where)) === 0) return false;
      await manager.delete(deviceSightingEntity, where);
      return true;
    });
  }
}
