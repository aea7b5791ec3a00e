import { In, IsNull, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { areaRetentions, type AreaRetention } from '../../platform/db/area-retention.js';
import { inScope, withinArea } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { cameraNow, type CameraNow, type RawCameraNow } from './camera-now.repository.js';
import { cameraOfDevice } from './camera-of-device.repository.js';
import { cameraEntity, type CameraRow, type ChannelRow } from './camera.entity.js';
import { effectiveRetention, type EffectiveRetention } from './effective-retention.js';

export interface CameraWithRetention {
  row: CameraRow;
  retention: EffectiveRetention;
}
export interface CameraWithState extends CameraWithRetention {
  now: CameraNow;
}

export class CamerasRepository {
  readonly #db: Database;
  readonly #defaultDays: number;

  constructor(db: Database, defaultDays: number) {
    this.#db = db;
    this.#defaultDays = defaultDays;
  }

  async find(
    scope: AreaScope,
    id: string,
    manager: EntityManager = this.#db.read,
  ): Promise<CameraWithState | undefined> {
    return (await this.#withState(this.#present(scope, manager).andWhere('camera.id = :id', { id }), manager))[0];
  }

  /** Also one out of use. */
  async findEver(
    scope: AreaScope,
    id: string,
    manager: EntityManager = this.#db.read,
  ): Promise<CameraWithState | undefined> {
    return (await this.#withState(this.#ever(scope, manager).andWhere('camera.id = :id', { id }), manager))[0];
  }

  /** Every camera that a recorder has or had, in use or not. */
  async everOfRecorder(recorderId: string, manager: EntityManager = this.#db.read): Promise<CameraRow[]> {
    const query = manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId', { recorderId });
    return (await cameraOfDevice.joined(query).getMany()).map(cameraOfDevice.of);
  }

  /** Cameras of a recorder that are out of use, with the days that what is left of them is kept. */
  async keptOf(recorderId: string): Promise<{ id: string; retentionDays: number }[]> {
    const query = this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NOT NULL', { recorderId });
    return this.#withRetention(query, this.#db.read, ({ row, retention }) => ({
      id: row.id,
      retentionDays: retention.days,
    }));
  }

  /** Every device in use, of all recorders: what its password is stored as, and how many cameras it has. */
  async passwords(): Promise<(Pick<CameraRow, 'deviceId' | 'passwordBox'> & { cameras: number })[]> {
    const rows = await this.#db.read
      .createQueryBuilder()
      .select('device.id', 'deviceId')
      .addSelect('MIN(device.password_box)', 'passwordBox')
      .addSelect('COUNT(*)', 'cameras')
      .from('camera', 'camera')
      .innerJoin('device', 'device', 'device.id = camera.device_id')
      .where('camera.deleted_at IS NULL')
      .groupBy('device.id')
      .getRawMany<{ deviceId: string; passwordBox: string; cameras: number | string }>();
    return rows.map((row) => ({ ...row, cameras: Number(row.cameras) }));
  }

  /** Cameras of a recorder, whatever their area: for the recorder and for recognising found devices. */
  async ofRecorder(recorderId: string, manager: EntityManager = this.#db.read): Promise<CameraRow[]> {
    const query = manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NULL', { recorderId })
      .orderBy('camera.createdAt', 'ASC')
      .addOrderBy('camera.channelNumber', 'ASC')
      .addOrderBy('camera.id', 'ASC');
    return (await cameraOfDevice.joined(query).getMany()).map(cameraOfDevice.of);
  }

  /** Cameras of a device, in use or not, in the order of its channels. */
  async ofDevice(deviceId: string, manager: EntityManager = this.#db.read): Promise<CameraRow[]> {
    const query = manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.deviceId = :deviceId', { deviceId })
      .orderBy('camera.channelNumber', 'ASC')
      .addOrderBy('camera.id', 'ASC');
    return (await cameraOfDevice.joined(query).getMany()).map(cameraOfDevice.of);
  }

  /** Cameras in use of a device that lie in the scope, with their states. */
  ofDeviceInScope(scope: AreaScope, deviceId: string): Promise<CameraWithState[]> {
    const query = this.#present(scope, this.#db.read)
      .andWhere('camera.deviceId = :deviceId', { deviceId })
      .orderBy('camera.channelNumber', 'ASC')
      .addOrderBy('camera.id', 'ASC');
    return this.#withState(query, this.#db.read);
  }

  /** Cameras of all recorders, in use or not, whose streams were given by their addresses. */
  async withAddresses(manager: EntityManager): Promise<CameraRow[]> {
    const query = manager.createQueryBuilder(cameraEntity, 'camera').where(`camera.main_stream LIKE '%"url":%'`);
    return (await cameraOfDevice.joined(query).getMany()).map(cameraOfDevice.of);
  }

  countOf(recorderId: string, manager: EntityManager = this.#db.read): Promise<number> {
    return manager.countBy(cameraEntity, { recorderId, retiredAt: IsNull() });
  }

  /** Cameras of a recorder with the days that each keeps, by id: these, or a page behind an id. */
  async desiredOf(
    recorderId: string,
    which: { ids: readonly string[] } | { after: string; limit: number },
  ): Promise<CameraWithRetention[]> {
    const query = this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NULL', { recorderId })
      .orderBy('camera.id', 'ASC');
    if ('ids' in which) {
      if (which.ids.length === 0) return [];
      query.andWhere('camera.id IN (:...ids)', which);
    } else query.andWhere('camera.id > :after', which).limit(which.limit);
    return this.#withRetention(query, this.#db.read, (found) => found);
  }

  /** Those of the ids that are, or were, cameras. */
  async knownIds(ids: readonly string[], manager: EntityManager): Promise<Set<string>> {
    const known = new Set<string>();
    for (let at = 0; at < ids.length; at += 500) {
      const rows = await manager.find(cameraEntity, {
        select: { id: true },
        where: { id: In(ids.slice(at, at + 500)) },
      });
      for (const { id } of rows) known.add(id);
    }
    return known;
  }

  async insert(manager: EntityManager, row: ChannelRow): Promise<void> {
    await manager.insert(cameraEntity, row);
  }

  /** Cameras at or below an area, by the area that each is in: who hears that it changed. */
  async idsWithin(areaId: string): Promise<Map<string, string[]>> {
    const within = withinArea(areaId, 'camera.areaId');
    const rows = await this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .select(['camera.id', 'camera.areaId'])
      .where('camera.retiredAt IS NULL')
      .andWhere(within.sql, within.parameters)
      .getMany();
    const byArea = new Map<string, string[]>();
    for (const { id, areaId: own } of rows) byArea.set(own, [...(byArea.get(own) ?? []), id]);
    return byArea;
  }

  /** Which of these cameras' ids lie in the scope. */
  async idsInScope(
    scope: AreaScope,
    ids: readonly string[],
    manager: EntityManager = this.#db.read,
  ): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#present(scope, manager)
      .select('camera.id', 'id')
      .andWhere('camera.id IN (:...ids)', { ids })
      .getRawMany<{ id: string }>();
    return new Set(rows.map((row) => row.id));
  }

  /** Recorder of each of these cameras that lies in the scope. */
  async recordersOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#present(scope, this.#db.read)
      .select('camera.id', 'id')
      .addSelect('camera.recorderId', 'recorderId')
      .andWhere('camera.id IN (:...ids)', { ids })
      .getRawMany<{ id: string; recorderId: string }>();
    return new Map(rows.map((row) => [row.id, row.recorderId]));
  }

  /** Also of those out of use. */
  async namesOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const piece = inScope(scope, 'camera.areaId');
    const rows = await this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .select(['camera.id', 'camera.name'])
      .where('camera.id IN (:...ids)', { ids })
      .andWhere(piece.sql, piece.parameters)
      .getMany();
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async areaInScope(scope: AreaScope, areaId: string, manager: EntityManager = this.#db.read): Promise<boolean> {
    const piece = inScope(scope, 'area.id');
    const row = await manager
      .createQueryBuilder()
      .select('area.id', 'id')
      .from('area', 'area')
      .where('area.id = :areaId', { areaId })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<{ id: string }>();
    return row !== undefined;
  }

  async update(manager: EntityManager, id: string, changes: Partial<ChannelRow>): Promise<void> {
    await manager.update(cameraEntity, { id }, changes);
  }

  #present(scope: AreaScope, manager: EntityManager): SelectQueryBuilder<ChannelRow> {
    return this.#ever(scope, manager).andWhere('camera.retiredAt IS NULL');
  }

  #ever(scope: AreaScope, manager: EntityManager): SelectQueryBuilder<ChannelRow> {
    const piece = inScope(scope, 'camera.areaId');
    return manager.createQueryBuilder(cameraEntity, 'camera').where(piece.sql, piece.parameters);
  }

  async #withRetention<T>(
    query: SelectQueryBuilder<ChannelRow>,
    manager: EntityManager,
    complete: (found: CameraWithRetention, raw: RawState | undefined) => T,
  ): Promise<T[]> {
    const { raw, entities } = await withPlace(cameraOfDevice.joined(query)).getRawAndEntities<RawState>();
    const choices = await areaRetentions(manager);
    // At most one interval is open (a unique index says so), hence raw rows and entities go in step.
    return entities.map((found, index) => {
      const row = cameraOfDevice.of(found);
      const retention = this.#retentionOf(row, raw[index]?.area_path ?? '', choices);
      return complete({ row, retention }, raw[index]);
    });
  }

  #retentionOf(row: CameraRow, path: string, choices: readonly AreaRetention[]): EffectiveRetention {
    return effectiveRetention(row.retentionDays, path, choices, this.#defaultDays);
  }

  async #withState(query: SelectQueryBuilder<ChannelRow>, manager: EntityManager): Promise<CameraWithState[]> {
    const { raw, entities } = await withPlace(
      cameraNow.selected(cameraOfDevice.joined(query)),
    ).getRawAndEntities<RawState>();
    const choices = await areaRetentions(manager);
    return entities.map((found, index) => this.#complete(cameraOfDevice.of(found), raw[index], choices));
  }

  #complete(row: CameraRow, raw: RawState | undefined, choices: readonly AreaRetention[]): CameraWithState {
    return {
      row,
      retention: this.#retentionOf(row, raw?.area_path ?? '', choices),
      now: cameraNow.of(raw, row.createdAt),
    };
  }
}

function withPlace(query: SelectQueryBuilder<ChannelRow>): SelectQueryBuilder<ChannelRow> {
  return query.leftJoin('area', 'place', 'place.id = camera.area_id').addSelect('place.path', 'area_path');
}

type RawState = RawCameraNow & { area_path: string | null };
