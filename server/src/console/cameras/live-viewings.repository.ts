import { In, LessThan, type EntityManager } from 'typeorm';
import { bulkRows } from '../../platform/db/bulk-rows.js';
import type { Database } from '../../platform/db/database.js';
import { liveViewingEntity, type LiveViewingRow } from './live-viewing.entity.js';

/** Viewings that go on. There are as many rows as tiles that people look at, so all of them are soon read. */
export class LiveViewingsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#db.write(work);
  }

  ofSession(manager: EntityManager, sessionId: string, cameraIds: readonly string[]): Promise<LiveViewingRow[]> {
    return manager.findBy(liveViewingEntity, { sessionId, cameraId: In([...cameraIds]) });
  }

  /** What these cameras are called, and where they are. */
  cameras(manager: EntityManager, ids: readonly string[]): Promise<{ id: string; name: string; areaId: string }[]> {
    return manager
      .createQueryBuilder()
      .select('cam.id', 'id')
      .addSelect('cam.name', 'name')
      .addSelect('cam.area_id', 'areaId')
      .from('camera', 'cam')
      .where('cam.id IN (:...ids)', { ids })
      .getRawMany();
  }

  async insert(manager: EntityManager, rows: LiveViewingRow[]): Promise<void> {
    if (rows.length > 0) await manager.insert(liveViewingEntity, rows);
  }

  /** Notes until when viewings went on, in one statement. */
  async seen(manager: EntityManager, rows: readonly { id: string; seenAt: number }[]): Promise<void> {
    const { sql, parameters } = bulkRows(this.#db.kind, 'seen', { id: 'text', seenAt: 'bigint' }, rows);
    await manager.query(
      `UPDATE live_viewing SET seen_at = seen."seenAt" FROM ${sql} WHERE live_viewing.id = seen.id`,
      parameters,
    );
  }

  /** Those of which nothing was heard since `before`: the console that kept them has gone. */
  unseenSince(before: number, limit: number): Promise<LiveViewingRow[]> {
    return this.#db.read.find(liveViewingEntity, { where: { seenAt: LessThan(before) }, take: limit });
  }

  /** Whether it was there; false where another console was faster. */
  async take(manager: EntityManager, id: string): Promise<boolean> {
    return (await manager.delete(liveViewingEntity, { id })).affected === 1;
  }
}
