import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRecorderClient, type RecorderClient } from './recorder-client.js';
import { RecorderHttp } from './recorder-http.js';

const bytes = 1200;
const access = { kind: 'token', token: 'k'.repeat(32) } as const;
let server: Server;
let url: string;
let client: RecorderClient;
/** Between two bytes of a file; 0: it comes at once. */
let everyMs: number;

beforeEach(async () => {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': bytes });
    if (everyMs === 0) return void response.end('x'.repeat(bytes));
    const timer = setInterval(() => response.write('x'), everyMs);
    response.on('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  client = createRecorderClient({ url, access, fileGraceMs: 300 });
});
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

it('a file that its recorder draws out byte by byte is given up, by its size', async () => {
  everyMs = 20;
  const drawn = await client.extractionFile(randomUUID(), { index: 0, bytes });
  await expect(buffer(drawn)).rejects.toMatchObject({ kind: 'unavailable', code: 'peer_too_slow' });
});

it('a file that comes is whole', async () => {
  everyMs = 0;
  const whole = await client.extractionFile(randomUUID(), { index: 0, bytes });
  expect(await buffer(whole)).toHaveLength(bytes);
});

it('a body that nobody needs is not drawn out either', async () => {
  everyMs = 20;
  const http = new RecorderHttp({ url, access });
  await http.plain({ path: '/v1/clock/confirm', method: 'POST', timeoutMs: 300 });
  const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  expect(await connections()).toBe(1);
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 10_000 });
  http.close();
});
