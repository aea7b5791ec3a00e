import { join } from 'node:path';
import type { Config } from '../config.js';
import type { Clock } from '../lib/clock.js';
import { AppError, errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { SchemaChange } from '../platform/db/open-database.js';
import { makeBackup } from './make-backup.js';

/** So many backups before upgrades stay. */
const kept = 3;

/**
 * Saves database and keys before an upgrade changes the schema. Where that cannot be, the upgrade does not happen, and
 * the sentence says how it can: never silently without one, and never impossible.
 */
export function backupBeforeMigrating(deps: {
  config: Config;
  version: string;
  clock: Clock;
  logger: Logger;
}): (change: SchemaChange) => Promise<void> {
  const { config, logger } = deps;
  return async ({ pending }) => {
    try {
      const { folder } = await makeBackup({ ...deps, to: config.BACKUP_DIR, keep: kept, purpose: 'migration' });
      logger.info({ folder, pending }, 'the database was saved before it is upgraded');
    } catch (error) {
      if (config.MIGRATE_WITHOUT_BACKUP) {
        logger.warn(
          { err: errorMessage(error), pending },
          'the database is upgraded without a backup, as it was asked for',
        );
        return;
      }
      throw new AppError(
        'precondition',
        'no_backup_before_upgrade',
        `the database must be upgraded (${pending.join(', ')}) and could not be saved before: ${errorMessage(error)}. ` +
          `Nothing was changed. Mend that, or save it by other means and start once with CHOI_CANH_MIGRATE_WITHOUT_BACKUP=true` +
          (config.DATABASE_URL === undefined ? ` (it is ${join(config.DATA_DIR, 'console.sqlite')})` : ''),
        { cause: error },
      );
    }
  };
}
