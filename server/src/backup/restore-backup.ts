import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { consoleMigrations } from '../console/console.schema.js';
import type { Clock } from '../lib/clock.js';
import { syncFolder, writeDurably } from '../lib/durable-file.js';
import { AppError } from '../lib/errors.js';
import { postgresTools, serverMajor, withPostgres } from '../platform/db/postgres-tools.js';
import { copyOut, digestOf, keyOfPassphrase } from './backup-files.js';
import { damaged, readManifest, type BackupFile, type BackupManifest } from './backup-manifest.js';
import { restoreMarker } from './restore-marker.js';

export interface RestoreOptions {
  config: Pick<Config, 'DATA_DIR' | 'DATABASE_URL' | 'SECRET_KEY_FILE' | 'PG_TOOLS_DIR'>;
  /** The backup's folder. */
  from: string;
  /** What is there now is set aside and not refused. */
  replace: boolean;
  passphrase?: string | undefined;
  clock: Clock;
  /** Takes the data folder for this process, as a console does. @throws AppError conflict `data_dir_in_use` */
  takeDataDir(path: string): Promise<() => void>;
  /** Once it is restored, before anything else may use it. */
  restored?: ((manifest: BackupManifest) => Promise<void>) | undefined;
}

export interface RestoreResult {
  manifest: BackupManifest;
  /** Where what was there before lies now; undefined where nothing was. */
  setAside: string | undefined;
}

/**
 * Puts a backup in the place of an installation. Everything is checked before anything is changed, and a restore that is
 * cut off keeps the console from starting until it is done again.
 * @throws AppError in words: `backup_damaged`, `database_newer`, `other_database`, `target_not_empty`, `database_in_use` …
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreResult> {
  const { config, from } = options;
  const manifest = await readManifest(from);
  refuseOtherDatabase(manifest, config);
  refuseNewerSchema(manifest);
  const key = await keyFor(manifest, options.passphrase);
  await verifyFiles(from, manifest);
  const release = await options.takeDataDir(config.DATA_DIR);
  try {
    const tools = config.DATABASE_URL === undefined ? undefined : await prepareServer(config.DATABASE_URL, config);
    const isUnfinished = existsSync(restoreMarker(config.DATA_DIR));
    const occupied = await whatIsThere(namesIn(manifest), config);
    if (occupied.length > 0 && !options.replace && !isUnfinished) {
      throw new AppError(
        'precondition',
        'target_not_empty',
        `there is an installation already: ${occupied.join(', ')}. With --replace it is set aside, not deleted`,
      );
    }
    // Decrypted beside first: a wrong passphrase, or a disk without room, changes nothing.
    const staged = join(config.DATA_DIR, '.restoring');
    await rm(staged, { recursive: true, force: true });
    await mkdir(staged, { recursive: true, mode: 0o700 });
    try {
      for (const file of filesOf(manifest)) {
        await copyOut({ folder: from, path: file.path }, join(staged, file.path), key);
      }
      await writeDurably(restoreMarker(config.DATA_DIR), `${from}\n`);
      const setAside = await setAsideWhatIsThere(occupied, namesIn(manifest), options, tools);
      if (tools !== undefined) await fillServer(config.DATABASE_URL!, join(staged, manifest.database.path), tools);
      await moveIn(staged, manifest, config.DATA_DIR);
      await rm(restoreMarker(config.DATA_DIR), { force: true });
      await syncFolder(config.DATA_DIR);
      await options.restored?.(manifest);
      return { manifest, setAside };
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      throw new AppError('unavailable', 'disk_full', `no room is left in ${config.DATA_DIR}`, { cause: error });
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

const filesOf = (manifest: BackupManifest): BackupFile[] => [manifest.database, ...manifest.keys, ...manifest.objects];

function refuseOtherDatabase({ database }: BackupManifest, config: RestoreOptions['config']): void {
  const wanted = config.DATABASE_URL === undefined ? 'sqlite' : 'postgres';
  if (database.kind === wanted) return;
  throw new AppError(
    'precondition',
    'other_database',
    database.kind === 'postgres'
      ? 'the backup is of a PostgreSQL database: set CHOI_CANH_DATABASE_URL to the one that shall hold it'
      : 'the backup is of an SQLite database: unset CHOI_CANH_DATABASE_URL to restore it',
  );
}

function refuseNewerSchema({ version, database }: BackupManifest): void {
  const known = consoleMigrations.map((Migration) => new Migration().name ?? Migration.name);
  const unknown = database.migrations.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new AppError(
    'precondition',
    'database_newer',
    `the backup was made by a newer version of Chòi Canh (${version}); this version does not know: ${unknown.join(', ')}`,
  );
}

async function keyFor({ encryption }: BackupManifest, passphrase: string | undefined): Promise<Buffer | undefined> {
  if (encryption === undefined) return undefined;
  if (passphrase === undefined) {
    throw new AppError('precondition', 'passphrase_needed', 'the backup is encrypted: give its passphrase');
  }
  return keyOfPassphrase(passphrase, encryption);
}

async function verifyFiles(folder: string, manifest: BackupManifest): Promise<void> {
  for (const file of filesOf(manifest)) {
    const path = join(folder, file.path);
    const size = await stat(path).then(
      (found) => found.size,
      () => -1,
    );
    if (size !== file.bytes) throw damaged(folder, file.path);
    const { sha256 } = await digestOf(path);
    if (sha256 !== file.sha256) throw damaged(folder, file.path);
  }
}

type Tools = Awaited<ReturnType<typeof postgresTools>>;

/** @throws AppError precondition `database_in_use`, `pg_dump_too_old`, `no_pg_dump` */
async function prepareServer(url: string, config: RestoreOptions['config']): Promise<Tools> {
  return withPostgres(url, async (query) => {
    const tools = await postgresTools(await serverMajor(query), config.PG_TOOLS_DIR);
    const others = await query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'`,
    );
    if (others.length === 0) return tools;
    throw new AppError(
      'precondition',
      'database_in_use',
      `${others.length} other connections use this database: stop every console that uses it, then restore`,
    );
  });
}

const databaseFiles = ['console.sqlite', 'console.sqlite-wal', 'console.sqlite-shm'];
/** What a backup puts in place; one made before an upgrade leaves the objects as they are. */
const namesIn = ({ purpose }: BackupManifest) => [
  ...databaseFiles,
  'keys',
  ...(purpose === 'migration' ? [] : ['objects']),
];

async function whatIsThere(
  names: readonly string[],
  { DATA_DIR: dataDir, DATABASE_URL: url }: RestoreOptions['config'],
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const path = join(dataDir, name);
    const entries = await readdir(path).catch(() => undefined);
    if (existsSync(path) && (entries === undefined || entries.length > 0)) found.push(name);
  }
  if (url !== undefined) {
    const tables = await withPostgres(url, (query) => query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`));
    if (tables.length > 0) found.push('the tables of the database');
  }
  return found;
}

async function setAsideWhatIsThere(
  occupied: readonly string[],
  names: readonly string[],
  { config, clock }: RestoreOptions,
  tools: Tools | undefined,
): Promise<string | undefined> {
  if (occupied.length === 0) return undefined;
  const stamp = new Date(clock.nowMs())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const folder = join(config.DATA_DIR, `before-restore-${stamp}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (tools !== undefined) await tools.dump(config.DATABASE_URL!, join(folder, 'database.dump'));
  for (const name of names) {
    if (existsSync(join(config.DATA_DIR, name))) await rename(join(config.DATA_DIR, name), join(folder, name));
  }
  await syncFolder(folder);
  await syncFolder(config.DATA_DIR);
  return folder;
}

async function fillServer(url: string, dump: string, tools: Tools): Promise<void> {
  await withPostgres(url, (query) => query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'));
  await tools.restore(url, dump);
}

async function moveIn(staged: string, manifest: BackupManifest, dataDir: string): Promise<void> {
  for (const name of namesIn(manifest).filter((one) => !databaseFiles.includes(one))) {
    await mkdir(join(staged, name), { recursive: true, mode: 0o700 });
    await rm(join(dataDir, name), { recursive: true, force: true });
    await rename(join(staged, name), join(dataDir, name));
  }
  // The database last: without it the console would begin as a new one.
  if (manifest.database.kind === 'sqlite') {
    await rename(join(staged, manifest.database.path), join(dataDir, 'console.sqlite'));
  }
  await syncFolder(dataDir);
}
