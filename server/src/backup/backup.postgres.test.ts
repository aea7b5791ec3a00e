import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDatabase } from '../../../test/harness/empty-database.js';
import { debianPostgres, startPostgres, type TestPostgres } from '../../../test/harness/postgres.js';
import { loadConfig } from '../config.js';
import { consoleMigrations } from '../console/console.schema.js';
import { clipEntity } from '../console/evidence/clip.entity.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { postgresTools } from '../platform/db/postgres-tools.js';
import { backupBeforeMigrating } from './backup-before-migrating.js';
import { backupsIn } from './backup-rotation.js';
import { openConsoleDatabase, pairsIn, TestInstallation } from './backup.test-harness.js';
import { makeBackup } from './make-backup.js';
import { recordRestore } from './record-restore.js';
import { restoreBackup } from './restore-backup.js';

describe("a backup of Debian's PostgreSQL 15 with its own tools", () => {
  let server: TestPostgres;
  let made: TestInstallation;
  beforeAll(async () => {
    server = await startPostgres({ installed: debianPostgres });
    made = await TestInstallation.make(await emptyDatabase(server.url));
  });
  afterAll(async () => {
    await made?.remove();
    await server?.stop();
  });
  const at = async (url: string) => {
    const dataDir = await made.folder();
    return { dataDir, config: made.config(dataDir, url), url };
  };

  it('holds everything acknowledged before it, and comes back into an empty database', async () => {
    for (let index = 0; index < 50; index += 1) await made.write('x'.repeat(2000));
    let isBackedUp = false;
    const writing = (async () => {
      while (!isBackedUp) await made.write('y'.repeat(2000));
    })();
    const { folder, manifest } = await makeBackup(made.backup(await made.folder()));
    isBackedUp = true;
    await writing;
    expect(manifest.database).toMatchObject({ kind: 'postgres', serverMajor: 15 });
    expect(manifest.objects).toHaveLength(2);

    const { dataDir, config, url } = await at(await emptyDatabase(server.url));
    const restored = (m: typeof manifest) => recordRestore(config, m, folder);
    await restoreBackup(made.restore(folder, dataDir, { config, restored }));
    const database = await openConsoleDatabase(dataDir, url);
    const pairs = await pairsIn(database);
    expect(pairs.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(await database.read.count(clipEntity)).toBe(2);

    // It is in use now, and not empty either.
    await expect(restoreBackup(made.restore(folder, dataDir, { config }))).rejects.toMatchObject({
      code: 'database_in_use',
    });
    await database.close();
    await expect(restoreBackup(made.restore(folder, dataDir, { config }))).rejects.toMatchObject({
      code: 'target_not_empty',
    });
    const { setAside } = await restoreBackup(made.restore(folder, dataDir, { config, replace: true }));
    expect((await readFile(join(setAside!, 'database.dump'))).subarray(0, 5).toString()).toBe('PGDMP');
    const again = await openConsoleDatabase(dataDir, url);
    expect(await again.read.count(clipEntity)).toBe(2);
    await again.close();
  });

  it('keeps the password out of command lines and environments', async () => {
    // A pg_dump that writes down how it was called.
    const tools = await mkdtemp(join(tmpdir(), 'choi-canh-tools-'));
    const noted = join(tools, 'noted');
    await writeFile(
      join(tools, 'pg_dump'),
      `#!/bin/sh\n[ "$1" = --version ] && echo 'pg_dump (PostgreSQL) 15.1' && exit\n` +
        `{ echo "$@"; env; stat -c %a "$PGPASSFILE"; } > ${noted}\nexec ${debianPostgres}/bin/pg_dump "$@"\n`,
    );
    await chmod(join(tools, 'pg_dump'), 0o755);
    const config = { ...made.config(), PG_TOOLS_DIR: tools };
    await makeBackup(made.backup(await made.folder(), { config }));
    const calling = await readFile(noted, 'utf8');
    expect(calling).toContain('--snapshot=');
    expect(calling).not.toContain(new URL(server.url).password);
    expect(calling.trim().split('\n').at(-1)).toBe('600');
    await rm(tools, { recursive: true });
  });

  it('is made before an upgrade, too', async () => {
    const { dataDir, url } = await at(await emptyDatabase(server.url));
    await (await openConsoleDatabase(dataDir, url, { migrations: consoleMigrations.slice(0, -1) })).close();
    const config = loadConfig({ CHOI_CANH_DATA_DIR: dataDir, CHOI_CANH_DATABASE_URL: url });
    const deps = { config, version: '1', clock: systemClock, logger: silentLogger };
    await (await openConsoleDatabase(dataDir, url, { beforeMigrating: backupBeforeMigrating(deps) })).close();
    const [only] = await backupsIn(config.BACKUP_DIR);
    expect(only?.manifest).toMatchObject({ purpose: 'migration', database: { kind: 'postgres' } });
  });
});

describe('tools that are older than the server', () => {
  let url: string;
  beforeAll(async () => {
    url = await emptyDatabase();
  });

  it('are refused in words, before anything is written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'choi-canh-tools-'));
    await (await openConsoleDatabase(folder, url, { migrations: consoleMigrations.slice(0, -1) })).close();
    const tools = join(debianPostgres, 'bin');
    const env = { CHOI_CANH_DATA_DIR: folder, CHOI_CANH_DATABASE_URL: url, CHOI_CANH_PG_TOOLS_DIR: tools };
    const config = loadConfig(env);
    const refused = makeBackup({ config, to: config.BACKUP_DIR, purpose: 'regular', version: '1', clock: systemClock });
    await expect(refused).rejects.toMatchObject({ kind: 'precondition', code: 'pg_dump_too_old' });
    await expect(refused).rejects.toThrow(
      /pg_dump 15 is older than the database server, PostgreSQL 18.*postgresql-client-18/,
    );

    // An upgrade does not happen without a backup, and is not impossible.
    const upgrade = (asked: Record<string, string>) => {
      const deps = { config: loadConfig({ ...env, ...asked }), version: '1', clock: systemClock, logger: silentLogger };
      return openConsoleDatabase(folder, url, { beforeMigrating: backupBeforeMigrating(deps) });
    };
    await expect(upgrade({})).rejects.toMatchObject({ code: 'no_backup_before_upgrade' });
    await (await upgrade({ CHOI_CANH_MIGRATE_WITHOUT_BACKUP: 'true' })).close();
    await rm(folder, { recursive: true });
  });

  it('and missing ones are named with what to install', async () => {
    await expect(postgresTools(18, '/nowhere')).rejects.toMatchObject({ code: 'no_pg_dump' });
    await expect(postgresTools(18, '/nowhere')).rejects.toThrow(/install postgresql-client-18/);
  });
});
