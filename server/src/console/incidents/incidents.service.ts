import { instantFromMs } from '@choi-canh/shared/common';
import {
  occurredAtToleranceMs,
  type CategoryResponse,
  type IncidentCreateRequest,
  type IncidentPatchRequest,
  type IncidentResponse,
} from '@choi-canh/shared/incidents';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { readCursor, writeCursor } from './incident-cursor.js';
import { freeOrderKey } from './incident-order.js';
import { incidentNumber, registerYear } from './incident-number.js';
import { isClosed, mayBecome } from './incident-states.js';
import type { IncidentRow } from './incident.entity.js';
import { IncidentSearch } from './incident-search.js';
import type { IncidentFilter, IncidentsRepository, IncidentView } from './incidents.repository.js';

export interface IncidentsServiceDeps {
  db: Database;
  repository: IncidentsRepository;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
}

/** What happened, and what became of it. Tags, holds and clips belong to `evidence`. */
export class IncidentsService {
  readonly #deps: IncidentsServiceDeps;
  readonly #search: IncidentSearch;

  constructor(deps: IncidentsServiceDeps) {
    this.#deps = deps;
    this.#search = new IncidentSearch(deps.repository);
  }

  async categories(): Promise<CategoryResponse[]> {
    return (await this.#deps.repository.categories()).map(({ code, vi, en, retired }) => ({
      ...{ code, vi, en },
      retired: Boolean(retired),
    }));
  }

  async list(
    scope: AreaScope,
    query: Omit<IncidentFilter, 'after' | 'search'> & { cursor?: string | undefined; text?: string | undefined },
  ) {
    const { repository } = this.#deps;
    const { cursor, text, ...filter } = query;
    if (filter.areaId !== undefined && (await repository.area(scope, filter.areaId)) === undefined) throw noArea();
    const found = await repository.list(scope, {
      ...filter,
      search: text === undefined || text === '' ? undefined : await this.#search.resolve(scope, text),
      after: cursor === undefined ? undefined : readCursor(cursor),
      limit: filter.limit + 1,
    });
    const items = found.slice(0, filter.limit);
    const last = items.at(-1);
    return {
      items: items.map(incidentOnWire),
      nextCursor: found.length > filter.limit && last !== undefined ? writeCursor(last.row.orderKey) : null,
    };
  }

  async get(scope: AreaScope, id: string): Promise<IncidentResponse> {
    const found = await this.#deps.repository.find(scope, id);
    if (found === undefined) throw noIncident();
    return incidentOnWire(found);
  }

  /** @throws AppError not_found `incident_not_found`. */
  async numberOf(scope: AreaScope, id: string): Promise<string> {
    return (await this.get(scope, id)).number;
  }

  /** @throws AppError invalid `incident_in_future` | `unknown_category`, not_found `area_not_found`. */
  /** Numbers of those of the ids that are incidents of the scope. */
  numbersOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    return this.#deps.repository.numbersOf(scope, ids);
  }

  async create(actor: Actor, request: IncidentCreateRequest): Promise<IncidentResponse> {
    const { db, repository, audit, broadcaster, clock } = this.#deps;
    const id = newId();
    const occurredAt = this.#pastInstant(request.occurredAt);
    await db.write(async (manager) => {
      const area = await repository.area(actor.scope, request.areaId, manager);
      if (area === undefined) throw noArea();
      if (!(await repository.hasCategory(manager, request.category))) throw noCategory();
      const now = clock.nowMs();
      const year = registerYear(now);
      const number = incidentNumber(year, area.code, await repository.nextRunning(manager, year, area.code));
      const row: IncidentRow = {
        id,
        number,
        areaId: area.id,
        title: request.title,
        occurredAt,
        orderKey: await freeOrderKey(manager, occurredAt),
        place: request.place,
        category: request.category,
        source: request.source,
        description: request.description,
        state: 'new',
        outcome: '',
        closedAt: null,
        createdAt: now,
        createdById: actor.accountId,
        createdByName: actor.name,
        version: 1,
      };
      await repository.insert(manager, row);
      await audit.record(
        actor,
        {
          action: 'incident.create',
          subjectType: 'incident',
          subjectId: id,
          subjectName: number,
          areaId: row.areaId,
          details: { after: words(row, Object.keys(wordKeys)) },
        },
        manager,
      );
    });
    broadcaster.toArea(request.areaId, 'incident.view', 'incident.changed', id);
    return this.get(actor.scope, id);
  }

  /**
   * @throws AppError conflict `incident_changed` | `state_not_allowed`, invalid `outcome_required` |
   *   `unknown_category` | `incident_in_future`.
   */
  async patch(actor: Actor, id: string, request: IncidentPatchRequest): Promise<IncidentResponse> {
    const { db, repository, audit, broadcaster } = this.#deps;
    const areaId = await db.write(async (manager) => {
      const before = (await repository.find(actor.scope, id, manager))?.row;
      if (before === undefined) throw noIncident();
      if (request.version !== undefined && request.version !== before.version) throw changedMeanwhile(before);
      if (request.category !== undefined && !(await repository.hasCategory(manager, request.category))) {
        throw noCategory();
      }
      const changes = this.#changesOf(before, request);
      const keys = Object.keys(changes);
      if (keys.length === 0) return undefined;
      const after = { ...before, ...changes };
      if (!(await repository.update(manager, before, changes))) throw changedMeanwhile(before);
      await audit.record(
        actor,
        {
          action: 'incident.update',
          subjectType: 'incident',
          subjectId: id,
          subjectName: before.number,
          areaId: before.areaId,
          details: { before: words(before, keys), after: words(after, keys) },
        },
        manager,
      );
      return before.areaId;
    });
    if (areaId !== undefined) broadcaster.toArea(areaId, 'incident.view', 'incident.changed', id);
    return this.get(actor.scope, id);
  }

  /** What has happened has happened: UTC ms, refused beyond `occurredAtToleranceMs` from now. */
  #pastInstant(occurredAt: string): number {
    const atMs = Date.parse(occurredAt);
    if (atMs > this.#deps.clock.nowMs() + occurredAtToleranceMs) {
      throw new AppError('invalid', 'incident_in_future', 'an incident cannot be in the future', {
        details: { fields: [{ path: 'occurredAt', message: 'lies in the future' }] },
      });
    }
    return atMs;
  }

  #changesOf(before: IncidentRow, request: IncidentPatchRequest): Partial<IncidentRow> {
    const { version: _version, occurredAt, ...plain } = request;
    const changes: Partial<IncidentRow> = {};
    for (const [key, value] of Object.entries(plain)) {
      if (value !== undefined && value !== before[key as keyof IncidentRow]) Object.assign(changes, { [key]: value });
    }
    if (occurredAt !== undefined && Date.parse(occurredAt) !== before.occurredAt) {
      changes.occurredAt = this.#pastInstant(occurredAt);
    }
    const state = changes.state ?? before.state;
    if (!mayBecome(before.state, state)) {
      throw new AppError('conflict', 'state_not_allowed', `an incident cannot go from ${before.state} to ${state}`, {
        details: { from: before.state, to: state },
      });
    }
    if (isClosed(state) && (changes.outcome ?? before.outcome) === '') {
      throw new AppError('invalid', 'outcome_required', 'closing an incident asks for what was found out', {
        details: { field: 'outcome' },
      });
    }
    if (isClosed(state) && !isClosed(before.state)) changes.closedAt = this.#deps.clock.nowMs();
    if (!isClosed(state) && before.closedAt !== null) changes.closedAt = null;
    return changes;
  }
}

const wordKeys = {
  number: true,
  title: true,
  occurredAt: true,
  place: true,
  category: true,
  source: true,
  description: true,
  state: true,
  outcome: true,
  closedAt: true,
} as const;

/** Some fields of an incident, for the audit trail. */
function words(row: IncidentRow, keys: string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys
      .filter((key) => key in wordKeys)
      .map((key) => {
        const value = row[key as keyof typeof wordKeys];
        return [key, typeof value === 'number' ? instantFromMs(value) : value];
      }),
  );
}

function incidentOnWire({ row, ...derived }: IncidentView): IncidentResponse {
  return {
    id: row.id,
    number: row.number,
    areaId: row.areaId,
    title: row.title,
    occurredAt: instantFromMs(row.occurredAt),
    place: row.place,
    category: row.category,
    source: row.source,
    description: row.description,
    state: row.state,
    outcome: row.outcome,
    closedAt: row.closedAt === null ? null : instantFromMs(row.closedAt),
    ...derived,
    createdAt: instantFromMs(row.createdAt),
    createdByName: row.createdByName,
    version: row.version,
  };
}

const noIncident = () => new AppError('not_found', 'incident_not_found', 'no such incident');
const noArea = () => new AppError('not_found', 'area_not_found', 'no such area');
const noCategory = () =>
  new AppError('invalid', 'unknown_category', 'no such category', { details: { field: 'category' } });
const changedMeanwhile = (row: IncidentRow) =>
  new AppError('conflict', 'incident_changed', 'somebody else changed this incident meanwhile', {
    details: { version: row.version },
  });
