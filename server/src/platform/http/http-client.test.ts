import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressRules } from '../../lib/address-rules.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { keyFingerprint } from './guarded-agent.js';
import { HttpClient, type HttpClientOptions } from './http-client.js';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}
async function certificate(options: { expired?: boolean } = {}) {
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'x' }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    ...(options.expired === true ? { notBeforeDate: new Date(now - 2e9), notAfterDate: new Date(now - 1e9) } : {}),
  });
  return { cert: made.cert, key: made.private, pin: keyFingerprint(new X509Certificate(made.cert).publicKey) };
}
function client(origin: string, options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = new HttpClient({ origin, ...options });
  ends.push(() => made.close());
  return made;
}
const usual = { headersMs: 2000, totalMs: 5000, maxBytes: 1000 };
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );

describe('an HTTP client', () => {
  it('answers with status, headers and body, sends a body, and follows no redirect', async () => {
    const seen: string[] = [];
    const origin = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === '/away') response.writeHead(302, { location: '/secret' }).end();
      else request.pipe(response.writeHead(200, { 'x-a': '1' }));
    });
    const http = client(origin);
    const body = Buffer.from('hello');
    const echoed = await http.read({ ...usual, method: 'PUT', path: '/echo', query: { a: 1, b: undefined }, body });
    expect([echoed.status, echoed.headers['x-a'], echoed.body.toString()]).toEqual([200, '1', 'hello']);
    expect((await http.read({ ...usual, path: '/away' })).status).toBe(302);
    expect(seen).toEqual(['PUT /echo?a=1', 'GET /away']);
  });

  it.each([
    ['no answer', 'peer_too_slow', () => undefined, {}],
    [
      'a dripping body',
      'peer_too_slow',
      (response) => {
        const timer = setInterval(() => response.write('.'), 20);
        response.once('close', () => clearInterval(timer));
      },
      {},
    ],
    ['silence inside the body', 'peer_too_slow', (response) => response.write('begin'), { totalMs: 60_000 }],
    ['a long body that says so', 'peer_too_long', (response) => response.end('x'.repeat(2000)), {}],
    [
      'an endless body that does not say so',
      'peer_too_long',
      (response) => {
        const more = () => response.write('x'.repeat(500), () => setImmediate(more));
        more();
      },
      {},
    ],
    ['a connection that is cut', 'peer_unreachable', (response) => response.destroy(), {}],
  ] as [string, string, (response: Parameters<RequestListener>[1]) => void, object][])(
    'gives up on %s',
    async (_what, code, answer, options) => {
      const origin = await serve((_request, response) => answer(response));
      const asked = { path: '/', headersMs: 300, totalMs: 400, idleMs: 200, maxBytes: 1000, ...options };
      const startedAt = performance.now();
      expect(await codeOf(client(origin).read(asked))).toBe(code);
      expect(performance.now() - startedAt).toBeLessThan(2000);
    },
  );

  it('does not take a slow reader for a silent peer', async () => {
    const origin = await serve((_request, response) => response.end(Buffer.alloc(3_000_000)));
    const answer = await client(origin).open({ path: '/', headersMs: 1000, idleMs: 100 });
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 500));
      bytes += chunk.length;
    }
    expect(bytes).toBe(3_000_000);
  });

  it('gives up on a peer that takes connections and does not finish the handshake', async () => {
    const port = await listen(createTcpServer(() => undefined));
    const http = client(`https://127.0.0.1:${port}`, { connectMs: 200 });
    const startedAt = performance.now();
    expect(await codeOf(http.read({ ...usual, path: '/' }))).toBe('peer_unreachable');
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  it('connects to no address that its peer may not have', async () => {
    let requests = 0;
    const origin = await serve((_request, response) => {
      requests += 1;
      response.end('ok');
    });
    const strict = client(origin, { rules: new AddressRules() });
    expect(await codeOf(strict.read({ ...usual, path: '/' }))).toBe('address_not_allowed');
    expect(requests).toBe(0);
    expect((await client(origin, { rules: loopbackRules }).read({ ...usual, path: '/' })).status).toBe(200);
  });

  it('ends with the reason of its caller, also while it waits for a connection', async () => {
    const origin = await serve(() => undefined);
    const http = client(origin, { maxSockets: 1 });
    const stop = new AbortController();
    const first = http.read({ ...usual, path: '/1', signal: stop.signal });
    const second = http.read({ ...usual, path: '/2', signal: stop.signal });
    setTimeout(() => stop.abort(new Error('the viewer left')), 50);
    await expect(first).rejects.toThrow('the viewer left');
    await expect(second).rejects.toThrow('the viewer left');
  });

  it('asks once more where a kept connection is dead', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end('ok');
    });
    const http = client(`http://127.0.0.1:${await listen(server)}`);
    await http.read({ ...usual, path: '/' });
    server.closeAllConnections();
    expect((await http.read({ ...usual, path: '/' })).body.toString()).toBe('ok');
    expect(requests).toBe(2);
  });

  it('sends nothing to another key than the pinned one, and asks neither name nor date of the right one', async () => {
    const [right, other] = [await certificate({ expired: true }), await certificate()];
    const seen: string[] = [];
    const start = (tls: { cert: string; key: string }) =>
      listen(
        createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
          seen.push(String(request.headers['authorization']));
          response.end('ok');
        }),
      );
    const headers = { authorization: 'secret' };
    const [good, bad] = [await start(right), await start(other)];
    const pinned = (port: number) => client(`https://127.0.0.1:${port}`, { tls: { pin: right.pin } });
    const http = pinned(good);
    for (let time = 0; time < 3; time += 1) await http.read({ ...usual, path: '/', headers });
    expect(seen).toEqual(['secret', 'secret', 'secret']);
    await expect(pinned(bad).read({ ...usual, path: '/', headers })).rejects.toMatchObject({
      code: 'peer_key_changed',
      details: { fingerprint: other.pin },
    });
    expect(seen).toHaveLength(3);
  });
});
