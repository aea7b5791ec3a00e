import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AreaScope } from '../lib/actor.js';
import type { Database } from '../platform/db/database.js';
import { AuditRepository, type AuditFilter } from './audit/audit.repository.js';
import { AccountsRepository } from './auth/accounts.repository.js';
import { DeviceSightingsRepository } from './cameras/device-sightings.repository.js';
import { ListedCamerasRepository } from './cameras/listed-cameras.repository.js';
import type { OpenTestDatabase } from './cases.test-harness.js';
import { ClipsRepository } from './evidence/clips.repository.js';
import { HoldsRepository } from './evidence/holds.repository.js';
import { TagsRepository } from './evidence/tags.repository.js';
import { StateIntervalsRepository } from './health/state-intervals.repository.js';
import type { SearchTerm } from './incidents/incident-search.js';
import { IncidentsRepository, type IncidentFilter } from './incidents/incidents.repository.js';
import { resolvedByFootage } from './incidents/resolved-by-footage.js';
import { ReportsRepository } from './reports/reports.repository.js';

/** Tables that grow with the years. The others hold what an office can count. */
const growing = [
  'incident',
  'incident_text',
  'audit_record',
  'camera_state_interval',
  'tag',
  'hold',
  'hold_range',
  'clip',
  'opening',
];

interface Statement {
  sql: string;
  parameters: unknown[];
}
interface Asked {
  name: string;
  ask(): Promise<unknown>;
  /** Why it may sort what it found: the rows are few whatever the years bring. */
  maySort?: string;
}

/**
 * Every list, search and report, and the plan of each statement that it sends: none reads a growing table from end to
 * end, none sorts or groups what it found in a temporary table. The databases are empty; on PostgreSQL plans without an
 * index are priced out, so one that is left says that there is none.
 */
export function queryPlansSuite(kind: string, open: OpenTestDatabase): void {
  describe(`plans of queries on ${kind}`, () => {
    let db: Database;
    const id = (index: number) => `10000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const province: AreaScope = { areaId: id(0), path: `/${id(0)}/` };
    const commune: AreaScope = { areaId: id(1), path: `/${id(0)}/${id(1)}/` };
    const scopes: [string, AreaScope][] = [
      ['everything', { areaId: null, path: null }],
      ['a province', province],
      ['a commune', commune],
    ];
    beforeAll(async () => {
      db = await open();
      const rows = Array.from({ length: 80 }, (_, index) =>
        index === 0
          ? `('${id(0)}', NULL, 'P', 'province', 'P', '/${id(0)}/', 1)`
          : `('${id(index)}', '${id(0)}', 'C${index}', 'commune', 'C${index}', '/${id(0)}/${id(index)}/', 1)`,
      );
      await db.write((manager) =>
        manager.query(
          `INSERT INTO area (id, parent_id, name, level, code, path, created_at) VALUES ${rows.join(', ')}`,
        ),
      );
    });
    afterAll(() => db.close());

    const word = (text: string): SearchTerm => ({ text, prefix: true, categories: [], states: [], areaIds: [] });
    const filters: [string, Partial<IncidentFilter>][] = [
      ['newest', {}],
      ['next page', { after: 12_345 }],
      ['time', { fromMs: 1000, toMs: 2000 }],
      ['state', { state: 'new' }],
      ['category', { category: 'theft' }],
      ['state and time', { state: 'new', fromMs: 1000, toMs: 2000 }],
      ['resolved by footage', { resolvedByFootage: true }],
      ['not resolved by footage', { resolvedByFootage: false }],
      ['of an area', { areaId: id(1) }],
    ];
    const trails: [string, Partial<AuditFilter>][] = [
      ['newest', {}],
      ['next page', { beforeSequence: 500 }],
      ['action', { action: 'clip.download' }],
      ['time', { fromMs: 1000, toMs: 2000 }],
      ['action and time', { action: 'clip.download', fromMs: 1000 }],
      ['account', { accountId: id(5) }],
      ['subject', { subjectId: id(6) }],
    ];

    /** A new list, search or report joins here; the test below finds those that did not. */
    const asked = (): Asked[] => {
      const incidents = new IncidentsRepository(db);
      const audit = new AuditRepository(db);
      const reports = new ReportsRepository(db, resolvedByFootage);
      const cameras = new ListedCamerasRepository(db, 30);
      return [
        ...scopes.flatMap(([who, scope]) => [
          ...filters.flatMap(([name, filter]): Asked[] => [
            { name: `incidents, ${name}, ${who}`, ask: () => incidents.list(scope, { limit: 51, ...filter }) },
            {
              name: `search, ${name}, ${who}`,
              ask: () => incidents.list(scope, { limit: 51, search: [word('xe'), word('may')], ...filter }),
              ...(db.kind === 'postgres' && { maySort: 'what the text index found beyond the newest' }),
            },
          ]),
          ...trails.map(([name, filter]) => ({
            name: `audit, ${name}, ${who}`,
            ask: () => audit.page(scope, { limit: 51, ...filter }),
          })),
          {
            name: `report, ${who}`,
            ask: () => reports.cells(scope, undefined, 0, 1),
          },
          { name: `cameras of a report, ${who}`, ask: () => reports.cameras(scope, undefined, []) },
          {
            name: `questions about devices, ${who}`,
            ask: () => new DeviceSightingsRepository(db).open(scope),
            maySort: 'eight a device',
          },
          { name: `accounts, ${who}`, ask: () => new AccountsRepository(db).list(scope), maySort: 'accounts are few' },
        ]),
        { name: 'cameras', ask: () => cameras.changedAfter({ revision: 7, cameraId: id(9) }, 500) },
        { name: 'summary of holds', ask: () => new HoldsRepository(db).summary(id(4)) },
        { name: 'history', ask: () => new StateIntervalsRepository(db).list(id(7), 1000, 2000) },
        ...[new TagsRepository(db), new HoldsRepository(db), new ClipsRepository(db)].map((repository) => ({
          name: repository.constructor.name,
          ask: () => repository.list(id(8)),
          maySort: 'pieces of one incident',
        })),
      ];
    };

    it('walk an index in the order of the list', async () => {
      const wrong: string[] = [];
      let statements = 0;
      for (const { name, ask, maySort } of asked()) {
        const seen = await recorded(db, ask);
        statements += seen.length;
        for (const statement of seen) {
          const plan = await planOf(db, statement);
          for (const fault of faultsOf(db.kind, plan, maySort !== undefined)) {
            wrong.push(`${name}: ${fault}\n  ${statement.sql}\n  ${plan.join('\n  ')}`);
          }
        }
      }
      expect(wrong.join('\n\n')).toBe('');
      expect(statements).toBeGreaterThan(100);
    }, 120_000);

    it('are looked at for every repository that has long ones', () => {
      const own = readFileSync(import.meta.filename, 'utf8');
      const using = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
        (path) => path.endsWith('.ts') && /\.longRead\b/.test(readFileSync(join(import.meta.dirname, path), 'utf8')),
      );
      expect(using.length).toBeGreaterThan(4);
      for (const path of using) {
        const module = path.replace(/\.ts$/, '.js');
        const isPartOfOne = module === 'incidents/incident-keys.repository.js'; // of IncidentsRepository
        if (path !== 'query-plans.suite.ts' && !isPartOfOne) expect(own, path).toContain(`'./${module}'`);
      }
    });
  });
}

/** The statements that `work` sends to the database. */
async function recorded(db: Database, work: () => Promise<unknown>): Promise<Statement[]> {
  const seen: Statement[] = [];
  interface Runner {
    query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>;
  }
  const listen = <R extends Runner>(runner: R): (() => void) => {
    const own = runner.query.bind(runner);
    runner.query = (sql, parameters = [], structured) => {
      seen.push({ sql, parameters });
      return own(sql, parameters, structured);
    };
    return () => void (runner.query = own);
  };
  const undo: (() => void)[] = [];
  const source = db.read.dataSource;
  const create = source.createQueryRunner.bind(source);
  const listened = new Set<unknown>();
  source.createQueryRunner = (mode) => {
    const runner = create(mode);
    // SQLite's driver gives the same one for ever.
    if (!listened.has(runner)) undo.push(listen(runner as unknown as Runner));
    listened.add(runner);
    return runner;
  };
  if (db.longRead.queryRunner !== undefined) undo.push(listen(db.longRead.queryRunner as unknown as Runner));
  try {
    await work();
  } finally {
    source.createQueryRunner = create;
    for (const stop of undo) stop();
  }
  return seen;
}

async function planOf(db: Database, { sql, parameters }: Statement): Promise<string[]> {
  if (db.kind === 'sqlite') {
    const rows = (await db.read.query(`EXPLAIN QUERY PLAN ${sql}`, parameters)) as { detail: string }[];
    return rows.map((row) => row.detail);
  }
  return db.write(async (manager) => {
    for (const way of ['seqscan', 'sort', 'incremental_sort', 'hashagg']) {
      await manager.query(`SET LOCAL enable_${way} = off`);
    }
    const rows = (await manager.query(`EXPLAIN ${sql}`, parameters)) as { 'QUERY PLAN': string }[];
    return rows.map((row) => row['QUERY PLAN']);
  });
}

/** The aliases of growing tables that statements use. */
const aliases = [...growing, 'incident', 'inc', 'record', 'span', 'txt', 'newest', 'earlier', 't', 'c'].join('|');

function faultsOf(kind: Database['kind'], plan: readonly string[], maySort: boolean): string[] {
  const faults =
    kind === 'sqlite'
      ? plan.filter((line) => new RegExp(`^SCAN (${aliases})$`).test(line) || /AUTOMATIC/.test(line))
      : plan.filter((line) => new RegExp(`Seq Scan on (${growing.join('|')})\\b`).test(line));
  const sorts = kind === 'sqlite' ? /USE TEMP B-TREE/ : /^\s*(->)?\s*(Incremental )?Sort\b/;
  return maySort ? faults : [...faults, ...plan.filter((line) => sorts.test(line))];
}
