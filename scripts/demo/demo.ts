import { mkdirSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiClient } from '../lib/api-client.js';
import { folderBytes } from '../lib/folder-bytes.js';
import { startSimulatorProcess, type SimulatorProcess } from '../lib/simulator-process.js';
import { loadAccounts } from './accounts-file.js';
import { takeLockFile } from '../../server/src/platform/db/lock-file.js';
import { ManagedChild } from '../lib/child.js';
import { alreadyRunning, cameraPorts, choosePlace, choosePort, type DemoPlace } from './demo-place.js';
import { demoKinds } from './demo-kinds.js';
import { addCameras, discover, ensureAccounts, ensureAreas, setUp } from './fill.js';

/** Footage of the demo keeps to about this much of the disk. */
const footageBudgetGb = 20;
const leastFreeGb = 3;
const root = resolve(import.meta.dirname, '../..');

const { values: options } = parseArgs({
  options: {
    cameras: { type: 'string', default: '66' },
    port: { type: 'string' },
    data: { type: 'string' },
    folder: { type: 'string' },
    'bitrate-kbps': { type: 'string', default: '256' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `npm run demo -- [options]
  --cameras <n>        1 to 66 cameras of Chí Đám (default 66)
  --port <port>        of the console (default 8470, or a free one where that is in use)
  --data <folder>      where the demo keeps everything (default demo-data); several run beside each other in
                       folders of their own
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

function freeGb(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}

async function startSimulator(place: DemoPlace): Promise<SimulatorProcess> {
  say('▸ Starting the camera simulator (it draws its scenes the first time)');
  const args = ['--fleet', 'chi-dam', '--cameras', options.cameras, '--bitrate-kbps', options['bitrate-kbps']];
  // The same addresses at every start, as cameras have: the console knows them from the last one.
  args.push(
    '--network',
    place.network,
    '--http-port',
    String(cameraPorts.http),
    '--rtsp-port',
    String(cameraPorts.rtsp),
  );
  // A port of its own, so that the cameras of another demo on this machine do not answer.
  args.push('--discovery-port', '0', '--kinds', JSON.stringify(demoKinds));
  return startSimulatorProcess(args, (child) => children.push(child));
}

async function startConsole(
  folder: string,
  port: number,
  discoveryPort: number,
): Promise<{ origin: string; setupUrl?: string }> {
  say('▸ Starting the console and its recorder');
  const footageDir = join(folder, 'footage');
  const footageGb = folderBytes(footageDir) / 1e9;
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    CHOI_CANH_DATA_DIR: folder,
    CHOI_CANH_PORT: String(port),
    CHOI_CANH_DISCOVERY_INTERFACES: '127.0.0.1',
    // Where the simulated cameras are.
    CHOI_CANH_ALLOWED_ADDRESSES: '127.0.0.0/8',
    CHOI_CANH_DISCOVERY_PORT: String(discoveryPort),
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
  const folder = resolve(options.data ?? options.folder ?? join(root, 'demo-data'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = await takeLockFile(join(folder, 'demo-lock.sqlite'));
  if (release === undefined) throw new Error(alreadyRunning(folder));
  const port = await choosePort(options.port ?? process.env.CHOI_CANH_PORT);
  const place = await choosePlace(folder, Number(options.cameras));
  if (freeGb(folder) < leastFreeGb) {
    throw new Error(
      `The disk of ${folder} has less than ${leastFreeGb} GB free: make room, or choose another with --data.`,
    );
  }
  const accountsPath = join(folder, 'accounts.json');
  const { accounts, isNew } = loadAccounts(accountsPath);
  const administrator = accounts.find((account) => account.role === 'administrator');
  if (administrator === undefined)
    throw new Error(`${accountsPath} names no administrator: delete ${folder} and start again.`);

  const simulator = await startSimulator(place);
  const { origin, setupUrl } = await startConsole(folder, port, simulator.discoveryPort);
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
  const count = await addCameras(api, areaIds.get('Chí Đám') ?? '', devices, simulator.cameras, (added, total) =>
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
