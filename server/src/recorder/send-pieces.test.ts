import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { sendPieces } from './recorder-http.js';

const pieceBytes = 64 * 1024;
let server: Server;
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Pieces in memory that is used again and again. */
function source(count: number, endedWith?: Error) {
  const lent = Buffer.alloc(pieceBytes);
  const state = { given: 0, ended: false };
  async function* pieces() {
    try {
      for (; state.given < count; state.given++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield lent.fill(state.given % 251);
      }
      if (endedWith !== undefined) throw endedWith;
    } finally {
      lent.fill(255);
      state.ended = true;
    }
  }
  return { state, pieces: pieces() };
}

/** Answers with `pieces`; resolves with the answer, of which nothing is read yet, and with how sending ended. */
async function answer(pieces: AsyncIterable<Buffer>, byteLength: number, signal: AbortSignal) {
  let sent: (how: string) => void = () => undefined;
  const sending = new Promise<string>((resolve) => (sent = resolve));
  server = createServer((_request, response) => {
    response.setHeader('content-length', byteLength);
    sendPieces(response, pieces, signal).then(
      () => sent('ended'),
      (error: Error) => {
        response.destroy();
        sent(error.message);
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false });
  request.on('error', () => undefined); // it is cut
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { response, sending };
}

it('sends what is lent before it is overwritten, however slowly the client takes it', async () => {
  const count = 400;
  const { pieces, state } = source(count);
  const { response, sending } = await answer(pieces, count * pieceBytes, new AbortController().signal);
  // The client takes nothing: the source is not asked for more than the system's buffers hold.
  let before = -1;
  await expect
    .poll(() => {
      const stands = state.given === before;
      before = state.given;
      return stands;
    })
    .toBe(true);
  expect(state.given).toBeLessThan(count);
  let at = 0;
  for await (const chunk of response as AsyncIterable<Buffer>)
    for (const byte of chunk) {
      if (byte !== Math.floor(at / pieceBytes) % 251) throw new Error(`byte ${at} is ${byte}`);
      at += 1;
    }
  expect(at).toBe(count * pieceBytes);
  expect(await sending).toBe('ended');
});

it('asks for no more when the client has gone away', async () => {
  const { pieces, state } = source(100_000);
  const { response, sending } = await answer(pieces, 100_000 * pieceBytes, new AbortController().signal);
  response.destroy();
  expect(await sending).toBe('ended');
  expect(state.ended).toBe(true);
  expect(state.given).toBeLessThan(100_000);
});

it('cuts the connection when it must stop', async () => {
  const { pieces, state } = source(100_000);
  const stop = new AbortController();
  const { response, sending } = await answer(pieces, 100_000 * pieceBytes, stop.signal);
  response.on('error', () => undefined);
  stop.abort(new Error('the recorder stops'));
  expect(await sending).toBe('ended');
  expect(state.ended).toBe(true);
});

it('tells when the source fails', async () => {
  const { pieces } = source(3, new Error('deleted meanwhile'));
  const { response, sending } = await answer(pieces, 10 * pieceBytes, new AbortController().signal);
  response.on('error', () => undefined);
  response.resume();
  expect(await sending).toBe('deleted meanwhile');
});
