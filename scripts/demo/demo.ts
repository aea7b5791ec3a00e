import { mkdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiClient } from '../lib/api-client.js';
import { folderBytes } from '../lib/folder-bytes.js';
import { startSimulatorProcess, type SimulatedCamera } from '../lib/simulator-process.js';
import { loadAccounts } from './accounts-file.js';
import { ManagedChild } from '../lib/child.js';
import { demoKinds } from './demo-kinds.js';
import { addCameras, discover, ensureAccounts, ensureAreas, setUp } from './fill.js';

/** Footage of the demo keeps to about this much of the disk. */
const footageBudgetGb = 20;
const leastFreeGb = 3;
const root = resolve(import.meta.dirname, '../..');

const { values: options } = parseArgs({
  options: {
    cameras: { type: 'string', default: '66' },
    port: { type: 'string', default: process.env.CHOI_CANH_PORT ?? '8470' },
    folder: { type: 'string', default: join(root, 'demo-data') },
    'bitrate-kbps': { type: 'string', default: '256' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `npm run demo -- [options]
  --cameras <n>        1 to 66 cameras of Chí Đám (default 66)
  --port <port>        of the console (default 8470)
  --folder <folder>    where the demo keeps everything (default demo-data)
  --bitrate-kbps <n>   of each camera's main stream (default 256)`;

const children: ManagedChild[] = [];
let stopping: Promise<void> | undefined;

/** Console first, so that its recorder closes its files; then the cameras. */
function stopAll(): Promise<void> {
  stopping ??= (async () => {
    for (const child of children.toReversed()) await child.stop();
  })();
  return stopping;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping === undefined) say('\nStopping …');
    void stopAll().then(() => process.exit(0));
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

async function requireFreePort(port: number): Promise<void> {
  await new Promise<void>((resolvePromise, reject) => {
    const server = createServer();
    server.once('error', () =>
      reject(new Error(`Port ${port} is in use: stop the program that uses it, or choose another with --port.`)),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolvePromise()));
  });
}

function freeGb(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}

async function startSimulator(): Promise<SimulatedCamera[]> {
  say('▸ Starting the camera simulator (it draws its scenes the first time)');
  const args = ['--fleet', 'chi-dam', '--cameras', options.cameras, '--bitrate-kbps', options['bitrate-kbps']];
  // The same addresses at every start, as cameras have: the console knows them from the last one.
  args.push('--http-port', '18080', '--rtsp-port', '18554', '--kinds', JSON.stringify(demoKinds));
  const simulator = await startSimulatorProcess(args, (child) => children.push(child));
  return simulator.cameras;
}

async function startConsole(folder: string, port: number): Promise<{ origin: string; setupUrl?: string }> {
  say('▸ Starting the console and its recorder');
  const footageDir = join(folder, 'footage');
  const footageGb = folderBytes(footageDir) / 1e9;
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    CHOI_CANH_DATA_DIR: folder,
    CHOI_CANH_PORT: String(port),
    CHOI_CANH_DISCOVERY_INTERFACES: '127.0.0.1',
    CHOI_CANH_MIN_FREE_GB: Math.max(leastFreeGb - 1, freeGb(folder) + footageGb - footageBudgetGb).toFixed(1),
    CHOI_CANH_LOG_LEVEL: process.env.CHOI_CANH_LOG_LEVEL ?? 'warn',
  };
  const server = new ManagedChild('the console', [join(root, 'server/dist/main.js')], { cwd: root, env });
  children.push(server);
  return server.message<{ origin: string; setupUrl?: string }>('ready', 60_000);
}

async function main(): Promise<void> {
  if (options.help) {
    say(usage);
    return;
  }
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const port = Number(options.port);
  await requireFreePort(port);
  if (freeGb(folder) < leastFreeGb) {
    throw new Error(
      `The disk of ${folder} has less than ${leastFreeGb} GB free: make room, or choose another with --folder.`,
    );
  }
  const accountsPath = join(folder, 'accounts.json');
  const { accounts, isNew } = loadAccounts(accountsPath);
  const administrator = accounts.find((account) => account.role === 'administrator');
  if (administrator === undefined)
    throw new Error(`${accountsPath} names no administrator: delete ${folder} and start again.`);

  const simulated = await startSimulator();
  const { origin, setupUrl } = await startConsole(folder, port);
  const api = new ApiClient(origin);
  if (setupUrl !== undefined) await setUp(api, setupUrl, administrator);
  await api.signIn(administrator.username, administrator.password);
  say('▸ Areas and accounts');
  const areaIds = await ensureAreas(api);
  await ensureAccounts(api, accounts, areaIds);

  say('▸ Looking for cameras');
  const devices = await discover(api, (found) => progress(`  ${found} found`));
  progress('');
  say(`  ${devices.length} cameras found`);
  const count = await addCameras(api, areaIds.get('Chí Đám') ?? '', devices, simulated, (added, total) =>
    progress(`  ${added} of ${total} added`),
  );
  progress('');
  await api.delete('/api/session');

  say(`\nChòi Canh is running with ${count} cameras: ${origin}`);
  if (isNew) {
    say('\nAccounts (role: user name / password)');
    for (const account of accounts) say(`  ${account.displayName}: ${account.username} / ${account.password}`);
  }
  say(`\nThe accounts are kept in ${accountsPath}. Ctrl-C stops everything.`);

  await Promise.race(
    children.map((child) =>
      child.running
        ? new Promise<void>((resolvePromise) => child.process.once('exit', () => resolvePromise()))
        : undefined,
    ),
  );
  const dead = children.find((child) => !child.running);
  if (stopping === undefined && dead !== undefined) throw new Error(dead.lastWords());
}

main().catch(async (error: unknown) => {
  // A stop that was asked for is not a failure, whatever it interrupted.
  if (stopping !== undefined) return;
  await stopAll();
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
