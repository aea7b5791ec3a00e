import { IsNull, type EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { entityOf, selectedColumns } from '../../platform/db/plain-rows.js';
import { deviceEntity, type DeviceRow } from './device.entity.js';

/** A device with what its cameras of a scope are: how many, and how many of them are down. */
export interface DeviceCounts {
  device: DeviceRow;
  cameras: number;
  down: number;
  /** The one reason why all of them are down; null: they are not all down, or for different reasons. */
  downReason: string | null;
  downSinceAt: number | null;
}

const devicesAtOnce = 500;

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

  /** A page of the devices in use that have a camera in use in the scope, by id, behind `after`. */
  async page(scope: AreaScope, after: string): Promise<DeviceCounts[]> {
    const piece = inScope(scope, 'camera.area_id');
    const devices = await this.#db.longRead
      .createQueryBuilder()
      .select(selectedColumns(deviceEntity, 'device', ['passwordBox']))
      .from('device', 'device')
      .where('device.deleted_at IS NULL AND device.id > :after', { after })
      .andWhere(
        `EXISTS (SELECT 1 FROM camera WHERE camera.device_id = device.id AND camera.deleted_at IS NULL AND ${piece.sql})`,
        piece.parameters,
      )
      .orderBy('device.id', 'ASC')
      .limit(devicesAtOnce)
      .getRawMany<Record<string, unknown> & { id: string }>();
    if (devices.length === 0) return [];
    const counts = await this.counts(
      scope,
      devices.map(({ id }) => id),
    );
    return devices.map((raw) => completed(entityOf(deviceEntity, raw), counts.get(raw.id)));
  }

  /** Of each of these devices: its cameras in use in the scope, and why they are down. */
  async counts(scope: AreaScope, ids: readonly string[]): Promise<ReadonlyMap<string, RawCounts>> {
    const piece = inScope(scope, 'camera.area_id');
    const counts = await this.#db.longRead
      .createQueryBuilder()
      .select('camera.device_id', 'deviceId')
      .addSelect('COUNT(*)', 'cameras')
      .addSelect("SUM(CASE WHEN span.state = 'down' THEN 1 ELSE 0 END)", 'down')
      .addSelect("COUNT(DISTINCT CASE WHEN span.state = 'down' THEN span.reason END)", 'reasons')
      .addSelect("MIN(CASE WHEN span.state = 'down' THEN span.reason END)", 'reason')
      .addSelect("MIN(CASE WHEN span.state = 'down' THEN span.since_at END)", 'since')
      .from('camera', 'camera')
      .leftJoin('camera_state_interval', 'span', 'span.camera_id = camera.id AND span.to_at IS NULL')
      .where('camera.device_id IN (:...ids) AND camera.deleted_at IS NULL', { ids })
      .andWhere(piece.sql, piece.parameters)
      .groupBy('camera.device_id')
      .getRawMany<RawCounts>();
    return new Map(counts.map((one) => [one.deviceId, one]));
  }
}

function completed(device: DeviceRow, one: RawCounts | undefined): DeviceCounts {
  const [cameras, down] = [Number(one?.cameras ?? 0), Number(one?.down ?? 0)];
  const isOneFact = one !== undefined && cameras > 0 && down === cameras && Number(one.reasons) === 1;
  return {
    ...{ device, cameras, down },
    downReason: isOneFact ? one.reason : null,
    downSinceAt: isOneFact && one.since !== null ? Number(one.since) : null,
  };
}

interface RawCounts {
  deviceId: string;
  cameras: number | string;
  down: number | string;
  reasons: number | string;
  reason: string | null;
  since: number | string | null;
}
