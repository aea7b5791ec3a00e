import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { evidenceObjects, type EvidenceObject } from '../console/evidence/evidence-objects.js';
import type { Clock } from '../lib/clock.js';
import { syncFolder } from '../lib/durable-file.js';
import { AppError } from '../lib/errors.js';
import { takeLockFile } from '../platform/db/lock-file.js';
import { postgresTools, withPostgresSnapshot } from '../platform/db/postgres-tools.js';
import { readSqliteFile, snapshotSqlite } from '../platform/db/sqlite-snapshot.js';
import { copyIn, digestOf, keyOfPassphrase, linkIn, newEncryption, syncTree } from './backup-files.js';
import { writeManifest, type BackupFile, type BackupManifest } from './backup-manifest.js';
import { backupsIn, newestRegular, partialSuffix, prune } from './backup-rotation.js';

export type BackupConfig = Pick<Config, 'DATA_DIR' | 'DATABASE_URL' | 'SECRET_KEY_FILE' | 'PG_TOOLS_DIR'>;

export interface BackupOptions {
  config: BackupConfig;
  /** Folder in which the backup gets a folder of its own. */
  to: string;
  /** How many of its purpose stay there, this one included; undefined: all. */
  keep?: number | undefined;
  passphrase?: string | undefined;
  purpose: BackupManifest['purpose'];
  version: string;
  clock: Clock;
}

export interface BackupResult {
  folder: string;
  manifest: BackupManifest;
  removed: string[];
}

interface SavedDatabase {
  database: Omit<BackupManifest['database'], 'path' | 'bytes' | 'sha256'>;
  evidence: EvidenceObject[];
}

/**
 * Saves the console's database, its keys and the files of evidence, of one moment, while it runs. It is written beside
 * and gets its name at the end: what has a name is whole and on the disk. Footage is not in it.
 * @throws AppError precondition `nothing_to_back_up`, conflict `backup_under_way`, or what the database and its tools say
 */
export async function makeBackup(options: BackupOptions): Promise<BackupResult> {
  const { config, to, clock, purpose } = options;
  if (config.DATABASE_URL === undefined && !existsSync(join(config.DATA_DIR, 'console.sqlite'))) {
    throw new AppError('precondition', 'nothing_to_back_up', `there is no console database in ${config.DATA_DIR}`);
  }
  await mkdir(to, { recursive: true, mode: 0o700 });
  const release = await takeLockFile(join(to, 'backup-lock.sqlite'));
  if (release === undefined)
    throw new AppError('conflict', 'backup_under_way', `another backup is being written to ${to}`);
  try {
    await removePartial(to);
    const at = new Date(clock.nowMs());
    const name = await freeName(to, `${purpose === 'migration' ? 'before-upgrade' : 'choi-canh'}-${stampOf(at)}`);
    const partial = join(to, `.${name}${partialSuffix}`);
    await mkdir(partial, { mode: 0o700 });
    try {
      const manifest = await writeContent(partial, at, options);
      await writeManifest(partial, manifest);
      await syncTree(partial);
      await rename(partial, join(to, name));
      await syncFolder(to);
      return { folder: join(to, name), manifest, removed: await prune(to, purpose, options.keep) };
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      const { code } = error as { code?: unknown };
      if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'database_full') throw error;
      throw new AppError('unavailable', 'backup_no_space', `no room is left for a backup in ${to}`, { cause: error });
    }
  } finally {
    release();
  }
}

async function writeContent(folder: string, at: Date, options: BackupOptions): Promise<BackupManifest> {
  const { config, passphrase, purpose, version } = options;
  const encryption = passphrase === undefined ? undefined : newEncryption();
  const key = encryption && (await keyOfPassphrase(passphrase!, encryption));
  // Unencrypted it is never on the medium of the backup.
  const scratch = await mkdtemp(join(key === undefined ? folder : config.DATA_DIR, '.backup-'));
  try {
    const raw = join(scratch, 'database');
    const saved = await saveDatabase(raw, config);
    const path = saved.database.kind === 'sqlite' ? 'database.sqlite' : 'database.dump';
    const database = await moveIn(raw, { folder, path }, key);
    const keys = await saveKeys(folder, config, key);
    const objects =
      purpose === 'migration'
        ? { saved: [], missing: [], damaged: [] }
        : await saveObjects(folder, saved.evidence, options, key);
    return {
      ...{ product: 'choi-canh', format: 1, version, createdAt: at.toISOString(), purpose },
      database: { ...database, ...saved.database },
      keys,
      objects: objects.saved,
      objectsMissing: objects.missing,
      objectsDamaged: objects.damaged,
      ...(encryption === undefined ? {} : { encryption }),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function moveIn(raw: string, to: { folder: string; path: string }, key: Buffer | undefined): Promise<BackupFile> {
  if (key !== undefined) {
    const { plain: _plain, ...file } = await copyIn(raw, to, key);
    return file;
  }
  const target = join(to.folder, to.path);
  await rename(raw, target);
  await chmod(target, 0o600);
  return { path: to.path, ...(await digestOf(target)) };
}

const migrationsQuery = 'SELECT name FROM migrations ORDER BY id';
const namesOf = (rows: unknown[]) => (rows as { name: string }[]).map(({ name }) => name);

async function saveDatabase(to: string, config: BackupConfig): Promise<SavedDatabase> {
  if (config.DATABASE_URL === undefined) {
    await snapshotSqlite(join(config.DATA_DIR, 'console.sqlite'), to);
    return readSqliteFile(to, async (query) => ({
      database: { kind: 'sqlite' as const, migrations: namesOf(await query(migrationsQuery)) },
      evidence: await evidenceObjects(query),
    }));
  }
  const url = config.DATABASE_URL;
  return withPostgresSnapshot(url, async ({ major, snapshot, query }) => {
    const tools = await postgresTools(major, config.PG_TOOLS_DIR);
    await tools.dump(url, to, snapshot);
    return {
      database: { kind: 'postgres' as const, migrations: namesOf(await query(migrationsQuery)), serverMajor: major },
      evidence: await evidenceObjects(query),
    };
  });
}

/** Everything in `keys/`; a secret key that lies elsewhere comes under the name that it has there. */
async function saveKeys(
  folder: string,
  config: BackupConfig,
  key: Buffer | undefined,
): Promise<BackupManifest['keys']> {
  const keysDir = join(config.DATA_DIR, 'keys');
  const entries = await readdir(keysDir, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp')).map(({ name }) => name);
  const sources = new Map(names.map((name) => [name, join(keysDir, name)]));
  if (config.SECRET_KEY_FILE !== undefined) sources.set('secret.key', config.SECRET_KEY_FILE);
  const saved: BackupManifest['keys'] = [];
  for (const [name, source] of [...sources].sort()) {
    const { plain: _plain, ...file } = await copyIn(source, { folder, path: `keys/${name}` }, key);
    saved.push(file);
  }
  return saved;
}

async function saveObjects(folder: string, wanted: EvidenceObject[], options: BackupOptions, key: Buffer | undefined) {
  const store = join(options.config.DATA_DIR, 'objects');
  const before = key === undefined ? await newestRegular(options.to) : undefined;
  const known = new Map(before?.manifest.objects.map((file) => [file.path, file]) ?? []);
  const result = { saved: [] as BackupManifest['objects'], missing: [] as string[], damaged: [] as string[] };
  for (const { key: objectKey, sha256, bytes } of wanted) {
    const path = `objects/${objectKey}`;
    const source = join(store, objectKey);
    const earlier = known.get(path);
    // Its hash was checked when it came into the earlier backup.
    if (
      before !== undefined &&
      earlier?.sha256 === sha256 &&
      (await linkIn(join(before.folder, path), { folder, path }))
    ) {
      result.saved.push(earlier);
      continue;
    }
    if (!existsSync(source)) {
      result.missing.push(objectKey);
      continue;
    }
    if (key === undefined && (await linkIn(source, { folder, path }))) {
      const digest = await digestOf(source);
      result.saved.push({ path, ...digest });
      if (digest.sha256 !== sha256 || digest.bytes !== bytes) result.damaged.push(objectKey);
      continue;
    }
    const { plain, ...file } = await copyIn(source, { folder, path }, key);
    result.saved.push(file);
    if (plain.sha256 !== sha256 || plain.bytes !== bytes) result.damaged.push(objectKey);
  }
  return result;
}

/** What an earlier backup left that was cut off; nobody else writes here now. */
async function removePartial(to: string): Promise<void> {
  for (const name of await readdir(to)) {
    if (name.endsWith(partialSuffix)) await rm(join(to, name), { recursive: true, force: true });
  }
}

const stampOf = (at: Date) =>
  at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');

async function freeName(to: string, wanted: string): Promise<string> {
  const taken = new Set((await backupsIn(to)).map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.has(name) && (await stat(join(to, name)).catch(() => undefined)) === undefined) return name;
  }
}
