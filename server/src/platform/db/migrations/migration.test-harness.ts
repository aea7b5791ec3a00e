import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { emptyDatabase } from '../../../../../test/harness/empty-database.js';
import { silentLogger } from '../../../lib/logger.js';
import type { Database } from '../database.js';
import { openDatabase, type Migration } from '../open-database.js';

/** Opens the one database of a test with these migrations applied. */
export type OpenMigrated = (migrations: Migration[]) => Promise<Database>;
export type DatabaseKind = 'SQLite' | 'PostgreSQL';

/** A test of a migration on an empty database of each kind. */
export function onBothDatabases(title: string, check: (open: OpenMigrated, kind: DatabaseKind) => Promise<void>): void {
  it.each(['SQLite', 'PostgreSQL'] as const)(`${title}, on %s`, async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'choi-canh-migration-'));
    try {
      const where = kind === 'SQLite' ? { sqlitePath: join(folder, 'old.sqlite') } : { url: await emptyDatabase() };
      await check((migrations) => openDatabase({ ...where, entities: [], migrations, logger: silentLogger }), kind);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
