import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config.js';
import { systemClock } from '../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../lib/errors.js';
import { readBackupStatus, writeBackupStatus } from './backup-status.js';
import { makeBackup, type BackupResult } from './make-backup.js';
import { readPassphrase } from './passphrase.js';
import { sizeInWords } from './size-in-words.js';

export const backupUsage = `npm run backup -- [options]
  Saves database, keys and files of evidence while the console runs. Footage is not in it.
  --to <folder>             where it gets a folder of its own; default CHOI_CANH_BACKUP_DIR
  --keep <n>                how many stay there, this one included; default all
  --passphrase-file <file>  encrypts everything; - reads standard input
Exit code: 0 saved; 1 not saved; 2 wrong options; 3 saved, but evidence was missing or damaged before.`;

/** `backup` of the command line. Gives the exit code. */
export async function runBackup(config: Config, args: string[], version: string): Promise<number> {
  const options = await readOptions(args);
  if (options === undefined) return help();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const status = await readBackupStatus(config.DATA_DIR);
  let result: BackupResult;
  try {
    result = await makeBackup({
      ...{ config, version, clock: systemClock, purpose: 'regular', to: resolve(options.to ?? config.BACKUP_DIR) },
      keep: options.keep,
      passphrase: options.passphrase,
    });
  } catch (error) {
    const reason = isAppError(error) ? error.code : 'internal';
    const at = new Date(systemClock.nowMs()).toISOString();
    // The console says it too. On a full disk there is no room even for that, and the overdue backup is what it says.
    if (reason !== 'nothing_to_back_up' && reason !== 'backup_under_way') {
      await writeBackupStatus(config.DATA_DIR, { ...status, failure: { at, reason } }).catch((cause: unknown) => {
        process.stderr.write(`The failure could not be noted: ${errorMessage(cause)}\n`);
      });
    }
    throw error;
  }
  const { folder, manifest, removed } = result;
  await writeBackupStatus(config.DATA_DIR, { lastSuccess: { at: manifest.createdAt, folder } });
  say(`Backup: ${folder}`);
  say(`  database ${sizeInWords(manifest.database.bytes)} (${manifest.database.kind}), ${manifest.keys.length} keys`);
  say(`  evidence ${manifest.objects.length} files${manifest.encryption === undefined ? '' : '; all encrypted'}`);
  for (const old of removed) say(`  removed ${old}`);
  for (const key of manifest.objectsMissing) process.stderr.write(`  MISSING evidence: ${key}\n`);
  for (const key of manifest.objectsDamaged)
    process.stderr.write(`  DAMAGED evidence: ${key} is not what its hash says\n`);
  return manifest.objectsMissing.length + manifest.objectsDamaged.length === 0 ? 0 : 3;
}

function help(): number {
  process.stdout.write(`${backupUsage}\n`);
  return 0;
}

/** Undefined: only the help was asked for. @throws AppError invalid `bad_options` */
async function readOptions(args: string[]) {
  const { values } = parsed(args);
  if (values.help) return undefined;
  const keep = values.keep === undefined ? undefined : Number(values.keep);
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1)) {
    throw new AppError('invalid', 'bad_options', '--keep must be a whole number of at least 1');
  }
  const passphrase = values['passphrase-file'] && (await readPassphrase(values['passphrase-file']));
  return { to: values.to, keep, passphrase: passphrase || undefined };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        to: { type: 'string' },
        keep: { type: 'string' },
        'passphrase-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new AppError('invalid', 'bad_options', `${errorMessage(error)}\n\n${backupUsage}`);
  }
}
