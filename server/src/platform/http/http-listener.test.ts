import { once } from 'node:events';
import { Agent, get, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { get as secureGet } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import type { Answer } from './answers.js';
import { createHttpListener, type HttpLimits, type HttpListener, type HttpListenerOptions } from './http-listener.js';
import { loadTls } from './tls.js';

type Handle = (request: IncomingMessage, response: ServerResponse, answer: Answer) => void;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Started {
  listener: HttpListener;
  origin: string;
  port: number;
}

async function start(
  handle: Handle,
  limits: Partial<HttpLimits> = {},
  more: Partial<HttpListenerOptions> = {},
): Promise<Started> {
  const listener = createHttpListener({
    host: '127.0.0.1',
    port: 0,
    limits: { stopDeadlineMs: 200, ...limits },
    handle,
    refuse: (response) => response.writeHead(503).end(),
    logger: silentLogger,
    ...more,
  });
  ends.push(() => listener.stop());
  return { listener, ...(await listener.start()) };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // it is cut
  ends.push(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

function received(socket: Socket): { text: () => string; closed: Promise<void> } {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return { text: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

const ask = (path: string, head = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${head}\r\n`;
const status = (url: string, agent: Agent | false = false): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });

it('makes the answers of a socket one after another, in the order of its requests', async () => {
  let atOnce = 0;
  let most = 0;
  const { port } = await start((request, response) => {
    most = Math.max(most, (atOnce += 1));
    setTimeout(() => {
      atOnce -= 1;
      response.end(`[${request.url}]`);
    }, 5);
  });
  const socket = await open(port);
  const { text } = received(socket);
  socket.write(ask('/a') + ask('/b') + ask('/c'));
  await expect.poll(text).toMatch(/\[\/a\][^]*\[\/b\][^]*\[\/c\]/);
  socket.write(ask('/d'));
  await expect.poll(text).toContain('[/d]');
  expect(most).toBe(1);
});

it('cuts off a client that sends many requests without reading, and keeps nothing of them', async () => {
  let begun = 0;
  const aborted: unknown[] = [];
  const { listener, port } = await start(
    (_request, _response, { signal }) => {
      begun += 1;
      signal.addEventListener('abort', () => aborted.push(signal.reason));
    },
    { maxWaitingPerSocket: 5 },
  );
  const patient = await open(port);
  patient.write(ask('/').repeat(5));
  await expect.poll(() => listener.answers.count).toBe(5);
  const greedy = await open(port);
  const { closed } = received(greedy);
  greedy.write(ask('/').repeat(50));
  await closed;
  await expect.poll(() => listener.answers.count).toBe(5);
  // Those that had no turn have no socket of their own, and leave with the client all the same.
  patient.destroy();
  await expect.poll(() => listener.answers.count).toBe(0);
  expect(begun).toBe(2);
  expect(aborted).toMatchObject([{ code: 'client_gone' }, { code: 'client_gone' }]);
});

it('bounds the answers that are under way to one peer', async () => {
  const waiting: ServerResponse[] = [];
  const { listener, origin, port } = await start((_request, response) => void waiting.push(response), {
    maxAnswersPerPeer: 3,
  });
  for (let index = 0; index < 3; index += 1) (await open(port)).write(ask('/'));
  await expect.poll(() => waiting.length).toBe(3);
  expect(await status(origin)).toBe(503);
  waiting[0]?.end();
  await expect.poll(() => listener.answers.count).toBe(2);
  const next = status(origin);
  await expect.poll(() => waiting.length).toBe(4);
  waiting[3]?.end();
  expect(await next).toBe(200);
});

it('answers whoever else comes while one peer holds thousands of silent connections', async () => {
  const { listener, origin, port } = await start((_request, response) => void response.end('here'), {
    maxConnections: 500,
    maxConnectionsPerPeer: 100,
  });
  const busy = new Agent({ keepAlive: true, maxSockets: 1 });
  ends.push(() => busy.destroy());
  const sockets: Socket[] = [];
  for (let index = 0; index < 2000; index += 1) {
    const socket = await open(port);
    // Some say nothing, some begin a request and do not end it.
    if (index % 2 === 0) socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
    sockets.push(socket);
    if (index % 100 === 0) expect(await status(origin, busy)).toBe(200);
  }
  expect(await status(origin)).toBe(200);
  await expect.poll(() => sockets.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(100);
  expect(listener.answers.count).toBe(0);
});

it('takes no connection from whoever waits for an answer', async () => {
  const waiting: ServerResponse[] = [];
  const { port, origin } = await start((_request, response) => void waiting.push(response), {
    maxConnectionsPerPeer: 5,
  });
  const sockets = await Promise.all(Array.from({ length: 5 }, () => open(port)));
  const texts = sockets.map((socket) => received(socket).text);
  for (const socket of sockets) socket.write(ask('/'));
  await expect.poll(() => waiting.length).toBe(5);
  await expect(status(origin)).rejects.toThrow();
  for (const response of waiting) response.end('answered');
  for (const text of texts) await expect.poll(text).toContain('answered');
  const next = status(origin);
  await expect.poll(() => waiting.length).toBe(6);
  waiting[5]?.end();
  expect(await next).toBe(200);
});

it('bounds requests per socket', async () => {
  const { port } = await start((_request, response) => void response.end('x'), { maxRequestsPerSocket: 3 });
  const socket = await open(port);
  const { text, closed } = received(socket);
  const answered = () => text().split('200 OK').length - 1;
  for (let count = 1; count <= 2; count += 1) {
    socket.write(ask('/'));
    await expect.poll(answered).toBe(count);
  }
  socket.write(ask('/').repeat(5));
  await closed;
  expect(answered()).toBe(3);
  expect(text()).toMatch(/connection: close/i);
});

it('ends slow heads, slow bodies and clients that take nothing', async () => {
  const { port } = await start(
    (request, response) => {
      if (request.method === 'POST') request.resume().once('end', () => response.end('all'));
      else response.end(Buffer.alloc(50_000_000));
    },
    { headersTimeoutMs: 300, requestTimeoutMs: 600, stallTimeoutMs: 1000 },
  );
  const slowHead = await open(port);
  const slowBody = await open(port);
  const silent = await open(port);
  const closings = [slowHead, slowBody].map((socket) => received(socket).closed);
  slowHead.write('GET / HTTP/1.1\r\nhost: x\r\nx-a: 1');
  slowBody.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
  const drip = setInterval(() => {
    slowHead.write('a');
    slowBody.write('a');
  }, 50);
  silent.pause();
  silent.write(ask('/'));
  try {
    await Promise.all(closings);
  } finally {
    clearInterval(drip);
  }
  let bytes = 0;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  silent.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
  await once(silent, 'close');
  expect(bytes).toBeLessThan(50_000_000);
});

it.each([
  ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 40\r\n\r\n'],
  [
    'a length and a transfer coding',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a disguised transfer coding', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n'],
  ['a bare line feed', 'GET / HTTP/1.1\r\nhost: x\n\tfolded: 1\r\n\r\n'],
])('refuses a request that a proxy may read otherwise: %s', async (_name, head) => {
  const asked: (string | undefined)[] = [];
  const { port } = await start((request, response) => {
    asked.push(request.url);
    response.end('x');
  });
  const socket = await open(port);
  const { text, closed } = received(socket);
  socket.write(`${head}GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n`);
  await closed;
  expect(text()).toMatch(/^HTTP\/1.1 400 /);
  expect(asked).toEqual([]);
});

it('does not cut off a client whose answer takes longer than that', async () => {
  const { origin } = await start((_request, response) => void setTimeout(() => response.end('late'), 900), {
    stallTimeoutMs: 200,
  });
  expect(await status(origin)).toBe(200);
});

it('stops: what is read ends at once, a change may finish, the rest ends at the deadline', async () => {
  const reasons: Record<string, unknown> = {};
  let begun = 0;
  const { listener, origin } = await start(
    (request, response, { signal }) => {
      begun += 1;
      signal.addEventListener('abort', () => (reasons[request.url ?? ''] = signal.reason));
      if (request.url === '/change') setTimeout(() => response.end('changed'), 100);
    },
    { stopDeadlineMs: 400 },
  );
  const send = (method: string, path: string) =>
    new Promise<number | string | undefined>((resolve) => {
      httpRequest(origin + path, { method, agent: false }, (response) => resolve(response.resume().statusCode))
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .end();
    });
  const sent = [send('GET', '/read'), send('POST', '/change'), send('POST', '/hangs')];
  await expect.poll(() => begun).toBe(3);
  await listener.stop();
  expect(await Promise.all(sent)).toEqual(['ECONNRESET', 200, 'ECONNRESET']);
  expect(reasons).toMatchObject({ '/read': { code: 'stopping' }, '/hangs': { code: 'stopping' } });
  await expect(status(origin)).rejects.toThrow();
});

it('holds the same over TLS', async () => {
  const tls = await loadTls({
    mode: 'on',
    host: '127.0.0.1',
    keysDir: `${tmpdir()}/choi-canh-listener-${process.pid}`,
    clock: systemClock,
  });
  if (tls === undefined) throw new Error('no certificate');
  const { listener, origin, port } = await start(
    (_request, response) => void response.end('here'),
    { maxConnectionsPerPeer: 10 },
    { tls: { cert: tls.cert, key: tls.key } },
  );
  const sockets = await Promise.all(Array.from({ length: 40 }, () => open(port)));
  const answered = await new Promise((resolve, reject) => {
    secureGet(origin, { ca: tls.cert, agent: false }, (response) => {
      resolve(response.resume().statusCode);
    }).on('error', reject);
  });
  expect(answered).toBe(200);
  await expect.poll(() => sockets.filter((socket) => !socket.destroyed).length).toBeLessThanOrEqual(10);
  await expect.poll(() => listener.answers.count).toBe(0);
});
