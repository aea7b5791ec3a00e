import { indexedWords } from '../../lib/search-words.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { SearchTerm } from './incident-search.js';
import type { IncidentRow } from './incident.entity.js';

/** Marks in the index that no word equals or begins: a digit before a letter. */
const markOf = {
  state: (state: string) => `0s${state.replaceAll('_', '')}`,
  category: (code: string) => `0c${Buffer.from(code).toString('hex')}`,
  area: (id: string) => `0a${id.replaceAll('-', '')}`,
};

/** What a search is narrowed by besides its words. */
export interface TextFilter {
  state?: string | undefined;
  category?: string | undefined;
  areaIds?: readonly string[] | undefined;
}

/**
 * The text index of incidents, an FTS5 table on SQLite and a GIN index of a tsvector on PostgreSQL. Both know the
 * incident by its order key and hold the same words: those of its texts, folded, and marks of its state, category and area.
 */
export class IncidentTexts {
  readonly #kind: Database['kind'];

  constructor(kind: Database['kind']) {
    this.#kind = kind;
  }

  async put(manager: Transaction, row: IncidentRow): Promise<void> {
    const words = [
      ...indexedWords(`${row.number} ${row.title} ${row.place}`, `${row.description} ${row.outcome}`),
      markOf.state(row.state),
      markOf.category(row.category),
      markOf.area(row.areaId),
    ];
    await (this.#kind === 'sqlite'
      ? manager.query('INSERT INTO incident_text (rowid, words) VALUES (?, ?)', [row.orderKey, words.join(' ')])
      : manager.query('INSERT INTO incident_text (order_key, words) VALUES ($1, array_to_tsvector($2::text[]))', [
          row.orderKey,
          words,
        ]));
  }

  async remove(manager: Transaction, orderKey: number): Promise<void> {
    await (this.#kind === 'sqlite'
      ? manager.query('DELETE FROM incident_text WHERE rowid = ?', [orderKey])
      : manager.query('DELETE FROM incident_text WHERE order_key = $1', [orderKey]));
  }

  /** The search as the index reads it: every term is met by a word, or by the mark of what is named so. */
  match(terms: readonly SearchTerm[], filter: TextFilter): string {
    const [and, or] = this.#kind === 'sqlite' ? [' AND ', ' OR '] : [' & ', ' | '];
    const groups = terms.map(({ text, prefix, categories, states, areaIds }) => [
      this.#word(text, prefix),
      ...[...states.map(markOf.state), ...categories.map(markOf.category), ...areaIds.map(markOf.area)].map((mark) =>
        this.#word(mark),
      ),
    ]);
    if (filter.state !== undefined) groups.push([this.#word(markOf.state(filter.state))]);
    if (filter.category !== undefined) groups.push([this.#word(markOf.category(filter.category))]);
    if (filter.areaIds !== undefined) groups.push(filter.areaIds.map((id) => this.#word(markOf.area(id))));
    return groups.map((group) => `(${group.join(or)})`).join(and);
  }

  /** Words are letters or digits and marks are both, so quotes hold them. */
  #word(text: string, prefix = false): string {
    return this.#kind === 'sqlite' ? `"${text}"${prefix ? '*' : ''}` : `'${text}'${prefix ? ':*' : ''}`;
  }
}
