import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../config.js';
import { silentLogger, type Logger } from '../../lib/logger.js';
import type { ForwardingProblem } from './forwarding-watch.js';
import { createHttpServer, type HttpServer } from './http-server.js';
import { requestPeer } from './request-peer.js';
import { defineRoute } from './route.js';
import { TrustedProxies } from './trusted-proxies.js';

const proxyAddress = '127.0.0.1';
let server: HttpServer | undefined;
afterEach(() => server?.stop());

interface Answer {
  status: number;
  code: string | undefined;
  header: unknown;
}

async function start(proxies: string[], problems: ForwardingProblem[] = [], logger: Logger = silentLogger) {
  server = createHttpServer({
    routes: [
      defineRoute({
        method: 'post',
        path: '/api/session',
        access: 'public',
        summary: '',
        feature: 'test',
        body: z.object({}),
        response: z.object({ value: z.string() }),
        handler: () => Promise.resolve({ value: 'signed in' }),
      }),
    ],
    host: '127.0.0.1',
    port: 0,
    proxies: new TrustedProxies(proxies),
    onForwardingProblem: (problem) => problems.push(problem),
    authenticate: () => Promise.resolve(undefined),
    version: '0',
    logger,
  });
  const { port } = await server.start();
  return (headers: Record<string, string>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const given = { 'content-type': 'application/json', ...headers };
      httpRequest({ port, host: '127.0.0.1', path: '/api/session', method: 'POST', headers: given }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('end', () => {
          const body = JSON.parse(text) as { error?: { code: string; details: Record<string, unknown> } };
          resolve({ status: response.statusCode ?? 0, code: body.error?.code, header: body.error?.details['header'] });
        });
      })
        .on('error', reject)
        .end('{}');
    });
}

const browser = { origin: 'https://cctv.example:8443', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' };

describe('a page behind a reverse proxy on another port', () => {
  it.each<[string, Record<string, string>, number, string | undefined]>([
    ['without the port', { host: 'cctv.example' }, 403, 'X-Forwarded-Port'],
    ['with X-Forwarded-Port', { host: 'cctv.example', 'x-forwarded-port': '8443' }, 200, undefined],
    ['with the address of the console as host', { host: '127.0.0.1:8470' }, 403, 'X-Forwarded-Host'],
    [
      'with X-Forwarded-Host and its port',
      { host: '127.0.0.1:8470', 'x-forwarded-host': 'cctv.example:8443' },
      200,
      undefined,
    ],
    [
      'with X-Forwarded-Host and X-Forwarded-Port',
      { host: '127.0.0.1:8470', 'x-forwarded-host': 'cctv.example', 'x-forwarded-port': '8443' },
      200,
      undefined,
    ],
    ['with $http_host as host', { host: 'cctv.example:8443' }, 200, undefined],
    ['without the scheme', { host: 'cctv.example:8443', 'x-forwarded-proto': '' }, 403, 'X-Forwarded-Proto'],
    [
      'with Forwarded alone',
      { host: 'x', 'x-forwarded-proto': '', forwarded: 'for=192.0.2.7;proto=https;host="cctv.example:8443"' },
      200,
      undefined,
    ],
    ['from another site', { host: 'cctv.example:8443', origin: 'https://evil.example' }, 403, 'X-Forwarded-Host'],
    [
      'from another site, with everything forwarded',
      { host: 'x', 'x-forwarded-host': 'cctv.example:8443', origin: 'https://evil.example' },
      403,
      undefined,
    ],
    [
      'from another port of the same machine, with everything forwarded',
      {
        host: 'x',
        'x-forwarded-host': 'cctv.example',
        'x-forwarded-port': '8443',
        origin: 'https://cctv.example:9000',
      },
      403,
      undefined,
    ],
  ])('signs in, or hears what is missing: %s', async (_name, headers, status, header) => {
    const problems: ForwardingProblem[] = [];
    const ask = await start([proxyAddress], problems);
    const given = Object.fromEntries(Object.entries({ ...browser, ...headers }).filter(([, value]) => value !== ''));
    const answer = await ask(given);
    expect([answer.status, answer.header]).toEqual([status, header]);
    if (header === undefined) expect(problems).toEqual([]);
    else expect(problems).toEqual([{ kind: 'proxy_header_missing', header }]);
  });

  it('is not believed from an address that is not in the list, which is said once', async () => {
    const problems: ForwardingProblem[] = [];
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (_facts: unknown, text: string) => void lines.push(text) } as Logger;
    const ask = await start(['10.0.0.0/8'], problems, logger);
    const given = { ...browser, host: '127.0.0.1:8470', 'x-forwarded-host': 'cctv.example:8443' };
    for (let index = 0; index < 3; index += 1) {
      expect(await ask(given)).toMatchObject({ status: 403, code: 'proxy_not_trusted' });
    }
    expect(problems).toEqual([{ kind: 'proxy_not_trusted', address: '127.0.0.1' }]);
    expect(lines.filter((line) => line.includes('CHOI_CANH_TRUSTED_PROXIES'))).toHaveLength(1);
    // A page of our own that is reached directly needs no proxy.
    expect(
      await ask({ host: 'cctv.example', origin: 'http://cctv.example', 'x-forwarded-host': 'evil' }),
    ).toMatchObject({
      status: 200,
    });
  });
});

describe('the peer of a request', () => {
  const peer = (headers: Record<string, string>, remoteAddress = '::ffff:10.0.0.2') =>
    requestPeer(
      { headers, socket: { remoteAddress } } as unknown as IncomingMessage,
      new TrustedProxies(['10.0.0.0/8', 'fd00::/8']),
    );

  it.each([
    [{ 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
    [{ 'x-forwarded-for': '203.0.113.9, 192.0.2.7' }, '192.0.2.7'],
    [{ 'x-forwarded-for': '203.0.113.9, 192.0.2.7, 10.0.0.3, fd00::1' }, '192.0.2.7'],
    [{ 'x-forwarded-for': '10.0.0.9' }, '10.0.0.9'],
    [{ 'x-forwarded-for': '192.0.2.7:4711' }, '192.0.2.7'],
    [{ forwarded: 'for="[2001:db8::1]:4711";proto=https' }, '2001:db8::1'],
    [{ 'x-forwarded-for': 'unknown' }, '10.0.0.2'],
    [{ 'x-forwarded-for': '192.0.2.7, <script>' }, '10.0.0.2'],
    [{}, '10.0.0.2'],
  ])('is the nearest one that is no proxy of ours: %j', (headers, address) => {
    expect(peer(headers as Record<string, string>).address).toBe(address);
  });

  it('of a stranger is what the socket says', () => {
    const headers = {
      host: 'a',
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'b',
    };
    expect(peer(headers, '192.0.2.50')).toEqual({ address: '192.0.2.50', host: 'a', protocol: 'http' });
  });
});

describe('the list of proxies', () => {
  it('takes addresses and networks of both families, and refuses what is neither', () => {
    const { TRUSTED_PROXIES } = loadConfig({ CHOI_CANH_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8 ,fd00::/8' });
    const proxies = new TrustedProxies(TRUSTED_PROXIES);
    expect(
      ['127.0.0.1', '::ffff:127.0.0.1', '10.9.9.9', 'fd00::7'].map((address) => proxies.includes(address)),
    ).toEqual([...[true, true, true, true]]);
    expect(['127.0.0.2', '11.0.0.1', 'fe80::1', '', 'x'].some((address) => proxies.includes(address))).toBe(false);
    for (const wrong of ['true', '10.0.0.0/33', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/']) {
      expect(() => loadConfig({ CHOI_CANH_TRUSTED_PROXIES: wrong })).toThrow(
        /TRUSTED_PROXIES.*neither an IP address nor a network/,
      );
    }
  });

  it('replaces the old switch, and says so', () => {
    expect(() => loadConfig({ CHOI_CANH_TRUST_PROXY: 'true' })).toThrow(/CHOI_CANH_TRUSTED_PROXIES/);
    expect(loadConfig({ CHOI_CANH_TRUST_PROXY: 'false' }).TRUSTED_PROXIES).toEqual([]);
  });

  it('is explained in the README, with every header that is read', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../../README.md'), 'utf8');
    for (const header of ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port']) {
      expect(readme).toMatch(new RegExp(`proxy_set_header +${header} `));
    }
  });
});
