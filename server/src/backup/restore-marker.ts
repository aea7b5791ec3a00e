import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../lib/errors.js';

/** While this file is there, a restore has begun and not ended. */
export const restoreMarker = (dataDir: string): string => join(dataDir, 'restore-unfinished');

/** @throws AppError precondition `restore_unfinished` */
export function refuseUnfinishedRestore(dataDir: string): void {
  if (!existsSync(restoreMarker(dataDir))) return;
  throw new AppError(
    'precondition',
    'restore_unfinished',
    `a restore into ${dataDir} was cut off: run it again (npm run restore); what was there before is kept beside`,
  );
}
