import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConsoleAlert } from '@choi-canh/shared/console-alerts';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../test/harness/postgres.js';
import { loadConfig } from '../config.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { Browser } from './auth/auth.test-harness.js';
import { createConsoleApp, type ConsoleApp } from './console.app.js';

let folder: string;
let postgres: TestPostgres;
let app: ConsoleApp;
let browser: Browser;
let second: ConsoleApp;
let socket: Socket;
let heard: string[][];
const password = 'mat-khau-dai-that-va-kho-doan';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-lost-'));
  postgres = await startPostgres();
  const environment = {
    CHOI_CANH_DATA_DIR: folder,
    CHOI_CANH_DATABASE_URL: postgres.url,
    CHOI_CANH_PORT: '0',
    CHOI_CANH_RECORDER: 'none',
  };
  const config = loadConfig(environment);
  app = await createConsoleApp({ config, clock: systemClock, logger: silentLogger, version: '1' });
  const { origin, setupUrl } = await app.start();
  browser = new Browser(origin);
  const token = setupUrl!.split('token=')[1];
  await browser.json('POST', '/api/setup', { token, username: 'quantri', displayName: 'Quản trị', password });
  heard = [];
  socket = io(origin, { path: '/api/socket', extraHeaders: { cookie: browser.cookie, origin }, reconnection: false });
  socket.on('console.alerts', (alerts: ConsoleAlert[]) => heard.push(alerts.map(({ code }) => code)));
  await connected(socket);
  const beside = {
    CHOI_CANH_DATA_DIR: join(folder, 'second'),
    CHOI_CANH_SECRET_KEY_FILE: join(folder, 'keys/secret.key'),
  };
  const other = loadConfig({ ...environment, ...beside });
  second = await createConsoleApp({ config: other, clock: systemClock, logger: silentLogger, version: '1' });
});
const connected = (one: Socket) =>
  new Promise<void>((resolve, reject) => one.once('connect', resolve).once('connect_error', reject));
afterAll(async () => {
  socket?.close();
  await app?.stop();
  await second?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const until = async (what: string, check: () => boolean) => {
  const endsAt = performance.now() + 30_000;
  while (!check()) {
    if (performance.now() > endsAt) throw new Error(`waited too long until ${what}: ${JSON.stringify(heard)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

it('a lost database is 503 with a sentence everywhere, an alert to sockets that stay, and heals by itself', async () => {
  for (let round = 0; round < 2; round += 1) {
    expect((await browser.send('GET', '/api/health')).status).toBe(200);
    await postgres.stopServer('SIGQUIT');
    const lost = [503, 'database_unavailable'];
    await until('the loss is noticed', () => heard.at(-1)?.includes('database_unreachable') === true || ask());
    expect(await browser.errorCode('GET', '/api/health')).toEqual(lost);
    // Somebody else: signing in again ends the session before, and its socket.
    const other = new Browser(browser.origin);
    expect(await other.errorCode('POST', '/api/session', { username: 'quantri', password })).toEqual(lost);
    await new Promise((resolve) => setTimeout(resolve, 2100)); // a session is remembered for two seconds
    expect(await browser.errorCode('GET', '/api/incidents')).toEqual(lost);
    await until('the alert is heard', () => heard.at(-1)?.includes('database_unreachable') === true);
    expect(socket.connected).toBe(true);

    await postgres.startServer();
    await until('it is over', () => heard.at(-1)?.length === 0);
    expect(socket.connected).toBe(true);
    expect((await browser.send('GET', '/api/incidents')).status).toBe(200);
    expect((await other.signIn('quantri', password)).ok).toBe(true);
  }

  /** Somebody has to ask: nothing is looked for in the database without need. */
  function ask(): false {
    void browser.send('GET', '/api/health').catch(() => undefined);
    return false;
  }
});

it('two consoles hear each other, also of areas that came since, and again after the database was lost', async () => {
  const { origin } = await second.start();
  const area = async (name: string, parentId: string | null) =>
    (await browser.json<{ id: string }>('POST', '/api/areas', { name, parentId, level: 'commune' })).id;
  const district = await area('Cẩm Thủy', null);
  const account = { username: 'canbo', displayName: 'Cán bộ', role: 'commune_officer', areaId: district, password };
  await browser.json('POST', '/api/accounts', account);
  const officer = new Browser(origin);
  expect((await officer.signIn('canbo', password)).ok).toBe(true);
  const there = io(origin, { path: '/api/socket', extraHeaders: { cookie: officer.cookie, origin } });
  const incidents: string[] = [];
  let missed = 0;
  there.on('incident.changed', (id: string) => incidents.push(id));
  there.on('events.missed', () => (missed += 1));
  try {
    await connected(there);
    const enter = async (name: string) => {
      const incident = await browser.json<{ id: string }>('POST', '/api/incidents', {
        ...{ areaId: await area(name, district), place: 'Ngã ba chợ', category: 'theft' },
        occurredAt: new Date(Date.now() - 60_000).toISOString(),
      });
      await until(`${name} is heard of`, () => incidents.includes(incident.id));
    };
    await enter('Cẩm Bình');
    expect(missed).toBe(0);
    await postgres.stopServer('SIGQUIT');
    await postgres.startServer();
    await until('it hears that it missed something', () => missed > 0);
    let isBack = false;
    await until('the other has its database again', () => {
      void browser.send('GET', '/api/health').then(({ status }) => (isBack = status === 200));
      return isBack;
    });
    await enter('Cẩm Châu');
  } finally {
    there.close();
  }
});
