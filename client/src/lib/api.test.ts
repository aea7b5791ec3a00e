import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, onUnauthenticated, withQuery } from './api.js';
import { ApiError, isApiError } from './api-error.js';
import { shouldRetry } from './query-client.js';

const error = (kind: string, code: string, more: object = {}) => ({
  error: { kind, code, message: 'in English', details: {}, requestId: 'r1', ...more },
});
const answers: Record<string, { status: number; body: string }> = {
  '/good': { status: 200, body: '{"count":3,"extra":true}' },
  '/odd': { status: 200, body: '{"count":"three"}' },
  '/page': { status: 200, body: '<html>' },
  '/nothing': { status: 204, body: '' },
  '/fields': {
    status: 400,
    body: JSON.stringify(error('invalid', 'invalid_input', { fields: [{ path: 'name', message: 'too long' }] })),
  },
  '/gone': { status: 404, body: JSON.stringify(error('not_found', 'camera_not_found', { details: { id: 'x' } })) },
  '/out': { status: 401, body: JSON.stringify(error('unauthenticated', 'not_signed_in')) },
  '/proxy': { status: 502, body: '<html>Bad gateway</html>' },
  '/teapot': { status: 418, body: 'short and stout' },
};

let server: Server;
let base: string;
const seen: { method: string | undefined; type: string | undefined; body: string }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ method: request.method, type: request.headers['content-type'], body });
      const answer = answers[request.url?.split('?')[0] ?? ''] ?? { status: 500, body: '' };
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const schema = z.object({ count: z.int() });
const failure = async (path: string): Promise<ApiError> => {
  const caught: unknown = await api.get(`${base}${path}`, { schema }).catch((thrown: unknown) => thrown);
  if (!isApiError(caught)) throw new Error(`no ApiError from ${path}`);
  return caught;
};

describe('api', () => {
  it('parses the answer by its schema', async () => {
    expect(await api.get(`${base}/good`, { schema })).toEqual({ count: 3 });
    expect(await api.delete(`${base}/nothing`, { body: { reason: 'broken' } })).toBeUndefined();
  });

  it('sends JSON with whatever changes something', async () => {
    await api.post(`${base}/good`, { schema, body: { name: 'Chợ' } });
    expect(seen.at(-1)).toEqual({ method: 'POST', type: 'application/json', body: '{"name":"Chợ"}' });
    await api.get(`${base}/good`, { schema });
    expect(seen.at(-1)).toEqual({ method: 'GET', type: undefined, body: '' });
  });

  it.each([
    ['/fields', 'invalid', 'invalid_input', 400],
    ['/gone', 'not_found', 'camera_not_found', 404],
    ['/proxy', 'unavailable', 'unavailable', 502],
    ['/teapot', 'invalid', 'invalid', 418],
    ['/odd', 'bad_answer', 'bad_answer', 200],
    ['/page', 'bad_answer', 'bad_answer', 200],
  ])('%s → %s', async (path, kind, code, status) => {
    const caught = await failure(path);
    expect([caught.kind, caught.code, caught.status]).toEqual([kind, code, status]);
  });

  it('carries fields, details and the request number', async () => {
    expect((await failure('/fields')).fields).toEqual([{ path: 'name', message: 'too long' }]);
    const gone = await failure('/gone');
    expect([gone.details, gone.requestId]).toEqual([{ id: 'x' }, 'r1']);
  });

  it('tells when the session has ended', async () => {
    let told = 0;
    const stop = onUnauthenticated(() => (told += 1));
    await failure('/out');
    expect(told).toBe(1);
    stop();
    await failure('/out');
    expect(told).toBe(1);
  });

  it('calls no answer a network error, and passes an abort on as it is', async () => {
    const caught: unknown = await api.get('http://127.0.0.1:1/x', { schema }).catch((thrown: unknown) => thrown);
    expect(isApiError(caught, 'network')).toBe(true);
    const controller = new AbortController();
    controller.abort();
    const aborted: unknown = await api
      .get(`${base}/good`, { schema, signal: controller.signal })
      .catch((thrown: unknown) => thrown);
    expect(isApiError(aborted)).toBe(false);
    expect((aborted as Error).name).toBe('AbortError');
  });
});

describe('withQuery', () => {
  it('leaves out what is empty and encodes the rest', () => {
    expect(withQuery('/api/audit', { from: undefined, action: '', limit: 50, text: 'chợ & cầu', all: false })).toBe(
      '/api/audit?limit=50&text=ch%E1%BB%A3+%26+c%E1%BA%A7u&all=false',
    );
    expect(withQuery('/api/areas', {})).toBe('/api/areas');
  });
});

describe('shouldRetry', () => {
  const of = (kind: ApiError['kind']) => new ApiError({ kind, code: kind, message: '' });
  it.each([
    [0, of('network'), true],
    [1, of('unavailable'), true],
    [2, of('network'), false],
    [0, of('not_found'), false],
    [0, of('internal'), false],
    [0, new Error('defect'), false],
  ])('attempt %i, %s', (count, caught, expected) => expect(shouldRetry(count, caught)).toBe(expected));
});
