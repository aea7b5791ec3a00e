import { In, type EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { cameraSightingEntity, type CameraSightingRow } from './camera-sighting.entity.js';

/** Whoever pretends to be a camera at many addresses pushes out only what it said before. */
const keptOfCamera = 8;
const mostListed = 500;

export type Sighting = Omit<CameraSightingRow, 'firstSeenAt' | 'lastSeenAt' | 'dismissed'>;

/** Addresses at which cameras were found, until a person answers for them. */
export class CameraSightingsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes where cameras were found; ids of those for which there is a new question. */
  note(found: readonly Sighting[], at: number): Promise<string[]> {
    return this.#db.write(async (manager) => {
      const known = await manager.findBy(cameraSightingEntity, { cameraId: In(found.map((one) => one.cameraId)) });
      const fresh: string[] = [];
      for (const one of found) {
        const ofCamera = known.filter(({ cameraId }) => cameraId === one.cameraId);
        const before = ofCamera.find(({ deviceAddress }) => deviceAddress === one.deviceAddress);
        const key = { cameraId: one.cameraId, deviceAddress: one.deviceAddress };
        if (before !== undefined) {
          const { name, hardware, endpointReference } = one;
          await manager.update(cameraSightingEntity, key, { name, hardware, endpointReference, lastSeenAt: at });
          continue;
        }
        await manager.insert(cameraSightingEntity, { ...one, firstSeenAt: at, lastSeenAt: at, dismissed: false });
        fresh.push(one.cameraId);
        const oldest = ofCamera.sort((a, b) => b.lastSeenAt - a.lastSeenAt).slice(keptOfCamera - 1);
        for (const { cameraId, deviceAddress } of oldest)
          await manager.delete(cameraSightingEntity, { cameraId, deviceAddress });
      }
      return fresh;
    });
  }

  /** Open questions of the scope, the newest first; at most 500. */
  async open(scope: AreaScope): Promise<(CameraSightingRow & { knownAddress: string })[]> {
    const piece = inScope(scope, 'camera.areaId');
    const { entities, raw } = await this.#db.read
      .createQueryBuilder(cameraSightingEntity, 'sighting')
      .innerJoin('camera', 'camera', 'camera.id = sighting.cameraId')
      .addSelect('camera.deviceAddress', 'known_address')
      .where('sighting.dismissed = :dismissed AND camera.retiredAt IS NULL', { dismissed: false })
      .andWhere(piece.sql, piece.parameters)
      .orderBy('sighting.lastSeenAt', 'DESC')
      .addOrderBy('sighting.cameraId', 'ASC')
      .addOrderBy('sighting.deviceAddress', 'ASC')
      .limit(mostListed)
      .getRawAndEntities<{ known_address: string }>();
    return entities.map((row, index) => ({ ...row, knownAddress: raw[index]?.known_address ?? '' }));
  }

  find(cameraId: string, deviceAddress: string): Promise<CameraSightingRow | null> {
    return this.#db.read.findOneBy(cameraSightingEntity, { cameraId, deviceAddress, dismissed: false });
  }

  async dismiss(manager: EntityManager, cameraId: string, deviceAddress: string): Promise<void> {
    await manager.update(cameraSightingEntity, { cameraId, deviceAddress }, { dismissed: true });
  }

  /** The camera has an address that was confirmed: what was asked before is answered. */
  async answered(manager: EntityManager, cameraId: string): Promise<void> {
    await manager.delete(cameraSightingEntity, { cameraId, dismissed: false });
  }

  /** Cameras that were found where they are: what was said of them before is of no use. True where there was anything. */
  foundWhereTheyAre(cameraIds: readonly string[]): Promise<boolean> {
    if (cameraIds.length === 0) return Promise.resolve(false);
    return this.#db.write(async (manager) => {
      const where = { cameraId: In([...cameraIds]), dismissed: false };
      if ((await manager.countBy(cameraSightingEntity, where)) === 0) return false;
      await manager.delete(cameraSightingEntity, where);
      return true;
    });
  }
}
