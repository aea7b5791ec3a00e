import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import type { Database } from '../../platform/db/database.js';
import { consoleMigrations } from '../console.schema.js';
import { openDatabase } from '../../platform/db/open-database.js';
import { createHttpServer } from '../../platform/http/http-server.js';
import { isSameOrigin } from '../../platform/http/same-origin.js';
import { noProxies } from '../../platform/http/trusted-proxies.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import { createRealtime } from '../../platform/realtime/realtime-server.js';
import { categoryEntity } from '../incidents/category.entity.js';
import { nameEntities } from '../names/name-row.entity.js';
import { createNames } from '../names/names.js';
import { areaEntity } from '../areas/area.entity.js';
import { createAreas } from '../areas/areas.js';
import { createAuditLog } from '../audit/audit-log.js';
import { auditRecordEntity } from '../audit/audit-record.entity.js';
import { auditRoutes } from '../audit/audit.routes.js';
import { authEntities } from './auth.entities.js';
import { createAuth } from './auth.js';
import { createPasswords } from './passwords.js';
import { createSessionWatch } from './session-watch.js';

/** A clock that only moves when told; sleeping waits in real time, but briefly. */
export class TestClock implements Clock {
  private offsetMs = 0;
  nowMs = (): number => Date.UTC(2026, 10, 22) + this.offsetMs;
  monotonicMs = (): number => this.offsetMs;
  advance(ms: number): void {
    this.offsetMs += ms;
  }
  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, 20);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

export const password = 'mat-khau-dai-that';
const cheap = { memoryCost: 64, timeCost: 1, parallelism: 1 };

/** Answers for ever, as a live picture does. */
const endless: Route = defineRoute({
  method: 'get',
  path: '/api/test/endless',
  access: 'camera.live',
  summary: '',
  feature: 'test',
  produces: 'video/mp4',
  handler: ({ response, signal }) =>
    new Promise<void>((resolve) => {
      response.type('video/mp4');
      const timer = setInterval(() => response.write('media'), 10);
      signal.addEventListener('abort', () => {
        clearInterval(timer);
        resolve();
      });
    }),
});

/** Somebody's browser: keeps the cookie, sends the Origin. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  constructor(readonly origin: string) {}

  /** As it is sent: that of the session alone, or nothing. */
  get cookie(): string {
    return this.#pair('choi_canh_session');
  }
  /** By which the browser is known again; also to take it to another browser. */
  get device(): string {
    return this.#pair('choi_canh_device');
  }
  set device(pair: string) {
    this.#cookies.set('choi_canh_device', pair.split('=')[1] ?? '');
  }
  #pair(name: string): string {
    const value = this.#cookies.get(name);
    return value === undefined || value === '' ? '' : `${name}=${value}`;
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        origin: this.origin,
        cookie: [this.cookie, this.device].filter((pair) => pair !== '').join('; '),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split('=');
      this.#cookies.set(name, value);
    }
    return response;
  }

  async json<T = Record<string, never>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async errorCode(method: string, path: string, body?: unknown): Promise<[number, string]> {
    const response = await this.send(method, path, body);
    const parsed = z.object({ error: z.object({ code: z.string() }) }).parse(await response.json());
    return [response.status, parsed.error.code];
  }

  signIn(username: string, secret = password): Promise<Response> {
    return this.send('POST', '/api/session', { username, password: secret });
  }
}

export interface TestConsole {
  origin: string;
  clock: TestClock;
  database: Database;
  setupToken: string;
  browser(): Browser;
  /** Set up and signed in. */
  administrator(): Promise<Browser>;
  realtime: ReturnType<typeof createRealtime>;
  /** Areas whose days of retention changed, as the cameras were told. */
  retentionChanges: string[];
  stop(): Promise<void>;
}

export async function startTestConsole(
  options: { databaseUrl?: string; routes?: readonly Route[] } = {},
): Promise<TestConsole> {
  const folder = await mkdtemp(join(tmpdir(), 'choi-canh-auth-'));
  const clock = new TestClock();
  const database = await openDatabase({
    url: options.databaseUrl,
    sqlitePath: join(folder, 'console.sqlite'),
    entities: [...authEntities, areaEntity, auditRecordEntity, ...nameEntities, categoryEntity],
    migrations: consoleMigrations,
    logger: silentLogger,
  });
  const audit = createAuditLog({ database, clock });
  const retentionChanges: string[] = [];
  const names = createNames({ database, audit, categories: categoryEntity });
  const areas = createAreas({
    database,
    audit,
    levels: names.areaLevels,
    clock,
    users: [{ what: 'accounts', table: 'account' }],
    // There are no cameras here: a table with the same column that counts something.
    cameraTable: 'account',
    retentionDays: 30,
    treeChanged: () => undefined,
    retentionChanged: (areaId) => {
      retentionChanges.push(areaId);
      return Promise.resolve();
    },
  });
  const auth = createAuth({
    database,
    audit,
    areas: areas.repository,
    clock,
    sessionLifetimeMs: 12 * 3600_000,
    proxies: noProxies,
    passwords: createPasswords(cheap),
  });
  const realtime = createRealtime({
    authenticate: auth.authenticate,
    isSameOrigin: (request) => isSameOrigin(request, noProxies),
    ancestorsOf: (areaId) => areas.tree.ancestorsOf(areaId),
    logger: silentLogger,
  });
  const http = createHttpServer({
    routes: [
      endless,
      ...(options.routes ?? []),
      ...auth.routes,
      ...areas.routes,
      ...names.routes,
      ...auditRoutes(audit),
    ],
    host: '127.0.0.1',
    port: 0,
    proxies: noProxies,
    authenticate: auth.authenticate,
    version: '0',
    logger: silentLogger,
  });
  const watch = createSessionWatch({
    sessions: auth.sessions,
    channels: [http, realtime],
    clean: auth.clean,
    clock,
    logger: silentLogger,
  });
  await areas.start();
  realtime.attach(http.server);
  const { origin } = await http.start();
  watch.start();
  const setupToken = (await auth.setup.prepare()) ?? '';
  const browser = () => new Browser(origin);

  return {
    origin,
    clock,
    database,
    setupToken,
    browser,
    realtime,
    retentionChanges,
    administrator: async () => {
      const chief = browser();
      const given = { token: setupToken, username: 'quantri', displayName: 'Quản trị', password };
      await chief.json('POST', '/api/setup', given);
      return chief;
    },
    stop: async () => {
      await watch.stop();
      await realtime.stop();
      await http.stop();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for a condition, at most five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
