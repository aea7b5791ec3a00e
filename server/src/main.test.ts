import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from './config.js';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-main-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    }
  }
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output(): string;
  exit: Promise<number | null>;
  ready: Promise<{ origin: string; setupUrl?: string }>;
}

function run(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', main, ...args], {
    cwd: root,
    env: {
      ...process.env,
      CHOI_CANH_DATA_DIR: folder,
      CHOI_CANH_PORT: '0',
      CHOI_CANH_RECORDER: 'none',
      CHOI_CANH_MIN_FREE_GB: '0',
      CHOI_CANH_DISCOVERY_INTERFACES: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  }
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const ready = new Promise<{ origin: string; setupUrl?: string }>((resolve, reject) => {
    child.on('message', (message: { type: string; origin: string }) => {
      if (message.type === 'ready') resolve(message);
    });
    child.once('close', () => reject(new Error(text)));
  });
  ready.catch(() => {});
  return { child, output: () => text, exit, ready };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('the condition did not come true within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Several processes a test, each of which compiles itself first. */
const SLOW_MS = 160_000;

describe('the command line', { timeout: SLOW_MS }, () => {
  it('explains itself and names every setting', async () => {
    const help = run(['--help']);
    expect(await help.exit).toBe(0);
    for (const key of Object.keys(configSchema.shape)) expect(help.output()).toContain(`CHOI_CANH_${key}`);
    const version = run(['--version']);
    expect(await version.exit).toBe(0);
    expect(version.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['an unknown command', ['dance'], {}, 2, /Unknown command: dance/],
    ['a wrong setting', [], { CHOI_CANH_PORT: 'x' }, 2, /CHOI_CANH_PORT/],
    [
      'a database that is not there',
      [],
      { CHOI_CANH_DATABASE_URL: 'postgres://x:geheim@127.0.0.1:1/x' },
      1,
      /database/,
    ],
  ])('ends with one sentence at %s', async (_name, args, env, code, sentence) => {
    const started = run(args, env as unknown as Record<string, string>);
    expect(await started.exit).toBe(code);
    expect(started.output()).toMatch(sentence);
    expect(started.output()).not.toContain('    at ');
    expect(started.output()).not.toContain('geheim');
  });

  it('ends with one sentence when the port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const started = run([], { CHOI_CANH_PORT: String(port) });
    expect(await started.exit).toBe(1);
    expect(started.output()).toContain(`port ${port} of 127.0.0.1 is in use`);
    other.close();
  });

  it('ends with one sentence when the data folder cannot be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await chmod(file, 0o400);
    const started = run([], { CHOI_CANH_DATA_DIR: join(file, 'data') });
    expect(await started.exit).toBe(1);
    expect(started.output()).toContain('cannot write to');
  });

  it('starts, shows the one-time link until it is used, refuses a second console in its folder, and stops', async () => {
    const first = run([]);
    const { origin, setupUrl } = await first.ready;
    expect(first.output()).toContain(setupUrl);
    expect(await (await fetch(`${origin}/api/health`)).json()).toEqual({ status: 'ok' });

    const second = run([]);
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain('another console runs with the data folder');

    const token = new URLSearchParams(new URL(setupUrl ?? '').hash.slice(1)).get('token');
    const answer = await fetch(`${origin}/api/setup`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ token, username: 'quantri', displayName: 'Quản trị', password: 'mat-khau-dai-that' }),
    });
    expect(answer.status).toBe(201);
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);

    const third = run([]);
    expect((await third.ready).setupUrl).toBeUndefined();
    third.child.kill('SIGKILL');
    await third.exit;
    // A lock that a killed process left does not bar the next.
    expect((await run([]).ready).origin).toMatch(/^http:/);
  });

  it('keeps a recorder beside it, starts it anew when it dies, and ends it', async () => {
    const started = run([], { CHOI_CANH_RECORDER: 'embedded' });
    await started.ready;
    const first = await recorderOf(started);
    process.kill(first, 'SIGKILL');
    let second = first;
    await until(async () => (second = await recorderOf(started)) !== first);
    expect(await readFile(`/proc/${second}/cmdline`, 'utf8')).not.toMatch(/[0-9a-f]{32}/);
    started.child.kill('SIGTERM');
    expect(await started.exit).toBe(0);
    expect(() => process.kill(second, 0)).toThrow();
  });

  it('takes its recorder along when it is killed', async () => {
    const started = run([], { CHOI_CANH_RECORDER: 'embedded' });
    await started.ready;
    const recorder = await recorderOf(started);
    started.child.kill('SIGKILL');
    await until(() => {
      try {
        process.kill(recorder, 0);
        return false;
      } catch {
        return true;
      }
    });
  });

  /** The recorder's process, once it runs. */
  async function recorderOf(started: Run): Promise<number> {
    const pids = () =>
      [...started.output().matchAll(/"pid":(\d+)[^\n]*"msg":"the recorder runs"/g)].map((match) => Number(match[1]));
    await until(() => pids().length > 0);
    return pids().at(-1) as number;
  }
});
