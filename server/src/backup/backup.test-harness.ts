import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clipResponse } from '@choi-canh/shared/evidence';
import { auditRecordEntity } from '../console/audit/audit-record.entity.js';
import { CasesHarness, eventually } from '../console/cases.test-harness.js';
import { consoleEntities, consoleMigrations } from '../console/console.schema.js';
import { takeDataDir } from '../data-dir.js';
import { systemClock } from '../lib/clock.js';
import { newId } from '../lib/ids.js';
import { silentLogger } from '../lib/logger.js';
import type { Database } from '../platform/db/database.js';
import { openDatabase, type OpenDatabaseOptions } from '../platform/db/open-database.js';
import type { BackupOptions } from './make-backup.js';
import type { RestoreOptions } from './restore-backup.js';

/** Something that must be nowhere in an encrypted backup. */
export const secretWords = 'Nhân chứng Nguyễn Văn Bí Mật';

export const openConsoleDatabase = (
  dataDir: string,
  url: string | undefined,
  more: Partial<OpenDatabaseOptions> = {},
): Promise<Database> =>
  openDatabase({
    url,
    sqlitePath: join(dataDir, 'console.sqlite'),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
    ...more,
  });

/** An installation as a console leaves it: database, keys, and two clips with their files. */
export class TestInstallation {
  readonly #url: string | undefined;
  readonly #cases: CasesHarness;
  #pair = 0;
  #folders: string[] = [];

  private constructor(url: string | undefined) {
    this.#url = url;
    this.#cases = new CasesHarness(() => openConsoleDatabase(this.dataDir, url));
  }

  static async make(url?: string): Promise<TestInstallation> {
    const made = new TestInstallation(url);
    await made.#cases.start();
    await mkdir(join(made.dataDir, 'keys'), { mode: 0o700 });
    for (const name of ['secret.key', 'recorder-token']) {
      await writeFile(join(made.dataDir, 'keys', name), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    }
    const area = await made.#cases.area('Chí Đám');
    const camera = await made.#cases.camera(area);
    const officer = made.#cases.actor('commune_officer', area);
    const range = {
      from: new Date(Date.now() - 600_000).toISOString(),
      to: new Date(Date.now() - 300_000).toISOString(),
    };
    made.#cases.recorder.coverages.set(camera.id, {
      ...{
        cameraId: camera.id,
        recorded: [{ ...range, timeSource: 'rtcp' }],
        oldestAt: range.from,
        newestAt: range.to,
      },
    });
    const incident = await made.#cases.incident(officer, area, { place: secretWords });
    for (let index = 0; index < 2; index += 1) {
      const clip = await officer.post(`/api/incidents/${incident.id}/clips`, clipResponse, {
        cameraId: camera.id,
        ...range,
      });
      await eventually('the clip is cut', async () => {
        const now = await officer.get(`/api/clips/${clip.id}`, clipResponse);
        return now.state === 'done';
      });
    }
    await made.#cases.stopConsole();
    return made;
  }

  get dataDir(): string {
    return this.#cases.folder;
  }
  get database(): Database {
    return this.#cases.db;
  }

  /** Two audit records in one transaction: a torn copy would have one of them. Gives their number. */
  async write(text = ''): Promise<number> {
    const pair = ++this.#pair;
    await this.database.write(async (manager) => {
      const last = Number((await manager.maximum(auditRecordEntity, 'sequence')) ?? 0);
      for (const half of [1, 2]) {
        await manager.insert(auditRecordEntity, {
          ...{ sequence: last + half, id: newId(), at: pair, accountId: null, accountName: 'A', sessionId: null },
          ...{ action: 'name.create', areaId: null, subjectType: 'pair', subjectId: null, subjectName: String(pair) },
          ...{ purpose: '', details: { text } as never, address: '' },
        });
      }
    });
    return pair;
  }

  config(dataDir = this.dataDir, url = this.#url) {
    return { DATA_DIR: dataDir, DATABASE_URL: url, SECRET_KEY_FILE: undefined, PG_TOOLS_DIR: undefined };
  }

  backup(to: string, more: Partial<BackupOptions> = {}): BackupOptions {
    return { config: this.config(), to, purpose: 'regular', version: '1.2.3', clock: systemClock, ...more };
  }

  restore(from: string, dataDir: string, more: Partial<RestoreOptions> = {}): RestoreOptions {
    return { config: this.config(dataDir), from, replace: false, clock: systemClock, takeDataDir, ...more };
  }

  async folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'choi-canh-backup-'));
    this.#folders.push(made);
    return made;
  }

  async remove(): Promise<void> {
    await this.#cases.recorder.stop();
    await this.#cases.db.close();
    for (const folder of [...this.#folders, this.dataDir]) await rm(folder, { recursive: true, force: true });
  }
}

/** Numbers of the pairs that a database holds; throws for half a pair. */
export async function pairsIn(database: Database): Promise<number[]> {
  const rows = await database.read.find(auditRecordEntity, {
    where: { subjectType: 'pair' },
    order: { sequence: 'ASC' },
  });
  const numbers = [...new Set(rows.map(({ at }) => at))];
  if (numbers.length * 2 !== rows.length) throw new Error('half a transaction');
  return numbers;
}
