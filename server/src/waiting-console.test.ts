import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig, type Config } from './config.js';
import { systemClock } from './lib/clock.js';
import { AppError } from './lib/errors.js';
import { silentLogger } from './lib/logger.js';
import { untilDatabaseOpens } from './waiting-console.js';

let folder: string;
let config: Config;
let origin: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-waiting-'));
  const port = await freePort();
  config = loadConfig({ CHOI_CANH_DATA_DIR: folder, CHOI_CANH_PORT: String(port) });
  origin = `http://127.0.0.1:${port}`;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Two seconds pass in a hundredth of that. */
const impatientClock = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal),
};
const waitWith = (open: (release: () => Promise<void>) => Promise<string>) =>
  untilDatabaseOpens({ open, config, clock: impatientClock, logger: silentLogger });
const trouble = (code: string) => new AppError('unavailable', code, 'the database has no room left');

it('says what is wrong with the database at its address, in words, until it opens', async () => {
  const answers: { api?: Response; page?: string } = {};
  let tries = 0;
  const opened = await waitWith(async () => {
    tries += 1;
    if (tries === 1) throw trouble('database_full');
    answers.api = await fetch(`${origin}/api/health`);
    answers.page = await (await fetch(`${origin}/incidents`)).text();
    return 'open';
  });
  expect(opened).toBe('open');
  expect(answers.api?.status).toBe(503);
  expect(await answers.api?.json()).toMatchObject({ error: { code: 'database_full' } });
  expect(answers.page).toContain('Ổ đĩa của máy chủ đã đầy');
  expect(answers.page).toContain("The server's disk is full");
  // The address is free for the console itself.
  await expect(fetch(`${origin}/api/health`)).rejects.toThrow();
});

it('says that the key to what is sealed in the database is missing, and what to do', async () => {
  let tries = 0;
  let page = '';
  await waitWith(async () => {
    tries += 1;
    if (tries === 1) throw trouble('secret_key_missing');
    page = await (await fetch(origin)).text();
    return 'open';
  });
  for (const words of [
    'Hệ thống thiếu tệp khóa bí mật',
    'Hãy chép lại thư mục keys từ bản sao lưu',
    'lost its secret key',
  ])
    expect(page).toContain(words);
  expect(page).not.toContain('cơ sở dữ liệu sẵn sàng');
});

it('frees its address for the console that begins there, and takes it again where that fails', async () => {
  let tries = 0;
  await waitWith(async (release) => {
    tries += 1;
    if (tries === 2) {
      await release();
      await expect(fetch(`${origin}/api/health`)).rejects.toThrow();
    }
    if (tries < 3) throw trouble('database_locked');
    expect((await fetch(`${origin}/api/health`)).status).toBe(503);
    return 'open';
  });
  expect(tries).toBe(3);
});

it.each([
  ['a newer database', new AppError('precondition', 'database_newer', 'newer')],
  ['a port that is taken', new AppError('unavailable', 'port_in_use', 'taken')],
  ['a mistake of ours', new TypeError('undefined')],
])('does not wait for %s', async (_, error) => {
  await expect(waitWith(() => Promise.reject(error))).rejects.toBe(error);
});
