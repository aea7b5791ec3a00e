import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeKeyCertificate } from './platform/http/key-certificate.js';

let status = 200;
let server: ReturnType<typeof createServer>;
let port: number;
beforeAll(async () => {
  const { cert, key } = await makeKeyCertificate('console');
  server = createServer({ cert, key }, (request, response) => {
    response.writeHead(request.url === '/api/health' ? status : 404).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

/** The exit code of the container's health check. */
async function check(env: Record<string, string>): Promise<number> {
  const args = ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'health-check.ts')];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

it('says whether the console answers, also with a certificate of its own', async () => {
  // As in the container: every address, TLS by default.
  const env = { CHOI_CANH_HOST: '0.0.0.0', CHOI_CANH_PORT: String(port) };
  expect(await check(env)).toBe(0);
  status = 503;
  expect(await check(env)).toBe(1);
  expect(await check({ ...env, CHOI_CANH_TLS: 'off' })).toBe(1);
});
