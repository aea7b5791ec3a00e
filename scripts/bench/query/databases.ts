/** Both kinds of console database with years of data in them, kept between runs. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Client } from 'pg';
import { consoleEntities, consoleMigrations } from '../../../server/src/console/console.schema.js';
import { createPasswords } from '../../../server/src/console/auth/passwords.js';
import { sealToken } from '../../../server/src/console/recorders/recorder-token.js';
import { silentLogger } from '../../../server/src/lib/logger.js';
import { createSecretBox } from '../../../server/src/lib/secret-box.js';
import { Names1763769600007 } from '../../../server/src/platform/db/migrations/0007-names.js';
import { openDatabase } from '../../../server/src/platform/db/open-database.js';
import { startPostgres } from '../../../test/harness/postgres.js';
import type { Bench } from '../lib/bench.js';
import { idOf, type DatasetSize } from './dataset.js';
import { seedPassword, seedSteps, type DatabaseKind, type SeedSecrets, type SeedStep } from './seed-sql.js';

export const recorderToken = 'bench-recorder-token-0123456789';
/** A year of 5,000 cameras' intervals is most of it. */
const bytesOfInterval = 420;

export interface FilledDatabase {
  readonly kind: DatabaseKind;
  /** The console's data folder, with its key and, on SQLite, its database. */
  readonly dataDir: string;
  readonly url: string | undefined;
  run(sql: string): Promise<void>;
  rows<T>(sql: string): Promise<T[]>;
  /** Process of the server, where there is one. */
  serverPid(): Promise<number | undefined>;
}

interface Connection {
  run(sql: string): Promise<void>;
  rows<T>(sql: string): Promise<T[]>;
  close(): Promise<void>;
}

/** Opens, brings up to date and fills what is not filled yet. */
export async function filledDatabase(
  bench: Bench,
  kind: DatabaseKind,
  cache: string,
  size: DatasetSize,
): Promise<FilledDatabase> {
  const folder = join(cache, `${kind}-${Object.values(size).join('-')}`);
  const dataDir = join(folder, 'console');
  await mkdir(join(dataDir, 'keys'), { recursive: true });
  for (const path of [cache, folder]) await chmod(path, 0o755);
  const keyFile = join(dataDir, 'keys/secret.key');
  if (!existsSync(keyFile)) await writeFile(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  let url: string | undefined;
  if (kind === 'postgres') {
    const server = await startPostgres({
      keepIn: join(folder, 'server'),
      settings: { shared_buffers: '256MB', max_connections: '60', maintenance_work_mem: '512MB', max_wal_size: '4GB' },
    });
    bench.onEnd('PostgreSQL', () => server.stop());
    url = server.url;
  }
  const sqlitePath = join(dataDir, 'console.sqlite');
  const connection = kind === 'sqlite' ? sqlite(sqlitePath) : await postgres(url as string);
  bench.onEnd('connection', () => connection.close());
  const migrate = async (migrations: typeof consoleMigrations) => {
    const startedAtMs = performance.now();
    const entities = consoleEntities;
    await (await openDatabase({ url, sqlitePath, entities, migrations, logger: silentLogger })).close();
    const tookMs = performance.now() - startedAtMs;
    if (tookMs > 2000) bench.say(`  ${kind}: migrated in ${(tookMs / 1000).toFixed(1)} s`);
  };
  const steps = seedSteps(kind, size, await secretsOf(keyFile, size));
  const done = await doneSteps(connection);
  if (steps.some(({ name }) => !done.has(name))) {
    // It is filled as an older version left it, and every later migration runs on years of data, as it does for people.
    await migrate(consoleMigrations.slice(0, consoleMigrations.indexOf(Names1763769600007) + 1));
    await fill(bench, kind, connection, size, steps);
  }
  await migrate(consoleMigrations);
  return {
    ...{ kind, dataDir, url },
    run: (sql) => connection.run(sql),
    rows: (sql) => connection.rows(sql),
    serverPid: async () =>
      kind === 'sqlite'
        ? undefined
        : Number((await readFile(join(folder, 'server/data/postmaster.pid'), 'utf8')).split('\n')[0]),
  };
}

/** Parts of the seed that the database has; none where it is new. */
async function doneSteps(connection: Connection): Promise<Set<string>> {
  const rows = await connection.rows<{ name: string }>('SELECT name FROM bench_seed').catch(() => []);
  return new Set(rows.map(({ name }) => name));
}

async function secretsOf(keyFile: string, size: DatasetSize): Promise<SeedSecrets> {
  const box = createSecretBox(Buffer.from((await readFile(keyFile, 'utf8')).trim(), 'hex'));
  return {
    passwordHash: await createPasswords().hash(seedPassword),
    tokenBoxes: Array.from({ length: size.recorders }, (_, index) =>
      sealToken(box, idOf.recorder(index), recorderToken),
    ),
    passwordBoxOf: (camera) => box.seal('mat-khau-camera', `camera:${idOf.camera(camera)}`),
  };
}

async function fill(
  bench: Bench,
  kind: DatabaseKind,
  connection: Connection,
  size: DatasetSize,
  all: readonly SeedStep[],
): Promise<void> {
  await connection.run('CREATE TABLE IF NOT EXISTS bench_seed (name varchar(100) PRIMARY KEY)');
  const done = await doneSteps(connection);
  const steps = all.filter(({ name }) => !done.has(name));
  bench.needBytes(size.cameras * size.intervals * bytesOfInterval);
  const startedAtMs = performance.now();
  for (const { name, statements } of steps) {
    if (bench.signal.aborted) throw bench.signal.reason as Error;
    const entered = `INSERT INTO bench_seed (name) VALUES ('${name}')`;
    // VACUUM runs in no transaction; it may run twice.
    const isAlone = statements.some((sql) => sql.startsWith('VACUUM'));
    if (!isAlone) await connection.run('BEGIN');
    for (const sql of statements) await connection.run(sql);
    await connection.run(entered);
    if (!isAlone) await connection.run('COMMIT');
    bench.say(`  ${kind}: ${name} (${((performance.now() - startedAtMs) / 1000).toFixed(0)} s)`);
  }
}

function sqlite(path: string): Connection {
  const database = new Sqlite(path);
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -400000');
  return {
    run: (sql) => Promise.resolve(void database.exec(sql)),
    rows: async <T>(sql: string) => database.prepare(sql).all() as T[],
    close: () => Promise.resolve(void database.close()),
  };
}

async function postgres(url: string): Promise<Connection> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    run: async (sql) => void (await client.query(sql)),
    rows: async <T>(sql: string) => (await client.query(sql)).rows as T[],
    close: () => client.end(),
  };
}
