import type { AreaScope } from '../../lib/actor.js';
import { areaRetentions } from '../../platform/db/area-retention.js';
import { inScope, withinArea } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { entityOf, selectedColumns } from '../../platform/db/plain-rows.js';
import { cameraNow, type CameraNow, type RawCameraNow } from './camera-now.repository.js';
import { cameraOfDevice } from './camera-of-device.repository.js';
import { cameraEntity, type CameraRow } from './camera.entity.js';
import { deviceEntity } from './device.entity.js';
import { effectiveRetention, type EffectiveRetention } from './effective-retention.js';

/** How far the changes of cameras were read. */
export interface RevisionCursor {
  readonly revision: number;
  readonly cameraId: string;
}
export interface RevisedCamera {
  readonly id: string;
  readonly at: RevisionCursor;
  /** Undefined: there is no such camera any more. */
  readonly camera: { readonly row: CameraRow; readonly now: CameraNow } | undefined;
}

/** Columns of a device that no list needs. Whether a password opens is part of a camera's state. */
const notListed = ['endpointReference', 'firmwareVersion', 'oldTls'] as const;
const ofDevice = 'device_';

/** Cameras of all areas in the order in which they changed; see migration 0014. */
export class ListedCamerasRepository {
  readonly #db: Database;
  readonly #defaultDays: number;

  constructor(db: Database, defaultDays: number) {
    this.#db = db;
    this.#defaultDays = defaultDays;
  }

  /** Number of the newest change, as committed now. */
  async newestRevision(): Promise<number> {
    const row = await this.#db.read
      .createQueryBuilder()
      .select('MAX(revised.revision)', 'newest')
      .from('camera_revision', 'revised')
      .getRawOne<{ newest: number | string | null }>();
    return Number(row?.newest ?? 0);
  }

  /** Cameras that changed after `after`, also those out of use, in the order of their changes; at most `limit`. */
  async changedAfter(after: RevisionCursor, limit: number): Promise<RevisedCamera[]> {
    const query = this.#db.longRead
      .createQueryBuilder()
      .select(selectedColumns(cameraEntity, 'camera'))
      .addSelect(selectedColumns(deviceEntity, 'device', notListed, ofDevice))
      .addSelect('revised.camera_id', 'revised_id')
      .addSelect('revised.revision', 'revised_revision')
      .from('camera_revision', 'revised')
      .leftJoin('camera', 'camera', 'camera.id = revised.camera_id')
      .leftJoin('device', 'device', 'device.id = camera.device_id')
      .where('(revised.revision, revised.camera_id) > (:revision, :cameraId)', { ...after })
      .orderBy('revised.revision', 'ASC')
      .addOrderBy('revised.camera_id', 'ASC')
      .limit(limit);
    const rows = await cameraNow.selected(query).getRawMany<RawRevision>();
    return rows.map((raw) => {
      const at = { revision: Number(raw.revised_revision), cameraId: raw.revised_id };
      if (raw.id === null) return { id: raw.revised_id, at, camera: undefined };
      const row = cameraOfDevice.made(entityOf(cameraEntity, raw), entityOf(deviceEntity, raw, ofDevice));
      return { id: row.id, at, camera: { row, now: cameraNow.of(raw, row.createdAt) } };
    });
  }

  /**
   * Areas of the scope, and of those only what lies at or below `areaId` where it is given, each with how long footage is
   * kept there by a camera that has no choice of its own.
   */
  async areas(scope: AreaScope, areaId?: string): Promise<ReadonlyMap<string, EffectiveRetention>> {
    const query = this.#db.read
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.path', 'path')
      .from('area', 'area');
    const pieces = [inScope(scope, 'area.id'), ...(areaId === undefined ? [] : [withinArea(areaId, 'area.id')])];
    for (const { sql, parameters } of pieces) query.andWhere(sql, parameters);
    const [rows, choices] = await Promise.all([
      query.getRawMany<{ id: string; path: string }>(),
      areaRetentions(this.#db.read),
    ]);
    return new Map(rows.map(({ id, path }) => [id, effectiveRetention(null, path, choices, this.#defaultDays)]));
  }
}

type RawRevision = Record<string, unknown> &
  RawCameraNow & { id: string | null; revised_id: string; revised_revision: number | string };
