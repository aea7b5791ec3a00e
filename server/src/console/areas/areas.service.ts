import type { AreaCreateRequest, AreaPatchRequest, AreaResponse } from '@choi-canh/shared/areas';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import { nearestRetention, type AreaRetention } from '../../platform/db/area-retention.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import { freeCode, initialsOf } from './area-code.js';
import type { AreaTree } from './area-tree.js';
import type { AreaUsageRepository } from './area-usage.repository.js';
import type { AreaRow } from './area.entity.js';
import type { AreasRepository } from './areas.repository.js';

const MAX_DEPTH = 12;

/** The levels that an area may have: data that an administrator edits. */
export interface AreaLevels {
  has(manager: Transaction, code: string): Promise<boolean>;
  /** What people call them, as written before a name. */
  words(manager: Transaction): Promise<string[]>;
}

export interface AreasServiceDeps {
  database: Database;
  repository: AreasRepository;
  usage: AreaUsageRepository;
  tree: AreaTree;
  audit: AuditWriter;
  levels: AreaLevels;
  clock: Clock;
  /** Days that footage is kept where nobody chose. */
  retentionDays: number;
  /** Areas came, went or moved: whoever keeps the tree reads it again. */
  treeChanged(): void;
  /** The days of an area, or what lies above it, changed: so did those of the cameras in it. */
  retentionChanged(areaId: string): Promise<void>;
}

/** The administrative tree: it changes by law every few years, so areas move with everything in them. */
export class AreasService {
  constructor(private readonly deps: AreasServiceDeps) {}

  async list(scope: AreaScope): Promise<{ items: AreaResponse[]; defaultRetentionDays: number }> {
    const [rows, cameras, choices] = await Promise.all([
      this.deps.repository.list(scope),
      this.deps.usage.camerasPerArea(),
      this.deps.repository.retentions(),
    ]);
    const items = rows.map((row) => this.onWire(row, cameras.get(row.id) ?? 0, choices));
    return { items, defaultRetentionDays: this.deps.retentionDays };
  }

  async create(actor: Actor, request: AreaCreateRequest): Promise<AreaResponse> {
    const { database, repository, audit } = this.deps;
    const row = await database.write(async (manager) => {
      const parent = await this.parentFor(manager, actor, request.parentId);
      await this.checkLevel(manager, request.level);
      const id = newId();
      const created: AreaRow = {
        id,
        parentId: request.parentId,
        name: request.name,
        level: request.level,
        code: await this.codeFor(manager, id, request.code, request.name),
        path: childPath(parent, id),
        centreLat: request.centre?.lat ?? null,
        centreLon: request.centre?.lon ?? null,
        retentionDays: request.retentionDays ?? null,
        createdAt: this.deps.clock.nowMs(),
      };
      checkDepth(created.path);
      await repository.insert(manager, created);
      await audit.record(actor, entry('area.create', created, { after: facts(created) }), manager);
      return created;
    });
    await this.reloadTree();
    return this.onWire(row, 0, await this.deps.repository.retentions());
  }

  async update(actor: Actor, id: string, request: AreaPatchRequest): Promise<AreaResponse> {
    const { database, repository, audit } = this.deps;
    const { row, otherDays } = await database.write(async (manager) => {
      const before = await this.required(manager, actor.scope, id);
      const after: AreaRow = { ...before };
      if (request.name !== undefined) after.name = request.name;
      if (request.level !== undefined && request.level !== before.level) {
        await this.checkLevel(manager, request.level);
        after.level = request.level;
      }
      if (request.code !== undefined) after.code = await this.codeFor(manager, id, request.code, after.name);
      if (request.centre !== undefined) {
        after.centreLat = request.centre?.lat ?? null;
        after.centreLon = request.centre?.lon ?? null;
      }
      if (request.retentionDays !== undefined) after.retentionDays = request.retentionDays;
      if (request.parentId !== undefined && request.parentId !== before.parentId) {
        const parent = await this.parentFor(manager, actor, request.parentId);
        if (parent?.path.startsWith(before.path)) {
          throw new AppError('conflict', 'area_cycle', 'an area cannot lie inside itself');
        }
        after.parentId = request.parentId;
        after.path = childPath(parent, id);
        await this.move(manager, before.path, after.path);
      }
      const { path: _path, id: _id, ...columns } = after;
      await repository.update(manager, id, columns);
      await audit.record(actor, entry('area.update', after, { before: facts(before), after: facts(after) }), manager);
      return { row: after, otherDays: before.retentionDays !== after.retentionDays || before.path !== after.path };
    });
    await this.reloadTree();
    if (otherDays) await this.deps.retentionChanged(id);
    const [cameras, choices] = await Promise.all([this.deps.usage.camerasPerArea(), repository.retentions()]);
    return this.onWire(row, cameras.get(id) ?? 0, choices);
  }

  /** @throws AppError conflict `area_not_empty`; its details count what is there. */
  async delete(actor: Actor, id: string): Promise<void> {
    const { database, repository, usage, audit } = this.deps;
    await database.write(async (manager) => {
      const row = await this.required(manager, actor.scope, id);
      const children = await repository.countChildren(manager, id);
      const used = { ...(children > 0 ? { areas: children } : {}), ...(await usage.usage(manager, id)) };
      if (Object.keys(used).length > 0) {
        throw new AppError('conflict', 'area_not_empty', 'something lies in this area', { details: used });
      }
      await repository.delete(manager, id);
      await audit.record(actor, entry('area.delete', row, { before: facts(row) }), manager);
    });
    await this.reloadTree();
  }

  private async reloadTree(): Promise<void> {
    await this.deps.tree.reload();
    this.deps.treeChanged();
  }

  private onWire(row: AreaRow, cameraCount: number, choices: readonly AreaRetention[]): AreaResponse {
    const { id, parentId, name, level, code, centreLat, centreLon, retentionDays, path } = row;
    const centre = centreLat === null || centreLon === null ? null : { lat: centreLat, lon: centreLon };
    const inherited = nearestRetention(path.slice(0, -`${id}/`.length), choices)?.days ?? this.deps.retentionDays;
    return {
      ...{ id, parentId, name, level, code, centre, cameraCount, retentionDays },
      effectiveRetentionDays: retentionDays ?? inherited,
      inheritedRetentionDays: inherited,
    };
  }

  private async checkLevel(manager: Transaction, level: string): Promise<void> {
    if (await this.deps.levels.has(manager, level)) return;
    throw new AppError('invalid', 'unknown_level', 'no such level of areas', { details: { field: 'level' } });
  }

  private async move(manager: Transaction, fromPath: string, toPath: string): Promise<void> {
    const { repository } = this.deps;
    const inside = await repository.deepest(manager, fromPath);
    checkDepth(toPath + inside.slice(fromPath.length));
    await repository.repath(manager, fromPath, toPath);
  }

  private async required(manager: Transaction, scope: AreaScope, id: string): Promise<AreaRow> {
    const row = await this.deps.repository.find(scope, id, manager);
    if (row === null) throw new AppError('not_found', 'area_not_found', `no area ${id}`);
    return row;
  }

  /** Only somebody whose scope is everything may put an area at the top. */
  private async parentFor(manager: Transaction, actor: Actor, parentId: string | null): Promise<AreaRow | null> {
    if (parentId !== null) return this.required(manager, actor.scope, parentId);
    if (actor.scope.areaId !== null) {
      throw new AppError('forbidden', 'outside_area', 'only an account of the whole country may do this');
    }
    return null;
  }

  private async codeFor(manager: Transaction, id: string, asked: string | undefined, name: string): Promise<string> {
    const owners = await this.deps.repository.codes(manager);
    if (asked === undefined) {
      return freeCode(initialsOf(name, await this.deps.levels.words(manager)), new Set(owners.keys()));
    }
    const owner = owners.get(asked);
    if (owner !== undefined && owner !== id) {
      throw new AppError('conflict', 'area_code_taken', `another area has the code ${asked}`, {
        details: { code: asked },
      });
    }
    return asked;
  }
}

function childPath(parent: AreaRow | null, id: string): string {
  return `${parent?.path ?? '/'}${id}/`;
}

function checkDepth(path: string): void {
  if (path.split('/').length - 2 > MAX_DEPTH) {
    throw new AppError('conflict', 'area_too_deep', `an area tree has at most ${MAX_DEPTH} levels`);
  }
}

function facts(row: AreaRow): Record<string, unknown> {
  const { name, level, code, parentId, centreLat, centreLon, retentionDays } = row;
  return { name, level, code, parentId, centreLat, centreLon, retentionDays };
}

function entry(action: 'area.create' | 'area.update' | 'area.delete', row: AreaRow, details: Record<string, unknown>) {
  return { action, subjectType: 'area', subjectId: row.id, subjectName: row.name, areaId: row.id, details };
}
