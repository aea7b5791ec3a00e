import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { createAuditLog } from '../console/audit/audit-log.js';
import { consoleEntities, consoleMigrations } from '../console/console.schema.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import type { BackupManifest } from './backup-manifest.js';

/** Notes in the restored audit trail that there is nothing between the backup and now, and who did it. */
export async function recordRestore(
  config: Pick<Config, 'DATA_DIR' | 'DATABASE_URL'>,
  manifest: BackupManifest,
  from: string,
): Promise<void> {
  const database = await openDatabase({
    url: config.DATABASE_URL,
    sqlitePath: join(config.DATA_DIR, 'console.sqlite'),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  });
  try {
    await createAuditLog({ database, clock: systemClock }).recordNobody(
      { name: userInfo().username, address: '' },
      {
        action: 'backup.restore',
        subjectType: 'console',
        subjectId: null,
        subjectName: from,
        areaId: null,
        details: { madeAt: manifest.createdAt, version: manifest.version },
      },
    );
  } finally {
    await database.close();
  }
}
