import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipEntity } from '../console/evidence/clip.entity.js';
import { consoleMigrations } from '../console/console.schema.js';
import { auditRecordEntity } from '../console/audit/audit-record.entity.js';
import { takeDataDir } from '../data-dir.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { takeLockFile } from '../platform/db/lock-file.js';
import { loadConfig } from '../config.js';
import { backupBeforeMigrating } from './backup-before-migrating.js';
import { readManifest, writeManifest } from './backup-manifest.js';
import { backupsIn } from './backup-rotation.js';
import { openConsoleDatabase, pairsIn, secretWords, TestInstallation } from './backup.test-harness.js';
import { makeBackup } from './make-backup.js';
import { recordRestore } from './record-restore.js';
import { restoreBackup } from './restore-backup.js';
import { refuseUnfinishedRestore, restoreMarker } from './restore-marker.js';

let made: TestInstallation;
beforeAll(async () => {
  made = await TestInstallation.make();
});
afterAll(() => made?.remove());

const filesUnder = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};
/** Names and contents of everything in a folder. */
const contentOf = async (folder: string) => {
  const files = (await filesUnder(folder)).filter((path) => !path.endsWith('console-lock.sqlite')).sort();
  return Promise.all(files.map(async (path) => [path, (await readFile(path)).toString('latin1')]));
};

describe('a backup on SQLite', () => {
  it('made while changes are written holds everything acknowledged before it, and no half of anything', async () => {
    for (let index = 0; index < 200; index += 1) await made.write('x'.repeat(20_000));
    const before = Math.max(...(await pairsIn(made.database)));
    let isBackedUp = false;
    let meanwhile = 0;
    const writing = (async () => {
      while (!isBackedUp) {
        await made.write('y'.repeat(20_000));
        meanwhile += 1;
        await new Promise((resolve) => setImmediate(resolve)); // as a console does between two requests
      }
    })();
    const { folder, manifest } = await makeBackup(made.backup(await made.folder()));
    isBackedUp = true;
    await writing;
    expect(meanwhile).toBeGreaterThan(3);
    expect(manifest.objects).toHaveLength(2);
    expect(manifest.objectsMissing.concat(manifest.objectsDamaged)).toEqual([]);

    const target = await made.folder();
    await restoreBackup(made.restore(folder, target));
    const restored = await openConsoleDatabase(target, undefined);
    const pairs = await pairsIn(restored);
    expect(pairs.slice(0, before)).toEqual(Array.from({ length: before }, (_, index) => index + 1));
    for (const { id } of await restored.read.find(clipEntity)) {
      const [now, then] = [target, made.dataDir].map((dir) => readFile(join(dir, `objects/clips/${id}/0.mp4`)));
      expect((await now!).equals(await then!)).toBe(true);
    }
    await restored.close();
    for (const name of ['secret.key', 'recorder-token']) {
      expect(await readFile(join(target, 'keys', name))).toEqual(await readFile(join(made.dataDir, 'keys', name)));
    }
  });

  it('is for its owner only', async () => {
    const { folder } = await makeBackup(made.backup(await made.folder()));
    for (const path of await filesUnder(folder)) expect(((await stat(path)).mode & 0o077).toString(8)).toBe('0');
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  it('has its name only when it is whole, and clears away what was cut off', async () => {
    const to = await made.folder();
    await mkdir(join(to, '.choi-canh-2020.partial/keys'), { recursive: true });
    await mkdir(join(to, 'photos of somebody'));
    await makeBackup(made.backup(to));
    expect((await readdir(to)).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect(existsSync(join(to, 'photos of somebody'))).toBe(true);

    const failing = made.backup(to, { config: { ...made.config(), SECRET_KEY_FILE: join(to, 'is not there') } });
    await expect(makeBackup(failing)).rejects.toThrow(/ENOENT/);
    expect(await backupsIn(to)).toHaveLength(1);
    expect((await readdir(to)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('keeps so many as were asked for, and shares files of evidence with the one before', async () => {
    const to = await made.folder();
    for (let index = 0; index < 4; index += 1) await makeBackup(made.backup(to, { keep: 2 }));
    await makeBackup(made.backup(to, { keep: 1, purpose: 'migration' }));
    const kept = await backupsIn(to);
    expect(kept.map(({ manifest }) => manifest.purpose)).toEqual(['regular', 'regular', 'migration']);
    const [object] = kept[1]!.manifest.objects;
    const [one, other] = await Promise.all(kept.slice(0, 2).map(({ folder }) => stat(join(folder, object!.path))));
    expect(one!.ino).toBe(other!.ino);
    expect(kept[2]!.manifest.objects).toEqual([]);
  });

  it('is not made twice at once', async () => {
    const to = await made.folder();
    const release = await takeLockFile(join(to, 'backup-lock.sqlite'));
    await expect(makeBackup(made.backup(to))).rejects.toMatchObject({ code: 'backup_under_way' });
    release?.();
    await makeBackup(made.backup(to));
  });

  it('names evidence that is missing or not what its hash says', async () => {
    const [first, second] = (await readManifest((await makeBackup(made.backup(await made.folder()))).folder)).objects;
    const paths = [first!, second!].map(({ path }) => join(made.dataDir, path));
    const contents = await Promise.all(paths.map((path) => readFile(path)));
    await rm(paths[0]!);
    // Another file under the name: earlier backups share the old one.
    await rm(paths[1]!);
    await writeFile(paths[1]!, 'something else');
    const { manifest } = await makeBackup(made.backup(await made.folder()));
    await Promise.all(
      paths.map(async (path, index) => {
        await rm(path, { force: true });
        await writeFile(path, contents[index]!, { mode: 0o600 });
      }),
    );
    expect(manifest.objectsMissing).toEqual([first!.path.replace('objects/', '')]);
    expect(manifest.objectsDamaged).toEqual([second!.path.replace('objects/', '')]);
  });

  it('with a passphrase shows nothing, and opens with nothing else', async () => {
    const passphrase = 'một câu dài không ai đoán được';
    const { folder, manifest } = await makeBackup(made.backup(await made.folder(), { passphrase }));
    const key = await readFile(join(made.dataDir, 'keys/secret.key'), 'utf8');
    const clip = await readFile(join(made.dataDir, manifest.objects[0]!.path));
    for (const path of await filesUnder(folder)) {
      const content = await readFile(path);
      for (const secret of [secretWords, key.trim(), 'SQLite format 3', clip])
        expect(content.includes(secret)).toBe(false);
    }
    const target = await made.folder();
    const empty = await contentOf(target);
    await expect(restoreBackup(made.restore(folder, target))).rejects.toMatchObject({ code: 'passphrase_needed' });
    const wrong = made.restore(folder, target, { passphrase: 'một câu dài khác hẳn' });
    await expect(restoreBackup(wrong)).rejects.toMatchObject({ code: 'wrong_passphrase' });
    expect(await contentOf(target)).toEqual(empty);
    await restoreBackup(made.restore(folder, target, { passphrase }));
    expect(await readFile(join(target, 'keys/secret.key'), 'utf8')).toBe(key);
    expect(await readFile(join(target, manifest.objects[0]!.path))).toEqual(clip);
  });
});

describe('a restore', () => {
  let folder: string;
  beforeAll(async () => {
    ({ folder } = await makeBackup(made.backup(await made.folder())));
  });
  /** A copy of the backup that may be spoiled. */
  const copy = async () => {
    const target = join(await made.folder(), 'copy');
    for (const path of await filesUnder(folder)) {
      const to = join(target, path.slice(folder.length));
      await mkdir(join(to, '..'), { recursive: true });
      await writeFile(to, await readFile(path));
    }
    return target;
  };
  const refusal = (from: string, dataDir: string) =>
    restoreBackup(made.restore(from, dataDir)).then(
      () => 'restored',
      (error: { code: string }) => error.code,
    );

  it('refuses a backup that is damaged, not complete, of a newer version or of another database, and changes nothing', async () => {
    const target = await made.folder();
    const manifest = await readManifest(folder);
    const spoil: [string, (copied: string) => Promise<unknown>][] = [
      ['backup_damaged', (at) => flip(join(at, 'database.sqlite'))],
      ['backup_damaged', (at) => flip(join(at, manifest.objects[0]!.path))],
      ['backup_damaged', (at) => rm(join(at, 'keys/secret.key'))],
      ['backup_damaged', (at) => flip(join(at, 'manifest.json'))],
      ['no_backup', (at) => rm(join(at, 'manifest.json'))],
      [
        'database_newer',
        (at) => {
          const migrations = [...manifest.database.migrations, 'Future9999999999999'];
          return writeManifest(at, { ...manifest, database: { ...manifest.database, migrations } });
        },
      ],
      [
        'other_database',
        (at) => writeManifest(at, { ...manifest, database: { ...manifest.database, kind: 'postgres' } }),
      ],
    ];
    for (const [code, change] of spoil) {
      const copied = await copy();
      await change(copied);
      expect(await refusal(copied, target)).toBe(code);
    }
    expect(await contentOf(target)).toEqual([]);
  });

  it('refuses a manifest that leads out of the backup', async () => {
    const copied = await copy();
    const manifest = await readManifest(copied);
    await writeManifest(copied, { ...manifest, keys: [{ ...manifest.keys[0]!, path: 'keys/../../outside' }] });
    expect(await refusal(copied, await made.folder())).toBe('backup_damaged');
  });

  it('refuses a data folder that is in use by a console, or that holds an installation, unless that shall be set aside', async () => {
    const target = await made.folder();
    const release = await takeDataDir(target);
    expect(await refusal(folder, target)).toBe('data_dir_in_use');
    release();
    await restoreBackup(made.restore(folder, target));
    await writeFile(join(target, 'keys/secret.key'), 'of the one that was there');
    const before = await contentOf(target);
    expect(await refusal(folder, target)).toBe('target_not_empty');
    expect(await contentOf(target)).toEqual(before);

    const { setAside } = await restoreBackup(made.restore(folder, target, { replace: true }));
    expect(await readFile(join(setAside!, 'keys/secret.key'), 'utf8')).toBe('of the one that was there');
    expect(existsSync(join(setAside!, 'console.sqlite'))).toBe(true);
    expect(await readFile(join(target, 'keys/secret.key'))).toEqual(await readFile(join(folder, 'keys/secret.key')));
  });

  it('that is cut off keeps the console from starting, and can be done again', async () => {
    const target = await made.folder();
    await restoreBackup(made.restore(folder, target));
    await writeFile(restoreMarker(target), 'x');
    expect(() => refuseUnfinishedRestore(target)).toThrow(/run it again/);
    await restoreBackup(made.restore(folder, target));
    expect(() => refuseUnfinishedRestore(target)).not.toThrow();
  });

  it('stands in the audit trail that was restored', async () => {
    const target = await made.folder();
    const config = made.config(target);
    await restoreBackup(
      made.restore(folder, target, { restored: (manifest) => recordRestore(config, manifest, folder) }),
    );
    const database = await openConsoleDatabase(target, undefined);
    const [last] = await database.read.find(auditRecordEntity, { order: { sequence: 'DESC' }, take: 1 });
    expect(last).toMatchObject({ action: 'backup.restore', subjectName: folder });
    await database.close();
  });
});

describe('before an upgrade', () => {
  const older = consoleMigrations.slice(0, -2);
  const upgrade = (dataDir: string, env: Record<string, string> = {}) => {
    const config = loadConfig({ CHOI_CANH_DATA_DIR: dataDir, ...env });
    const deps = { config, version: '1', clock: systemClock, logger: silentLogger };
    return openConsoleDatabase(dataDir, undefined, { beforeMigrating: backupBeforeMigrating(deps) });
  };
  const old = async () => {
    const dataDir = await made.folder();
    await (await openConsoleDatabase(dataDir, undefined, { migrations: older })).close();
    return dataDir;
  };

  it('the database is saved as it was, and three such backups stay', async () => {
    const dataDir = await old();
    for (let index = 0; index < 4; index += 1) {
      await (await upgrade(dataDir)).close();
      const before = (await backupsIn(join(dataDir, 'backups'))).at(-1)!;
      expect(before.manifest.database.migrations).toHaveLength(older.length);
      // Back to the old version, as the sentence in the README says.
      await restoreBackup(made.restore(before.folder, dataDir, { replace: true }));
    }
    expect(await backupsIn(join(dataDir, 'backups'))).toHaveLength(3);
  });

  it('nothing is changed where it cannot be saved, unless that is asked for', async () => {
    const dataDir = await old();
    await writeFile(join(dataDir, 'backups'), 'a file in the place of the folder');
    const before = await contentOf(dataDir);
    const refused = upgrade(dataDir);
    await expect(refused).rejects.toMatchObject({ kind: 'precondition', code: 'no_backup_before_upgrade' });
    await expect(refused).rejects.toThrow(/Nothing was changed.*CHOI_CANH_MIGRATE_WITHOUT_BACKUP=true/);
    expect(await contentOf(dataDir)).toEqual(before);
    await (await upgrade(dataDir, { CHOI_CANH_MIGRATE_WITHOUT_BACKUP: 'true' })).close();
  });
});

async function flip(path: string): Promise<void> {
  const content = await readFile(path);
  const at = Math.floor(content.length / 2);
  content[at] = content[at]! ^ 1;
  await writeFile(path, content);
}
