// Devices that speak https of their own kind: own certificates, old TLS, http that leads to https.
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { shownTlsKey } from './http-exchange.js';
import {
  closing,
  credentials,
  failureOf,
  onvif,
  ownCertificate,
  scriptedCamera,
  tokenOnly,
  usual,
  type Responder,
} from './onvif.test-harness.js';

const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;

async function secureCamera(respond: Responder, tls: ServerOptions = {}) {
  const requests: string[] = [];
  const server = createSecureServer({ ...(await ownCertificate()), ...tls }, (request, response) =>
    answer(request, response, respond, requests),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `https://127.0.0.1:${port}`, url: `https://127.0.0.1:${port}/onvif/device_service`, requests };
}

function answer(request: IncomingMessage, response: ServerResponse, respond: Responder, requests: string[]): void {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    const operation = /<s:Body><(?:\w+:)?(\w+)/.exec(body)?.[1] ?? '';
    requests.push(operation);
    const given = respond(operation, request, body);
    response.writeHead(given?.status ?? 200, given?.headers ?? {}).end(given?.body ?? '');
  });
}

describe('TLS that is out of date', () => {
  it('is spoken, and told', async () => {
    const camera = await secureCamera(tokenOnly(usual()), old);
    const facts = await onvif.identify(camera.url, credentials);
    expect(facts).toMatchObject({ model: 'Cam 7', oldTls: true });
    expect(await shownTlsKey(new URL(camera.url), loopbackRules, 1500)).toBe(facts.tlsKey);
    const other = { ...credentials, tlsKey: 'ab'.repeat(32) };
    expect((await failureOf(onvif.identify(camera.url, other))).code).toBe('tls_key_changed');
  });

  it('is not where there is better', async () => {
    const camera = await secureCamera(tokenOnly(usual()));
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({ oldTls: false });
  });

  it.each<[string, Buffer | undefined]>([
    ['closes', undefined],
    ['answers in HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers with noise', Buffer.from([21, 3, 1, 0, 2, 2, 40])],
  ])('that nobody can speak has its own reason: the device %s', async (_how, reply) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => (reply === undefined ? socket.end() : socket.end(reply)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    expect(
      await failureOf(onvif.identify(`https://127.0.0.1:${port}/onvif/device_service`, credentials)),
    ).toMatchObject({
      code: 'tls_unusable',
      reason: 'tls_unusable',
    });
  });
});

describe('http that leads to https', () => {
  const leading =
    (location: string, status = 302): Responder =>
    () => ({ status, headers: { location }, body: '' });

  it.each([301, 302, 307, 308])('is followed on the same host, before any password: %i', async (status) => {
    const secure = await secureCamera(tokenOnly(usual()));
    const plain = await scriptedCamera(leading(secure.url, status));
    const facts = await onvif.identify(plain.url, credentials);
    expect(facts).toMatchObject({ model: 'Cam 7', deviceAddress: secure.url });
    expect(facts.tlsKey).toMatch(/^[0-9a-f]{64}$/);
    expect(plain.requests).toEqual(['GetSystemDateAndTime']);
  });

  it('is not followed to another host, nor down to http, nor with a name in it', async () => {
    const other = await scriptedCamera(usual());
    for (const location of [
      'https://192.0.2.10/onvif/device_service',
      other.url,
      `https://a:b@127.0.0.1:${other.port}/`,
      '/elsewhere',
      'javascript:alert(1)',
    ]) {
      const plain = await scriptedCamera(leading(location));
      expect((await failureOf(onvif.identify(plain.url, credentials))).code).toBe('bad_answer');
    }
    expect(other.requests).toEqual([]);
  });

  it('does not go on without end', async () => {
    const secure = await secureCamera((_operation, request) => ({
      status: 302,
      headers: { location: `https://${String(request.headers.host)}/again` },
      body: '',
    }));
    const plain = await scriptedCamera(leading(secure.url));
    expect((await failureOf(onvif.identify(plain.url, credentials))).code).toBe('bad_answer');
  });

  it('nothing goes over plain http to a camera whose key is pinned', async () => {
    const camera = await scriptedCamera(usual());
    const pinned = { ...credentials, tlsKey: 'ab'.repeat(32) };
    expect((await failureOf(onvif.identify(camera.url, pinned))).code).toBe('password_withheld');
    expect(camera.requests).toEqual([]);
  });

  it('services that are told over http stay on https', async () => {
    const secure = await secureCamera((operation, request, body) =>
      operation === 'GetCapabilities'
        ? { body: String(usual()(operation, request, body)?.body).replace('192.168.1.108', '127.0.0.1:1') }
        : usual()(operation, request, body),
    );
    expect(await onvif.identify(secure.url, credentials)).toMatchObject({ main: { width: 1920 } });
  });
});
