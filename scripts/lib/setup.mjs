// Brings a bare Debian or Ubuntu to where the product runs: system packages, npm dependencies, build. Plain JavaScript
// and no dependency, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import './end-with-parent.mjs';
import { askedToEnd, runPart } from './run-part.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** An expected failure: its message is one sentence for the user, the exit code is 1. */
export class SetupError extends Error {}

export function step(text) {
  process.stdout.write(`▸ ${text}\n`);
}

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
}

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** Runs a command and shows its output; rejects with SetupError when it fails. */
export async function run(command, args, options = {}) {
  let ended;
  try {
    ended = await runPart(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  } catch (error) {
    throw new SetupError(`${command} cannot be started: ${error.message}.`);
  }
  const { code, signal } = ended;
  if (code !== 0) throw new SetupError(`"${command} ${args.join(' ')}" failed (${signal ?? code}).`);
}

/** Hands over to a process that ends its own children, until it ends. */
export async function handOver(args) {
  // The channel carries nothing: it closes with this process, and the other ends then.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const watched = ['--import', join(root, 'scripts/lib/end-with-parent.mjs'), ...args];
  const { code, signal } = await runPart(process.execPath, watched, { ownTree: true, cwd: root, stdio });
  process.exitCode = code ?? (signal === null ? 0 : 1);
}

async function aptInstall(packages) {
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const isRoot = process.getuid?.() === 0;
  const sudo = !isRoot && has('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!has('apt-get') || (!isRoot && !sudo)) {
    throw new SetupError(
      `These packages are missing: ${packages.join(', ')}. Type:\n  sudo apt-get update && sudo ${line}`,
    );
  }
  step(`Installing ${packages.join(', ')}`);
  const prefix = isRoot ? [] : ['sudo', '-n'];
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  const apt = (args) => run([...prefix, 'apt-get'][0], [...[...prefix, 'apt-get'].slice(1), ...args], quiet);
  await apt(['update', '-qq']);
  await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** A server of streams that is not ours, and readers of media that share no code with the recorder. */
const foreignMedia = [
  ...['mediainfo', 'gstreamer1.0-plugins-base', 'gstreamer1.0-plugins-base-apps', 'gstreamer1.0-plugins-good'],
  ...['gstreamer1.0-plugins-bad', 'gstreamer1.0-plugins-ugly', 'gstreamer1.0-libav'],
  ...['gir1.2-gst-rtsp-server-1.0', 'python3-gi'],
];
const hasTypelib = (name) =>
  ['/usr/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].some((folder) =>
    existsSync(join(folder, 'girepository-1.0', name)),
  );

/** @param {{chromium?: boolean, firefox?: boolean, pdf?: boolean, postgres?: boolean, foreignMedia?: boolean}} needs */
export async function ensureSystemPackages(needs = {}) {
  const missing = [];
  if (!has('ffmpeg') || !has('ffprobe')) missing.push('ffmpeg');
  if (needs.chromium && !has('chromium')) missing.push('chromium');
  if (needs.pdf && !has('pdftotext')) missing.push('poppler-utils');
  if (needs.firefox && !has('firefox-esr') && !process.env.CHOI_CANH_FIREFOX) missing.push('firefox-esr');
  // Server and tools of one version: backups are tried with what a district has.
  if (needs.postgres && !existsSync('/usr/lib/postgresql/15/bin/postgres')) {
    missing.push('postgresql-15', 'postgresql-client-15');
  }
  const hasForeignMedia = has('mediainfo') && has('gst-discoverer-1.0') && hasTypelib('GstRtspServer-1.0.typelib');
  if (needs.foreignMedia && !hasForeignMedia) missing.push(...foreignMedia);
  if (missing.length > 0) await aptInstall(missing);
}

const digest = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** `npm ci` unless the folder already holds what the lock file says. */
export async function ensureDependencies() {
  const marker = join(root, 'node_modules', '.choi-canh-installed');
  const wanted = `${digest(join(root, 'package-lock.json'))} ${process.versions.modules}`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  step('Installing the npm packages (a few minutes the first time)');
  const install = () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  try {
    await install();
  } catch (error) {
    // better-sqlite3 compiles itself where no prebuilt binary can be fetched; that needs a compiler and Python.
    if (has('g++') && has('make') && has('python3')) throw error;
    await aptInstall(['build-essential', 'python3']);
    await install();
  }
  writeFileSync(marker, wanted);
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else yield path;
  }
}

/** Builds shared, server and client unless nothing changed since the last build. */
export async function ensureBuild() {
  const hash = createHash('sha256');
  for (const folder of ['shared', 'server', 'client']) {
    for (const path of sources(join(root, folder))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path} ${size} ${mtimeMs}\n`);
    }
  }
  const wanted = hash.digest('hex');
  const marker = join(root, '.cache', 'built');
  const made = ['shared/dist', 'server/dist/main.js', 'client/dist/index.html'].every((path) =>
    existsSync(join(root, path)),
  );
  if (made && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  step('Building');
  await run('npm', ['run', '--silent', 'build']);
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, wanted);
}

/** Runs `main`; an expected failure becomes one sentence and exit code 1. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (askedToEnd() !== undefined) {
      process.exitCode = 143;
      return;
    }
    process.stderr.write(`\n${error instanceof SetupError ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}
