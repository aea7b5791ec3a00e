import { randomUUID } from 'node:crypto';
import { FrameReader, multiplexHead, type MultiplexAsk, type MultiplexHead } from '@choi-canh/shared/live-multiplex';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import type { Live } from './live.js';
import type { LiveFragment } from './live-window.js';
import { multiplex } from './multiplex.js';
import { SegmentLog } from './segment-log.js';

const [one, two] = [randomUUID(), randomUUID()];
const init = Buffer.from('init');
const still = Buffer.from('jpeg');

/** Streams that grow when a test says so. */
class FakeLive implements Pick<Live, 'follow' | 'picture'> {
  readonly logs = new Map<string, SegmentLog>();
  pictureAtMs = Date.now();
  pictures = 0;
  #wake: (() => void)[] = [];

  push(cameraId: string, independent: boolean, name: string): void {
    const log = this.logs.get(cameraId) ?? new SegmentLog(100);
    this.logs.set(cameraId, log);
    const load = () => Promise.resolve(Buffer.from(name));
    const counts = { byteLength: 1, sampleCount: 1, recoveryPictures: 0 };
    const facts = { ...counts, key: name, shownFromMs: 1, durationMs: 1500, mediaMs: 0, run: 1, initId: 'aa' };
    log.push({ ...facts, independent, load } satisfies LiveFragment, true);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async *follow(
    cameraId: string,
    _stream: string,
    { after, signal }: { after?: number | undefined; signal: AbortSignal },
  ) {
    let number = after;
    for (;;) {
      signal.throwIfAborted();
      const [segment] = this.logs.get(cameraId)?.after(number) ?? [];
      if (segment === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      number = segment.number;
      yield { segment, init, body: await segment.fragments[0]!.load() };
    }
  }

  picture() {
    this.pictures += 1;
    return Promise.resolve({ contentType: 'image/jpeg', body: still, pictureAtMs: this.pictureAtMs });
  }
}

const stops: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

function begin(live: FakeLive, asks: MultiplexAsk[], taken: () => Promise<void> = () => Promise.resolve()) {
  const ended = new AbortController();
  const reader = new FrameReader();
  const frames: { head: MultiplexHead; body: string }[] = [];
  const done = multiplex({
    live,
    asks,
    plays: undefined,
    requireCamera: (id) => {
      if (id !== one && id !== two) throw new AppError('not_found', 'no_such_camera', 'no');
    },
    write: async (frame) => {
      for (const { head, body } of reader.push(frame))
        frames.push({
          head: multiplexHead.parse(JSON.parse(Buffer.from(head).toString())),
          body: Buffer.from(body).toString(),
        });
      await Promise.race([taken(), new Promise((resolve) => ended.signal.addEventListener('abort', resolve))]);
    },
    signal: ended.signal,
    clock: systemClock,
    logger: silentLogger,
  });
  stops.push(() => {
    ended.abort(new Error('gone'));
    return done.catch(() => undefined);
  });
  return { frames, done };
}

const ask = (cameraId: string, after?: number): MultiplexAsk => ({ cameraId, stream: 'sub', after });
const eventually = (what: () => void) => expect.poll(() => (what(), true), { timeout: 5000 }).toBe(true);

describe('several live streams in one answer', () => {
  it('come each with its init segment, then segment by segment; what goes on after a segment gets no still', async () => {
    const live = new FakeLive();
    live.push(one, true, 'a1');
    live.push(one, false, 'a2');
    const { frames } = begin(live, [ask(one, 100), ask(two)]);
    live.push(two, true, 'b1');
    const bodiesOf = (id: string) =>
      frames.flatMap(({ head, body }) => ('name' in head && head.name === `${id}.sub` ? [body] : []));
    await eventually(() =>
      expect([bodiesOf(one), bodiesOf(two)]).toEqual([
        ['init', 'a2'],
        ['init', 'b1'],
      ]),
    );
    live.push(one, true, 'a3');
    await eventually(() =>
      expect(frames.at(-1)).toMatchObject({
        head: { kind: 'segment', name: `${one}.sub`, number: 102, independent: true, initId: 'aa' },
        body: 'a3',
      }),
    );
    expect(live.pictures).toBe(0);
  });

  it.each([
    ['a still of the recorded stream', 2000, ['still']],
    ['nothing where that is old', 11_000, []],
  ])('a stream whose first picture is late gets %s', async (_name, ageMs, kinds) => {
    const live = new FakeLive();
    live.pictureAtMs = Date.now() - ageMs;
    const { frames } = begin(live, [ask(one)]);
    await eventually(() => expect(live.pictures).toBe(1));
    await eventually(() => expect(frames.map(({ head }) => head.kind)).toEqual(kinds));
    live.push(one, true, 'a1');
    await eventually(() => expect(frames.at(-1)?.body).toBe('a1'));
  });

  it('fail each for itself; the answer ends when none is left', async () => {
    const live = new FakeLive();
    const other = randomUUID();
    live.push(one, true, 'a1');
    const mixed = begin(live, [ask(one), ask(other)]);
    await eventually(() => {
      expect(mixed.frames.find(({ head }) => head.kind === 'failure')?.head).toMatchObject({
        name: `${other}.sub`,
        status: 404,
      });
      expect(mixed.frames.some(({ body }) => body === 'a1')).toBe(true);
    });
    const alone = begin(live, [ask(other)]);
    await alone.done;
    expect(JSON.parse(alone.frames[0]!.body)).toMatchObject({ error: { code: 'no_such_camera' } });
  });

  it('are not queued for a viewer who takes nothing: he goes on at the newest keyframe', async () => {
    const live = new FakeLive();
    let take: () => void = () => undefined;
    let blocked = 0;
    const { frames } = begin(live, [ask(one)], () => {
      blocked += 1;
      return blocked < 2 ? Promise.resolve() : new Promise((resolve) => (take = resolve));
    });
    live.push(one, true, 'k0');
    await eventually(() => expect(frames.map(({ body }) => body)).toEqual(['init', 'k0']));
    for (let index = 1; index < 40; index += 1) live.push(one, index % 4 === 0, `${index}`);
    take();
    await eventually(() => expect(frames.at(-1)?.body).toBe('36'));
    expect(frames).toHaveLength(3);
  });
});
