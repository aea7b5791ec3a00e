import type { auditQuery, AuditRecordResponse } from '@choi-canh/shared/audit';
import { instantFromMs, msFromInstant } from '@choi-canh/shared/common';
import type { z } from 'zod';
import type { AreaScope, AuditEntry, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { AuditRecordRow } from './audit-record.entity.js';
import { AuditRepository } from './audit.repository.js';

/** Somebody who is not signed in, e.g. at a failed sign-in. */
export interface Nobody {
  /** The name they gave. */
  name: string;
  address: string;
}

export interface AuditLog extends AuditWriter {
  recordNobody(nobody: Nobody, entry: AuditEntry, transaction?: unknown): Promise<void>;
  /** Newest first; only what concerns the scope's areas. */
  page(
    scope: AreaScope,
    query: z.output<typeof auditQuery>,
  ): Promise<{ items: AuditRecordResponse[]; nextCursor: string | null }>;
}

const MAX_DETAILS_CHARS = 20_000;
const MAX_TEXT_CHARS = 500;

/** Who did what, when, to what and why. Records are written in the transaction of the deed they tell of. */
export function createAuditLog({
  database,
  clock,
  namesOf = () => Promise.resolve(new Map()),
}: {
  database: Database;
  clock: Clock;
  /** What these ids are called, where the scope may know; ids of anything else are left out. */
  namesOf?: (scope: AreaScope, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
}): AuditLog {
  const repository = new AuditRepository(database);

  const append = (
    who: Pick<AuditRecordRow, 'accountId' | 'accountName' | 'sessionId' | 'address'>,
    entry: AuditEntry,
    transaction: unknown,
  ) =>
    repository.append(
      {
        ...who,
        id: newId(),
        at: clock.nowMs(),
        action: entry.action,
        areaId: entry.areaId,
        subjectType: entry.subjectType,
        subjectId: entry.subjectId,
        subjectName: entry.subjectName.slice(0, MAX_TEXT_CHARS),
        purpose: (entry.purpose ?? '').slice(0, MAX_TEXT_CHARS),
        details: bounded(entry.details ?? {}),
      },
      transaction as Transaction | undefined,
    );

  return {
    record: ({ accountId, name, sessionId, address }, entry, transaction) =>
      append({ accountId, accountName: name, sessionId, address }, entry, transaction),

    recordNobody: ({ name, address }, entry, transaction) =>
      append({ accountId: null, accountName: name, sessionId: null, address }, entry, transaction),

    page: async (scope, query) => {
      const rows = await repository.page(scope, {
        fromMs: query.from === undefined ? undefined : msFromInstant(query.from),
        toMs: query.to === undefined ? undefined : msFromInstant(query.to),
        accountId: query.accountId,
        action: query.action,
        subjectId: query.subjectId,
        beforeSequence: query.cursor === undefined ? undefined : readCursor(query.cursor),
        limit: query.limit + 1,
      });
      const shown = rows.slice(0, query.limit);
      const last = shown.at(-1);
      const idsOf = new Map(shown.map((row) => [row, idsIn(row.details)]));
      const names = await namesOf(scope, [...new Set([...idsOf.values()].flat())]);
      return {
        items: shown.map((row) =>
          toResponse(row, Object.fromEntries((idsOf.get(row) ?? []).flatMap((id) => nameEntry(names, id)))),
        ),
        nextCursor: rows.length > query.limit && last !== undefined ? String(last.sequence) : null,
      };
    },
  };
}

function readCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new AppError('invalid', 'bad_cursor', 'not a cursor of this list');
  return Number(cursor);
}

/** A record is never lost for being too long; what is too long is left out and said so. */
function bounded(details: Record<string, unknown>): Record<string, unknown> {
  return JSON.stringify(details).length <= MAX_DETAILS_CHARS
    ? details
    : { truncated: true, keys: Object.keys(details) };
}

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Ids of one record that are looked up; details are bounded, and their lists are of cameras. */
const MAX_IDS = 50;

/** Every id in the details, wherever it stands. */
function idsIn(details: unknown): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (found.size >= MAX_IDS) return;
    if (typeof value === 'string' && idPattern.test(value)) found.add(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(details);
  return [...found];
}

function nameEntry(names: ReadonlyMap<string, string>, id: string): [string, string][] {
  const name = names.get(id);
  return name === undefined ? [] : [[id, name]];
}

function toResponse(row: AuditRecordRow, names: Record<string, string>): AuditRecordResponse {
  const { sequence: _sequence, sessionId: _sessionId, at, ...rest } = row;
  return { ...rest, at: instantFromMs(at), names };
}
