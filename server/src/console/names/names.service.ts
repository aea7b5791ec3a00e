import {
  reportTextKeys,
  type NameListRequest,
  type NamesResponse,
  type ReportTextKey,
  type ReportTextsRequest,
  type RoleNamesRequest,
} from '@choi-canh/shared/names';
import type { Actor, AuditEntry, AuditWriter } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { NameRow } from './name-row.entity.js';
import type { NamesRepository } from './names.repository.js';

/** As the audit trail names them. */
export type NameKind = 'role' | 'area_level' | 'category' | 'report_text';

export interface NamesServiceDeps {
  database: Database;
  audit: AuditWriter;
  lists: Record<NameKind, NamesRepository>;
}

/** Display names of the whole system, for administrators of the whole system. Each changed entry is audited. */
export class NamesService {
  readonly #deps: NamesServiceDeps;

  constructor(deps: NamesServiceDeps) {
    this.#deps = deps;
  }

  async all(): Promise<NamesResponse> {
    const { role, area_level, category, report_text } = this.#deps.lists;
    const [roles, areaLevels, categories, texts] = await Promise.all(
      [role, area_level, category, report_text].map((list) => list.list()),
    );
    return {
      roles: entries(roles),
      areaLevels: entries(areaLevels),
      categories: entries(categories),
      report: textsOf(texts),
    };
  }

  /** @throws AppError conflict `names_changed` */
  renameRoles(actor: Actor, { seen, items }: RoleNamesRequest): Promise<NamesResponse> {
    return this.#change(actor, 'role', (before) => {
      requireSeen(seen, entries(before));
      return before.map((row) => ({ ...row, ...items.find(({ code }) => code === row.code) }));
    });
  }

  /** @throws AppError conflict `names_changed` */
  changeReportTexts(actor: Actor, { seen, texts }: ReportTextsRequest): Promise<NamesResponse> {
    return this.#change(actor, 'report_text', (before) => {
      requireSeen(seen && orderedTexts(seen), textsOf(before));
      return before.map((row) => ({ ...row, ...texts[row.code as ReportTextKey] }));
    });
  }

  /** @throws AppError invalid `unknown_name` | `name_twice`, conflict `name_in_use` | `names_changed`. */
  replaceList(actor: Actor, kind: 'area_level' | 'category', { seen, items }: NameListRequest): Promise<NamesResponse> {
    return this.#change(actor, kind, (before) => {
      requireSeen(seen, entries(before));
      return items.map(({ code, ...item }, position) => {
        if (code !== null && !before.some((row) => row.code === code)) {
          throw new AppError('invalid', 'unknown_name', `no ${kind} has the code`);
        }
        return { code: code ?? newId(), ...item, position };
      });
    });
  }

  async #change(actor: Actor, kind: NameKind, next: (before: NameRow[]) => NameRow[]): Promise<NamesResponse> {
    if (actor.scope.areaId !== null) {
      throw new AppError('forbidden', 'outside_area', 'names belong to the whole system');
    }
    await this.#deps.database.write(async (manager) => {
      const before = await this.#deps.lists[kind].list(manager);
      const after = next(before);
      if (kind !== 'report_text') checkDistinct(after);
      await this.#store(manager, actor, kind, before, after);
    });
    return this.all();
  }

  async #store(manager: Transaction, actor: Actor, kind: NameKind, before: NameRow[], after: NameRow[]) {
    const list = this.#deps.lists[kind];
    const record = (action: AuditEntry['action'], row: NameRow, details: Record<string, unknown>) =>
      this.#deps.audit.record(
        actor,
        { action, subjectType: kind, subjectId: row.code, subjectName: row.vi || row.code, areaId: null, details },
        manager,
      );
    for (const row of before) {
      if (after.some(({ code }) => code === row.code)) continue;
      const count = await list.usesOf(manager, row.code);
      if (count > 0) {
        throw new AppError('conflict', 'name_in_use', `${count} rows bear ${row.code}`, {
          details: { name: row.vi, count },
        });
      }
      await list.delete(manager, row.code);
      await record('name.delete', row, { before: facts(row) });
    }
    for (const row of after) {
      const old = before.find(({ code }) => code === row.code);
      if (old === undefined) {
        await list.insert(manager, row);
        await record('name.create', row, { after: facts(row) });
      } else if (JSON.stringify(facts(old)) !== JSON.stringify(facts(row))) {
        await list.update(manager, row);
        await record('name.update', old, { before: facts(old), after: facts(row) });
      }
    }
  }
}

const entries = (rows: readonly NameRow[] = []) => rows.map(({ code, vi, en, retired }) => ({ code, vi, en, retired }));

function textsOf(rows: readonly NameRow[] = []): NamesResponse['report'] {
  return orderedTexts(
    Object.fromEntries(reportTextKeys.map((key) => [key, rows.find(({ code }) => code === key) ?? { vi: '', en: '' }])),
  );
}

function orderedTexts(texts: Readonly<Record<string, { vi: string; en: string }>>): NamesResponse['report'] {
  return Object.fromEntries(
    reportTextKeys.map((key) => [key, { vi: texts[key]?.vi ?? '', en: texts[key]?.en ?? '' }]),
  ) as NamesResponse['report'];
}

/** What somebody else saved since the page was loaded is not overwritten unawares. */
function requireSeen(seen: unknown, now: unknown): void {
  if (seen !== undefined && JSON.stringify(seen) !== JSON.stringify(now)) {
    throw new AppError('conflict', 'names_changed', 'somebody else changed these names meanwhile');
  }
}

function facts({ vi, en, position, retired }: NameRow): Record<string, unknown> {
  return { vi, en, position: position + 1, retired };
}

/** Two entries of one name could not be told apart where they are chosen. */
function checkDistinct(rows: readonly NameRow[]): void {
  for (const language of ['vi', 'en'] as const) {
    const seen = new Set<string>();
    for (const row of rows) {
      const word = `${row[language].normalize('NFC').toLocaleLowerCase('vi')} ${row.retired}`;
      if (seen.has(word)) {
        throw new AppError('invalid', 'name_twice', 'two entries have the same name', {
          details: { name: row[language] },
        });
      }
      seen.add(word);
    }
  }
}
