import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FrameReader, frameLengths, multiplexHead, type MultiplexAsk } from '@choi-canh/shared/live-multiplex';
import type { Response } from 'express';
import { afterEach, expect, it } from 'vitest';
import { AppError } from '../../lib/errors.js';
import { multiplexLive, type MultiplexLiveOptions } from './multiplex-live.js';

const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
const ask = (cameraId: string): MultiplexAsk => ({ cameraId, stream: 'sub', after: undefined });
const name = (id: string) => `${id}.sub`;

function frame(head: object, body = ''): Buffer {
  const [headBytes, bodyBytes] = [Buffer.from(JSON.stringify(head)), Buffer.from(body)];
  return Buffer.concat([frameLengths(headBytes.length, bodyBytes.length), headBytes, bodyBytes]);
}
const init = (id: string, body: string) => frame({ kind: 'init', name: name(id), id: 'aa' }, body);

/** A recorder's answer, which goes on as a test says. */
class Answer implements AsyncIterable<Uint8Array> {
  readonly #chunks: Buffer[] = [];
  #wake: () => void = () => undefined;
  #end: 'no' | 'yes' | 'broken' = 'no';
  taken = 0;
  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.end(true));
  }
  push(...chunks: Buffer[]): void {
    this.#chunks.push(...chunks);
    this.#wake();
  }
  end(broken = false): void {
    this.#end = broken ? 'broken' : 'yes';
    this.#wake();
  }
  async *[Symbol.asyncIterator]() {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.taken += 1;
        yield chunk;
      } else if (this.#end === 'yes') return;
      else if (this.#end === 'broken') throw new Error('cut');
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Viewed {
  frames: { head: { kind: string; name?: string }; body: string }[];
  answers: Map<string, Answer>;
  asked: { recorderId: string; streams: string }[];
  ended: () => boolean;
  response: globalThis.Response;
  leave(): void;
}

/** What a viewer gets over a real connection; `reads` false: he takes nothing. */
async function view(
  options: Pick<MultiplexLiveOptions, 'asks' | 'recordersOf'> & {
    open?: MultiplexLiveOptions['open'];
    watched?: MultiplexLiveOptions['watched'];
    reads?: boolean;
  },
): Promise<Viewed> {
  const answers = new Map<string, Answer>();
  const asked: Viewed['asked'] = [];
  const server = createServer((_request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('gone')));
    void multiplexLive({
      plays: 'h264',
      watched: () => Promise.resolve(() => undefined),
      open: (recorderId, { streams }, signal) => {
        asked.push({ recorderId, streams });
        const answer = new Answer(signal);
        answers.set(recorderId, answer);
        return Promise.resolve(answer);
      },
      ...options,
      response: response as unknown as Response,
      signal: gone.signal,
      checkEveryMs: 20,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const leaving = new AbortController();
  stops.push(() => {
    leaving.abort();
    server.closeAllConnections();
    server.close();
  });
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    signal: leaving.signal,
  });
  const frames: Viewed['frames'] = [];
  let ended = false;
  async function read() {
    const reader = new FrameReader();
    for await (const chunk of response.body!)
      for (const { head, body } of reader.push(chunk as Uint8Array))
        frames.push({
          head: multiplexHead.parse(JSON.parse(Buffer.from(head).toString())),
          body: Buffer.from(body).toString(),
        });
  }
  if (options.reads !== false)
    void read()
      .catch(() => undefined)
      .finally(() => (ended = true));
  return { frames, answers, asked, ended: () => ended, response, leave: () => leaving.abort() };
}

const eventually = (what: () => void) => expect.poll(() => (what(), true), { timeout: 5000 }).toBe(true);
const recorders = (entries: Record<string, string>) => () => Promise.resolve(new Map(Object.entries(entries)));

it('joins the answers of several recorders frame by frame, wherever their chunks end', async () => {
  const viewed = await view({
    asks: [ask(a), ask(b), ask(c)],
    recordersOf: recorders({ [a]: 'one', [b]: 'two', [c]: 'one' }),
  });
  await eventually(() => expect(viewed.answers.size).toBe(2));
  expect(viewed.asked).toEqual([
    { recorderId: 'one', streams: `${name(a)},${name(c)}` },
    { recorderId: 'two', streams: name(b) },
  ]);
  const [first, second] = [viewed.answers.get('one')!, viewed.answers.get('two')!];
  const whole = init(a, 'of one');
  first.push(whole.subarray(0, 11));
  second.push(init(b, 'of two'));
  await eventually(() => expect(viewed.frames.map(({ body }) => body)).toEqual(['of two']));
  first.push(Buffer.concat([whole.subarray(11), init(c, 'and more')]));
  await eventually(() => expect(viewed.frames.map(({ body }) => body)).toEqual(['of two', 'of one', 'and more']));
  expect(viewed.response.headers.get('cache-control')).toContain('no-store');
  viewed.leave();
});

it('what may not be seen fails alone, and its recorder is not asked for it', async () => {
  const viewed = await view({ asks: [ask(a), ask(b)], recordersOf: recorders({ [a]: 'one' }) });
  await eventually(() => expect(viewed.frames).toHaveLength(1));
  expect(viewed.frames[0]).toMatchObject({ head: { kind: 'failure', name: name(b), status: 404 } });
  expect(viewed.frames[0]!.body).toContain('camera_not_found');
  expect(viewed.asked).toEqual([{ recorderId: 'one', streams: name(a) }]);
  viewed.answers.get('one')!.push(init(a, 'goes on'));
  await eventually(() => expect(viewed.frames.at(-1)?.body).toBe('goes on'));
});

it('ends when one may no longer be seen, or nobody can say so', async () => {
  for (const after of [new Map([[a, 'one']]), undefined]) {
    let calls = 0;
    let signal: AbortSignal | undefined;
    const viewed = await view({
      asks: [ask(a), ask(b)],
      recordersOf: () => {
        calls += 1;
        if (calls < 3) return Promise.resolve(new Map([a, b].map((id) => [id, 'one'])));
        return after === undefined ? Promise.reject(new Error('database')) : Promise.resolve(after);
      },
      open: (_id, _query, ended) => {
        signal = ended;
        return Promise.resolve(new Answer(ended));
      },
    });
    await eventually(() => expect([viewed.ended(), signal?.aborted]).toEqual([true, true]));
    expect(calls).toBe(3);
  }
});

it('a recorder that cannot be reached or breaks off fails its streams, each once', async () => {
  const viewed = await view({
    asks: [ask(a), ask(b), ask(c)],
    recordersOf: recorders({ [a]: 'off', [b]: 'on', [c]: 'on' }),
    open: (recorderId, _query, signal) => {
      if (recorderId === 'off') return Promise.reject(new AppError('unavailable', 'recorder_unreachable', 'off'));
      const answer = new Answer(signal);
      answer.push(frame({ kind: 'failure', name: name(b), status: 503 }, 'its own'), init(c, 'x'));
      answer.end(true);
      return Promise.resolve(answer);
    },
  });
  await eventually(() => expect(viewed.ended()).toBe(true));
  const failures = viewed.frames.filter(({ head }) => head.kind === 'failure').map(({ head }) => head.name);
  expect(failures.sort()).toEqual([name(a), name(b), name(c)].sort());
});

it('takes nothing more from a recorder while its viewer takes nothing', async () => {
  const viewed = await view({ asks: [ask(a)], recordersOf: recorders({ [a]: 'one' }), reads: false });
  await eventually(() => expect(viewed.answers.size).toBe(1));
  const answer = viewed.answers.get('one')!;
  const large = init(a, 'x'.repeat(1024 * 1024));
  for (let index = 0; index < 100; index += 1) answer.push(large);
  let before = -1;
  await expect
    .poll(
      () => {
        const steady = answer.taken === before;
        before = answer.taken;
        return steady;
      },
      { timeout: 10_000, interval: 300 },
    )
    .toBe(true);
  expect(answer.taken).toBeLessThan(60);
  viewed.leave();
});
