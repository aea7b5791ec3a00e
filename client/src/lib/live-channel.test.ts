import { frameLengths, type MultiplexHead } from '@choi-canh/shared/live-multiplex';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveChannel, type ChannelFailure } from './live-channel.js';

const [a, b] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const name = (id: string) => `${id}.sub`;

function frame(head: MultiplexHead, body = ''): Uint8Array {
  const encoder = new TextEncoder();
  const [headBytes, bodyBytes] = [encoder.encode(JSON.stringify(head)), encoder.encode(body)];
  return Uint8Array.from([...frameLengths(headBytes.length, bodyBytes.length), ...headBytes, ...bodyBytes]);
}
const segment = (id: string, number: number, sentAtMs = Date.now()) =>
  frame({
    ...{ kind: 'segment', name: name(id), number, shownFromMs: number * 500, durationMs: 500, sentAtMs },
    ...{ independent: true, discontinuity: false, initId: 'aa' },
  });

/** What the page asked, and the answer to it, which goes on as a test says. */
class Answer {
  readonly streams: string[];
  readonly signal: AbortSignal;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#controller = controller) });
  constructor(url: string, signal: AbortSignal) {
    this.streams = (new URL(url, 'http://x').searchParams.get('streams') ?? '').split(',');
    this.signal = signal;
    signal.addEventListener('abort', () => this.#controller?.error(signal.reason));
  }
  send(...frames: Uint8Array[]): void {
    for (const one of frames) this.#controller?.enqueue(one);
  }
  end(): void {
    this.#controller?.close();
  }
}

let answers: Answer[];
let status: number | 'away';
beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  status = 200;
  vi.stubGlobal('fetch', (url: string, { signal }: { signal: AbortSignal }) => {
    const answer = new Answer(url, signal);
    answers.push(answer);
    if (status === 'away') return Promise.reject(new TypeError('no connection'));
    const refusal = JSON.stringify({
      error: { kind: 'unauthenticated', code: 'not_signed_in', message: '', details: {}, requestId: 'r' },
    });
    return Promise.resolve(new Response(status === 200 ? answer.body : refusal, { status }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const newest = () => answers.at(-1)!;

function tile(channel: LiveChannel, id: string) {
  const seen = { segments: 0, stills: [] as number[], failures: [] as ChannelFailure[] };
  const stream = channel.open(id, 'sub', {
    onSegment: () => (seen.segments += 1),
    onStill: (_url, pictureAtMs) => seen.stills.push(pictureAtMs),
    onFailure: (failure) => seen.failures.push(failure),
  });
  return { ...seen, seen, stream };
}

describe('the connection that carries a wall', () => {
  it('is one for all tiles that come together; it ends with the last of them', async () => {
    const channel = new LiveChannel();
    const [one, two] = [tile(channel, a), tile(channel, b)];
    await pass(50);
    expect(answers.map(({ streams }) => streams)).toEqual([[name(a), name(b)]]);
    newest().send(frame({ kind: 'still', name: name(b), pictureAtMs: 7 }, 'jpeg'), segment(a, 1), segment(a, 2));
    await pass(10);
    expect([one.seen.segments, two.seen.segments, two.seen.stills]).toEqual([2, 0, [7]]);
    expect(one.stream.store.newestNumber).toBe(2);
    one.stream.close();
    two.stream.close();
    expect(newest().signal.aborted).toBe(true);
    await pass(60_000);
    expect(answers).toHaveLength(1);
  });

  it('is replaced when tiles come or go; those that stay go on where they were', async () => {
    const channel = new LiveChannel();
    const one = tile(channel, a);
    await pass(50);
    newest().send(segment(a, 5));
    await pass(500);
    const two = tile(channel, b);
    await pass(50);
    expect(answers[0]!.signal.aborted).toBe(true);
    expect(newest().streams).toEqual([`${name(a)}.5`, name(b)]);
    newest().send(segment(a, 6), segment(b, 9));
    await pass(10);
    expect(one.stream.store.playlist(false)).not.toContain('DISCONTINUITY\n');
    one.stream.close();
    // Changes that come one after the other share a request.
    await pass(100);
    expect(answers).toHaveLength(2);
    await pass(300);
    expect(newest().streams).toEqual([`${name(b)}.9`]);
    two.stream.close();
  });

  it('a stream that fails is told, left out, and asked for again when its player says so', async () => {
    const channel = new LiveChannel();
    const [one, two] = [tile(channel, a), tile(channel, b)];
    await pass(50);
    const error = { kind: 'unavailable', code: 'camera_down', message: '', details: {}, requestId: 'r' };
    newest().send(segment(b, 1), frame({ kind: 'failure', name: name(a), status: 503 }, JSON.stringify({ error })));
    await pass(2000);
    expect(one.seen.failures).toEqual([{ status: 503, code: 'camera_down' }]);
    expect(two.seen.failures).toEqual([]);
    expect(answers).toHaveLength(1);
    one.stream.retry();
    await pass(400);
    expect(newest().streams).toEqual([name(a), `${name(b)}.1`]);
  });

  it('is made again when it is lost or silent; after two attempts in vain the tiles are told and keep nothing old', async () => {
    const channel = new LiveChannel();
    const one = tile(channel, a);
    await pass(50);
    newest().send(segment(a, 1));
    await pass(14_000); // nothing comes, not even a sign of life
    expect(answers[0]!.signal.aborted).toBe(true);
    await pass(600);
    expect(newest().streams).toEqual([`${name(a)}.1`]);
    expect(one.seen.failures).toEqual([]);
    status = 'away';
    newest().end();
    await pass(3000);
    expect(one.seen.failures[0]).toEqual({ status: 0, code: '' });
    expect(one.stream.store.playlist(true)).toBeUndefined();
    const tried = answers.length;
    await pass(60_000);
    expect(answers.length - tried).toBeLessThan(15);
    status = 200;
    await pass(6000);
    newest().send(segment(a, 90));
    await pass(10);
    expect(newest().streams).toEqual([name(a)]);
    expect(one.stream.store.newestNumber).toBe(90);
    one.stream.close();
  });

  it('is not asked for again by itself where that was refused', async () => {
    const channel = new LiveChannel();
    status = 401;
    const one = tile(channel, a);
    await pass(60_000);
    expect(one.seen.failures).toEqual([{ status: 401, code: 'not_signed_in' }]);
    expect(answers).toHaveLength(1);
    status = 200;
    one.stream.retry();
    await pass(400);
    expect(answers).toHaveLength(2);
  });

  it('is dropped with all that waits in it where the link is too slow, and begins at the newest', async () => {
    const channel = new LiveChannel();
    const one = tile(channel, a);
    await pass(50);
    // The recorder's clock may be hours off; what counts is that frames take ever longer.
    let clockMs = Date.now() - 3_600_000;
    newest().send(segment(a, 1, clockMs));
    for (let number = 2; number < 20 && answers.length === 1; number += 1) {
      clockMs += 300;
      await pass(1000);
      newest().send(segment(a, number, clockMs));
      await pass(1);
    }
    expect(answers).toHaveLength(2);
    expect(newest().streams).toEqual([name(a)]);
    newest().send(segment(a, 40));
    await pass(10);
    expect(one.stream.store.playlist(false)).toContain('#EXT-X-DISCONTINUITY\n');
    one.stream.close();
  });
});
