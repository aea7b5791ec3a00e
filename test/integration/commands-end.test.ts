import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { descendants } from '../harness/processes.js';
import { requireBuiltClient } from '../harness/stage.js';
import { root, temporaryFolder } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const ends: (() => Promise<void> | void)[] = [];
beforeAll(() => {
  requireBuiltClient();
  if (!existsSync(join(root, 'server/dist/main.js'))) throw new Error('build first: npm run build');
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Started {
  npm: ChildProcess;
  /** All that it has written. */
  said(): string;
  /** Of everything that npm started, now. */
  pids(): number[];
}

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  ends.push(made.remove);
  return made.path;
}

/** `npm run …` as a service manager starts it: in a group of its own, without a terminal. */
function npmRun(args: string[], env: NodeJS.ProcessEnv = {}): Started {
  const npm = spawn('npm', ['run', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const seen = new Set<number>();
  const pids = () => {
    for (const { pid } of descendants(npm.pid ?? 0)) seen.add(pid);
    return [...seen];
  };
  ends.push(() => {
    for (const pid of [npm.pid ?? 0, ...pids()]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { npm, said: () => text, pids };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const until = (started: Started, what: RegExp) =>
  waitFor(
    `${what.source} in: ${started.said().slice(-500)}`,
    () => {
      if (started.npm.exitCode !== null) throw new Error(started.said());
      return what.exec(started.said())?.[1];
    },
    150_000,
  );

function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve((socket.destroy(), true)));
    socket.once('error', () => resolve(false));
  });
}

async function expectNothingLeft(started: Started, signal: NodeJS.Signals, urls: string[]): Promise<void> {
  const pids = started.pids();
  expect(pids.length).toBeGreaterThan(0);
  for (const url of urls) expect(await answers(url), url).toBe(true);
  const exited = once(started.npm, 'exit');
  started.npm.kill(signal);
  await exited;
  await waitFor('everything it started has ended', () => pids.filter(isAlive).length === 0, 60_000);
  for (const url of urls) expect(await answers(url), url).toBe(false);
}

it('two demos run beside each other, a third in the same folder says so, and both end with npm', async () => {
  const [one, other] = [await folder(), await folder()];
  const demo = (data: string) =>
    npmRun(['demo', '--', '--cameras', '1', '--data', data], { CHOI_CANH_PORT: undefined });
  const first = demo(one);
  const firstUrl = await until(first, /is running with 1 cameras: (\S+)/);
  const second = demo(other);
  const secondUrl = await until(second, /is running with 1 cameras: (\S+)/);
  expect(secondUrl).not.toBe(firstUrl);

  const third = demo(one);
  const [code] = (await once(third.npm, 'exit')) as [number];
  expect(code).not.toBe(0);
  expect(third.said()).toContain(`Bản chạy thử này đang chạy (thư mục ${one}). Hãy dùng --data`);
  expect(await answers(firstUrl)).toBe(true);

  await expectNothingLeft(first, 'SIGTERM', [firstUrl]);
  expect(await answers(secondUrl)).toBe(true);
  await expectNothingLeft(second, 'SIGKILL', [secondUrl]);
}, 300_000);

it('a command that has nothing left to do ends by itself', async () => {
  const command = `import { handOver } from './scripts/lib/setup.mjs'; await handOver(['-e', '0'])`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', command], { cwd: root, stdio: 'ignore' });
  try {
    expect(await once(child, 'exit', { signal: AbortSignal.timeout(30_000) })).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

it.each(['SIGTERM', 'SIGKILL'] as const)('npm start ends all it started on %s of npm', async (signal) => {
  const started = npmRun(['start'], {
    CHOI_CANH_PORT: '0',
    CHOI_CANH_DATA_DIR: await folder(),
    CHOI_CANH_MIN_FREE_GB: '0',
  });
  const url = await until(started, /Chòi Canh: (http\S+)/);
  // npm, what it handed over to, the console and its recorder.
  await waitFor('the recorder runs', () => started.pids().length >= 3);
  await expectNothingLeft(started, signal, [url]);
});

it.each(['SIGTERM', 'SIGKILL'] as const)('the camera simulator ends on %s of npm', async (signal) => {
  const args = [
    'camera-simulator',
    '--',
    '--cameras',
    '1',
    '--discovery-port',
    '0',
    '--width',
    '704',
    '--height',
    '396',
  ];
  const started = npmRun(args);
  const control = await until(started, /"control":"(http[^"]+)"/);
  await expectNothingLeft(started, signal, [control]);
});
