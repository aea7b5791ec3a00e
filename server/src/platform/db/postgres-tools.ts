import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { AppError, errorMessage } from '../../lib/errors.js';
import { troubleError, troubleOf } from './database-errors.js';

/** Where Debian and Ubuntu put the programs of each version; what lies in the PATH chooses by other rules than ours. */
const debianFolder = '/usr/lib/postgresql';

export interface PostgresTools {
  /** Major version of `pg_dump` and `pg_restore`. */
  major: number;
  /** Writes the database as one file in PostgreSQL's custom format. `snapshot`: of `withPostgresSnapshot`. */
  dump(url: string, to: string, snapshot?: string): Promise<void>;
  /** Fills an empty database from such a file, all or nothing. */
  restore(url: string, from: string): Promise<void>;
}

/**
 * The tools of PostgreSQL on this machine, no older than the server.
 * @param folder where they lie; default: the newest in the places where they usually are
 * @throws AppError precondition `no_pg_dump`, `pg_dump_too_old`, in words
 */
export async function postgresTools(serverMajor: number, folder?: string): Promise<PostgresTools> {
  const folders = folder === undefined ? [...(await debianFolders()), ''] : [folder];
  const found: { major: number; folder: string }[] = [];
  for (const candidate of folders) {
    const major = await majorOf(join(candidate, 'pg_dump'));
    if (major !== undefined) found.push({ major, folder: candidate });
  }
  const newest = found.sort((one, other) => other.major - one.major)[0];
  const cure = `install postgresql-client-${serverMajor} or newer, or name its folder in CHOI_CANH_PG_TOOLS_DIR`;
  if (newest === undefined) {
    throw new AppError(
      'precondition',
      'no_pg_dump',
      `pg_dump is not installed${folder ? ` in ${folder}` : ''}: ${cure}`,
    );
  }
  if (newest.major < serverMajor) {
    throw new AppError(
      'precondition',
      'pg_dump_too_old',
      `pg_dump ${newest.major} is older than the database server, PostgreSQL ${serverMajor}, and cannot save it: ${cure}`,
      { details: { toolMajor: newest.major, serverMajor } },
    );
  }
  const program = (name: string) => join(newest.folder, name);
  return {
    major: newest.major,
    dump: (url, to, snapshot) =>
      run(program('pg_dump'), url, [
        ...['--format=custom', '--no-owner', '--no-privileges', '--lock-wait-timeout=30s', `--file=${to}`],
        ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
      ]),
    restore: (url, from) =>
      run(program('pg_restore'), url, [
        ...['--no-owner', '--no-privileges', '--single-transaction', '--exit-on-error', from],
      ]),
  };
}

async function debianFolders(): Promise<string[]> {
  const versions = await readdir(debianFolder).catch(() => []);
  return versions.map((version) => join(debianFolder, version, 'bin'));
}

async function majorOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 10_000 });
    const major = /\) (\d+)/.exec(stdout)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

/** The password goes by a file that only this user may read, never by the command line or the environment. */
async function run(program: string, url: string, args: string[]): Promise<void> {
  const address = new URL(url);
  const folder = await mkdtemp(join(tmpdir(), 'choi-canh-pg-'));
  try {
    const password = decodeURIComponent(address.password).replace(/[\\:]/g, '\\$&');
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, `*:*:*:*:${password}\n`, { mode: 0o600 });
    address.password = '';
    const child = spawn(program, [...args, `--dbname=${address.href}`, '--no-password'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', PGPASSFILE: passwordFile },
    });
    // Ended with this process, so that nothing goes on that nobody waits for.
    const end = () => void child.kill('SIGTERM');
    process.once('exit', end);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    }).finally(() => process.off('exit', end));
    if (code !== 0) {
      const isFull = /No space left on device/.test(said);
      throw new AppError(
        'unavailable',
        isFull ? 'database_full' : 'postgres_tool_failed',
        said.trim() || `exit code ${code}`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface PostgresView {
  /** Major version of the server. */
  major: number;
  /** To be given to `dump`: it saves what `query` reads. */
  snapshot: string;
  query(sql: string): Promise<unknown[]>;
}

/** One moment of a database for several readers. @throws AppError unavailable (see `DatabaseTrouble`) */
export function withPostgresSnapshot<T>(url: string, work: (view: PostgresView) => Promise<T>): Promise<T> {
  return withPostgres(url, async (query) => {
    await query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [row] = (await query('SELECT pg_export_snapshot() AS snapshot')) as { snapshot: string }[];
    return work({ major: await serverMajor(query), snapshot: row!.snapshot, query });
  });
}

export async function serverMajor(query: (sql: string) => Promise<unknown[]>): Promise<number> {
  const [row] = (await query('SHOW server_version_num')) as { server_version_num: string }[];
  return Math.floor(Number(row?.server_version_num) / 10_000);
}

/** One connection of its own. @throws AppError unavailable (see `DatabaseTrouble`) */
export async function withPostgres<T>(
  url: string,
  work: (query: (sql: string) => Promise<unknown[]>) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // the query under way fails by itself
  try {
    await client.connect();
    return await work(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const trouble = troubleOf(error);
    if (trouble !== undefined) throw troubleError(trouble, error);
    throw new AppError('unavailable', 'database_unavailable', `the database refused: ${errorMessage(error)}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
