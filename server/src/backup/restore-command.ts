import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config.js';
import { systemClock } from '../lib/clock.js';
import { AppError, errorMessage } from '../lib/errors.js';
import { readPassphrase } from './passphrase.js';
import { recordRestore } from './record-restore.js';
import { restoreBackup } from './restore-backup.js';

export const restoreUsage = `npm run restore -- <backup> [options]
  Puts a backup in the place of an installation that does not run. Footage stays as it is.
  --replace                 also where there is one already: it is set aside, not deleted
  --passphrase-file <file>  of an encrypted backup; - reads standard input
Exit code: 0 restored; 1 refused or failed, in words; 2 wrong options.`;

/** `restore` of the command line. Gives the exit code. */
export async function runRestore(
  config: Config,
  args: string[],
  takeDataDir: (path: string) => Promise<() => void>,
): Promise<number> {
  const { values, positionals } = parsed(args);
  if (values.help) {
    process.stdout.write(`${restoreUsage}\n`);
    return 0;
  }
  const [from, ...more] = positionals;
  if (from === undefined || more.length > 0) {
    throw new AppError('invalid', 'bad_options', `name one backup\n\n${restoreUsage}`);
  }
  const passphraseFile = values['passphrase-file'];
  const { manifest, setAside } = await restoreBackup({
    ...{ config, from: resolve(from), replace: values.replace ?? false, clock: systemClock, takeDataDir },
    passphrase: passphraseFile === undefined ? undefined : await readPassphrase(passphraseFile),
    restored: (made) => recordRestore(config, made, resolve(from)),
  });
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  say(`Restored: what was saved on ${manifest.createdAt} by version ${manifest.version}, into ${config.DATA_DIR}`);
  if (setAside !== undefined) say(`  what was there before: ${setAside}`);
  if (manifest.purpose === 'migration')
    say('  files of evidence stayed as they were: this backup was made before an upgrade');
  for (const key of manifest.objectsMissing) say(`  not in the backup: evidence ${key}`);
  if (config.SECRET_KEY_FILE !== undefined) {
    say(`  the secret key lies in ${config.DATA_DIR}/keys/secret.key: copy it to CHOI_CANH_SECRET_KEY_FILE`);
  }
  say('Start the console now; recorders tell it what they did meanwhile.');
  return 0;
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        replace: { type: 'boolean' },
        'passphrase-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new AppError('invalid', 'bad_options', `${errorMessage(error)}\n\n${restoreUsage}`);
  }
}
