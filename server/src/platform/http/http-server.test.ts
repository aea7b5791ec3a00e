import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Actor } from '../../lib/actor.js';
import { systemClock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.js';
import { defineRoute, type Route } from './route.js';
import { loadTls } from './tls.js';
import { noProxies } from './trusted-proxies.js';

const officer: Actor = {
  accountId: 'a',
  name: 'Officer',
  role: 'commune_officer',
  scope: { areaId: null, path: null },
  sessionId: 's',
  address: '127.0.0.1',
};

const json = (path: string, handler: () => Promise<unknown>, extra: Partial<Route> = {}): Route => ({
  method: 'get',
  path,
  access: 'public',
  summary: path,
  feature: 'test',
  response: z.object({ value: z.string() }),
  handler,
  ...extra,
});

const long = 'camera '.repeat(2000);

const routes: Route[] = [
  json('/api/things/:thingId', () => Promise.resolve({ value: 'any thing' })),
  json('/api/things/special', () => Promise.resolve({ value: 'the special one' })),
  json('/api/leaky', () => Promise.resolve({ value: 'x', passwordHash: 'secret' })),
  json('/api/broken', () => Promise.resolve({ value: 1 })),
  json('/api/crash', () => Promise.reject(new Error('database password is hunter2'))),
  json('/api/camera-off', () => Promise.reject(new AppError('unavailable', 'camera_off', 'the camera is off'))),
  json('/api/long', () => Promise.resolve({ value: long })),
  json('/api/me', () => Promise.resolve({ value: long })),
  defineRoute({
    method: 'get',
    path: '/api/media',
    access: 'public',
    summary: 'bytes',
    feature: 'test',
    produces: 'video/mp4',
    handler: ({ response }) => Promise.resolve(void response.type('video/mp4').end(long)),
  }),
  json('/api/members', () => Promise.resolve({ value: 'hello' }), { access: 'signed_in' }),
  json('/api/officers', () => Promise.resolve({ value: 'hello' }), { access: 'footage.open' }),
  json('/api/chiefs', () => Promise.resolve({ value: 'hello' }), { access: 'account.manage' }),
  defineRoute({
    method: 'post',
    path: '/api/echo/:count',
    access: 'public',
    maxBodyBytes: 1024 * 1024,
    summary: 'echo',
    feature: 'test',
    params: z.object({ count: z.coerce.number().int() }),
    query: z.object({ loud: z.enum(['yes', 'no']).default('no') }),
    body: z.object({ text: z.string().min(3), at: z.object({ lat: z.number() }).optional() }),
    response: z.object({ text: z.string(), count: z.number(), loud: z.string() }),
    status: 201,
    handler: ({ params, query, body }) => Promise.resolve({ ...params, ...query, text: body.text }),
  }),
  json('/api/sign', () => Promise.resolve({ value: 'read' }), { method: 'post', body: z.object({ text: z.string() }) }),
  defineRoute({
    method: 'delete',
    path: '/api/echo',
    access: 'public',
    summary: 'nothing',
    feature: 'test',
    handler: () => Promise.resolve(),
  }),
];

let server: HttpServer;
let origin: string;
let staticDir: string;

async function start(options: Partial<HttpServerOptions> = {}): Promise<void> {
  server = createHttpServer({
    routes,
    host: '127.0.0.1',
    port: 0,
    proxies: noProxies,
    authenticate: (request) => Promise.resolve(request.headers.cookie === 'who=officer' ? officer : undefined),
    staticDir,
    version: '1.2.3',
    logger: silentLogger,
    ...options,
  });
  ({ origin } = await server.start());
}

beforeEach(async () => {
  staticDir = await mkdtemp(join(tmpdir(), 'choi-canh-http-'));
  await mkdir(join(staticDir, 'assets'));
  await writeFile(join(staticDir, 'index.html'), '<!doctype html><title>Chòi Canh</title>');
  await writeFile(join(staticDir, 'favicon.svg'), '<svg/>');
  await writeFile(join(staticDir, 'assets/index-abc123.js'), 'export {}');
});
afterEach(async () => {
  await server.stop();
  await rm(staticDir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(origin + path, { headers });
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(origin + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: Record<string, unknown> }).error as {
    kind: string;
    code: string;
    message: string;
    fields?: { path: string; message: string }[];
    requestId: string;
  };

describe('routes', () => {
  it('let the more specific path win, whatever the order', async () => {
    await start();
    expect(await (await get('/api/things/special')).json()).toEqual({ value: 'the special one' });
    expect(await (await get('/api/things/17')).json()).toEqual({ value: 'any thing' });
  });

  it('parse params, query and body and answer with their status', async () => {
    await start();
    const response = await post('/api/echo/7?loud=yes', JSON.stringify({ text: 'abc', extra: 1 }));
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ text: 'abc', count: 7, loud: 'yes' });
    expect((await fetch(`${origin}/api/echo`, { method: 'DELETE' })).status).toBe(204);
  });

  it.each([
    ['a short text', '/api/echo/7', { text: 'a' }, 'text'],
    ['a nested field', '/api/echo/7', { text: 'abc', at: { lat: 'north' } }, 'at.lat'],
    ['a query', '/api/echo/7?loud=maybe', { text: 'abc' }, 'loud'],
    ['a missing body', '/api/echo/7', {}, 'text'],
  ])('say which field is wrong: %s', async (_name, path, body, field) => {
    await start();
    const response = await post(path, JSON.stringify(body));
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_input' });
    expect(error.fields?.map((entry) => entry.path)).toEqual([field]);
    expect(error.fields?.[0]?.message).not.toBe('');
  });

  it('find nothing at an address whose parameter is none, whatever else is wrong', async () => {
    await start();
    const response = await post('/api/echo/many?loud=maybe', '{"text":');
    expect([response.status, (await errorOf(response)).code]).toEqual([404, 'not_found']);
  });

  it.each([
    ['NUL in a text', '/api/echo/7', '{"text":"ab\\u0000c"}', 'bad_text'],
    ['half of a surrogate pair', '/api/echo/7', '{"text":"abc\\ud83d"}', 'bad_text'],
    ['NUL in a key', '/api/echo/7', '{"text":"abc","a\\u0000b":1}', 'bad_text'],
    ['NUL in a query', '/api/echo/7?loud=%00', '{"text":"abc"}', 'bad_text'],
    [
      'JSON nested too deeply',
      '/api/echo/7',
      `{"text":"abc","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      'bad_json',
    ],
    ['the same query twice', '/api/echo/7?loud=yes&loud=no', '{"text":"abc"}', 'invalid_input'],
  ])('refuse %s', async (_name, path, body, code) => {
    await start();
    const response = await post(path, body);
    expect([response.status, (await errorOf(response)).code]).toEqual([400, code]);
  });

  it('let no key of a body or query change what objects are', async () => {
    await start();
    const response = await post(
      '/api/echo/7?__proto__[loud]=yes&constructor[prototype][loud]=yes',
      '{"text":"abc","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(await response.json()).toEqual({ text: 'abc', count: 7, loud: 'no' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('read a whole character outside the basic plane, and little of strangers', async () => {
    await start();
    expect((await post('/api/echo/7', '{"text":"ab \\ud83d\\ude00 😀"}')).status).toBe(201);
    const refused = await post('/api/sign', JSON.stringify({ text: 'x'.repeat(20_000) }));
    expect([refused.status, (await errorOf(refused)).code]).toEqual([400, 'body_too_large']);
    expect((await post('/api/sign', JSON.stringify({ text: 'x'.repeat(10_000) }))).status).toBe(200);
  });

  it.each([
    ['broken JSON', '{"text":', {}, 'bad_json'],
    ['a number instead of an object', '7', {}, 'bad_json'],
    ['another type', 'text=abc', { 'content-type': 'application/x-www-form-urlencoded' }, 'not_json'],
    ['more than 1 MB', JSON.stringify({ text: 'x'.repeat(1024 * 1024) }), {}, 'body_too_large'],
    ['an unknown encoding', '{}', { 'content-encoding': 'zip' }, 'not_json'],
  ])('refuse %s', async (_name, body, headers, code) => {
    await start();
    const response = await post('/api/echo/7', body, headers);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).code).toBe(code);
  });

  it('never send what their schema does not name', async () => {
    await start();
    expect(await (await get('/api/leaky')).json()).toEqual({ value: 'x' });
    expect((await get('/api/broken')).status).toBe(500);
  });

  it('tell a stranger nothing about a failure but the number of the request', async () => {
    await start();
    const response = await get('/api/crash');
    expect(response.status).toBe(500);
    const error = await errorOf(response);
    expect(error).toMatchObject({ kind: 'internal', message: 'internal error' });
    expect(error.requestId).toBe(response.headers.get('x-request-id'));
    expect(await errorOf(await get('/api/camera-off'))).toMatchObject({ kind: 'unavailable', code: 'camera_off' });
  });

  it.each([
    ['/api/members', undefined, 401],
    ['/api/members', 'who=officer', 200],
    ['/api/officers', undefined, 401],
    ['/api/officers', 'who=officer', 200],
    ['/api/chiefs', 'who=officer', 403],
    ['/api/nothing-here', 'who=officer', 404],
    ['/api/things/%E0%A4%A', undefined, 404],
  ])('check access: %s as %s is %i', async (path, cookie, status) => {
    await start();
    expect((await get(path, cookie === undefined ? {} : { cookie })).status).toBe(status);
  });
});

describe('headers', () => {
  it('write the content security policy out, with the socket address of this very host', async () => {
    await start();
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    const host = new URL(origin).host;
    expect(policy.split(';')).toEqual([
      "default-src 'self'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "media-src 'self' blob:",
      "worker-src 'self' blob:",
      `connect-src 'self' ws://${host} wss://${host}`,
      "object-src 'none'",
      "base-uri 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]);
  });

  it('put nothing into the policy that is not a host', async () => {
    await start();
    const policy = await new Promise<string>((resolve, reject) => {
      httpRequest(`${origin}/`, { headers: { host: 'x; script-src *' } }, (response) => {
        response.resume();
        resolve(String(response.headers['content-security-policy']));
      })
        .on('error', reject)
        .end();
    });
    expect(policy).not.toContain('script-src *');
  });

  it('do not insist on HTTPS over plain HTTP', async () => {
    await start();
    const { headers } = await get('/');
    expect(headers.get('strict-transport-security')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect((await get('/api/things/1')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('answers', () => {
  it.each([
    ['/api/long', 'br', 'br'],
    ['/api/long', 'gzip', 'gzip'],
    ['/api/long', 'identity', null],
    // Short ones, media, and whatever speaks of who is signed in, are not.
    ['/api/things/1', 'br, gzip', null],
    ['/api/media', 'br, gzip', null],
    ['/api/me', 'br, gzip', null],
  ])('%s are compressed for %s: %s', async (path, accept, encoding) => {
    await start();
    const response = await get(path, { 'accept-encoding': accept });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    if (path === '/api/long') expect(await response.json()).toEqual({ value: long });
  });
});

describe('the browser application', () => {
  it('is served with what may be kept and what must be asked for again', async () => {
    await start();
    const html = { accept: 'text/html' };
    for (const path of ['/', '/review', '/incidents/17?x=1']) {
      const response = await get(path, html);
      expect(await response.text()).toContain('Chòi Canh');
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    expect((await get('/assets/index-abc123.js')).headers.get('cache-control')).toContain('immutable');
    expect((await get('/favicon.svg')).headers.get('cache-control')).toBe('no-cache');
    expect((await get('/assets/gone.js', html)).status).toBe(404);
    expect((await get('/assets/..%2f..%2fetc/passwd', html)).status).toBe(404);
    expect((await get('/api/none', html)).status).toBe(404);
  });

  it.each([
    ['br, gzip', 'br', 'brotli'],
    ['gzip, deflate, br, zstd', 'br', 'brotli'],
    ['gzip', 'gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip', 'gzip'],
    ['identity', null, 'plain'],
  ])('is compressed as the build left it, for who takes %s', async (accept, encoding, content) => {
    for (const name of ['index.html', 'assets/index-abc123.js']) {
      const text = await readFile(join(staticDir, name), 'utf8');
      await writeFile(join(staticDir, `${name}.br`), brotliCompressSync(`${text} /* brotli */`));
      await writeFile(join(staticDir, `${name}.gz`), gzipSync(`${text} /* gzip */`));
    }
    await start();
    const tags = new Set<string | null>();
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/incidents/17', 'text/html; charset=utf-8'],
      ['/assets/index-abc123.js', 'text/javascript; charset=utf-8'],
    ] as const) {
      const response = await get(path, { accept: 'text/html, */*', 'accept-encoding': accept });
      expect(response.headers.get('content-encoding')).toBe(encoding);
      expect(response.headers.get('content-type')).toBe(type);
      expect(response.headers.get('vary')?.toLowerCase()).toContain('accept-encoding');
      expect(response.headers.get('cache-control')).toContain(path.startsWith('/assets') ? 'immutable' : 'no-cache');
      tags.add(response.headers.get('etag'));
      const text = await response.text();
      if (content === 'plain') expect(text).not.toContain('/*');
      else expect(text).toContain(`/* ${content} */`);
      const etag = response.headers.get('etag') ?? '';
      // Not by fetch, which adds a cache-control of its own to such a request.
      const status = new Promise((resolve, reject) => {
        const headers = { accept: 'text/html, */*', 'accept-encoding': accept, 'if-none-match': etag };
        httpRequest(origin + path, { headers }, (answer) => resolve(answer.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect(await status).toBe(304);
    }
    expect(tags).not.toContain(null);
    expect((await get('/assets/gone.js', { 'accept-encoding': accept })).headers.get('content-encoding')).toBeNull();
  });

  it('says so when it is not built', async () => {
    await rm(join(staticDir, 'index.html'));
    await start();
    const response = await get('/', { accept: 'text/html' });
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm run build')]);
  });
});

describe('the document of the interface', () => {
  it('lists every route with its schemas, and a page shows it', async () => {
    await start();
    const document = (await (await get('/api/openapi.json')).json()) as {
      openapi: string;
      info: unknown;
      paths: Record<string, Record<string, { parameters: { name: string; in: string; required: boolean }[] }>>;
    };
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
    const echo = document.paths['/api/echo/{count}']?.['post'];
    expect(echo?.parameters.map(({ name, in: where, required }) => [name, where, required])).toEqual([
      ['count', 'path', true],
      ['loud', 'query', false],
    ]);
    expect(echo).toMatchObject({
      requestBody: { content: { 'application/json': { schema: { required: ['text'] } } } },
      responses: { 201: {}, default: {} },
    });
    const page = await (await get('/api/docs')).text();
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(path).toMatch(/^\/api\//);
      expect((await get(String(path))).status).toBe(200);
    }
  });
});

describe('listening', () => {
  it('says that a port is in use', async () => {
    await start();
    const port = Number(new URL(origin).port);
    const second = createHttpServer({
      routes: [],
      host: '127.0.0.1',
      port,
      proxies: noProxies,
      authenticate: () => Promise.resolve(undefined),
      version: '0',
      logger: silentLogger,
    });
    await expect(second.start()).rejects.toMatchObject({ kind: 'unavailable', code: 'port_in_use' });
  });

  it('ends a request that is running when it stops', async () => {
    let began = () => {};
    const running = new Promise<void>((resolve) => (began = resolve));
    let reason: unknown;
    const hanging = defineRoute({
      method: 'get',
      path: '/api/hang',
      access: 'public',
      summary: 'hangs',
      feature: 'test',
      produces: 'text/plain',
      handler: ({ signal }) =>
        new Promise<void>((resolve) => {
          began();
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            resolve();
          });
        }),
    });
    await start({ routes: [hanging] });
    const answer = get('/api/hang').then(
      () => 'answered',
      () => 'cut',
    );
    await running;
    await server.stop();
    expect(await answer).toBe('cut');
    expect(reason).toMatchObject({ code: 'stopping' });
  });
});

describe('TLS', () => {
  const load = (mode: 'auto' | 'on' | 'off', host: string, nowMs = Date.now()) =>
    loadTls({ mode, host, keysDir: join(staticDir, 'keys'), clock: { ...systemClock, nowMs: () => nowMs } });

  it('is on by default off loopback, and off only when told so', async () => {
    await start();
    expect(await load('auto', '127.0.0.1')).toBeUndefined();
    expect(await load('auto', 'localhost')).toBeUndefined();
    expect(await load('off', '0.0.0.0')).toBeUndefined();
    expect(await load('on', '127.0.0.1')).toBeDefined();
    expect(await load('auto', '0.0.0.0')).toBeDefined();
  });

  it('makes a certificate once, for this machine, and again before it ends or for another host', async () => {
    await start();
    const first = await load('auto', '0.0.0.0');
    expect(await load('auto', '0.0.0.0')).toEqual(first);
    expect(await load('auto', 'canh.example')).not.toEqual(first);
    const second = await load('auto', '0.0.0.0');
    expect(await load('auto', '0.0.0.0', Date.now() + 360 * 24 * 3600_000)).toEqual(second);
    expect(await load('auto', '0.0.0.0', Date.now() + 370 * 24 * 3600_000)).not.toEqual(second);
  });

  it('serves HTTPS that a client can verify', async () => {
    const tls = await load('on', '127.0.0.1');
    await start({ tls });
    expect(origin).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`${origin}/api/things/1`, { ca: tls?.cert }, (response) => {
        response.resume();
        resolve([response.statusCode, response.headers['strict-transport-security']]);
      })
        .on('error', reject)
        .end();
    });
    // Generated: the browser must be able to go on after its warning.
    expect(status).toEqual([200, undefined]);
  });

  it('wants both files of an own certificate', async () => {
    await start();
    const given = { mode: 'auto' as const, host: 'x', keysDir: staticDir, clock: systemClock };
    for (const files of [{ certFile: '/none.crt' }, { certFile: '/none.crt', keyFile: '/none.key' }]) {
      await expect(loadTls({ ...given, ...files })).rejects.toMatchObject({ code: 'bad_certificate' });
    }
  });
});
