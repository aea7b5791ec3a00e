import type { CameraReason } from '@choi-canh/shared/health';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import type { Clock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createLive, type Live } from './live.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const camera = 'camera';
const media = makeFragmentedMp4({ seconds: 12, gop: 50, bFrames: 2 }).then((mp4) => fragmentsOf(mp4, startAtMs));

/** Time that moves only when a test moves it. */
class ManualClock implements Clock {
  now = 0;
  private sleepers: { at: number; wake: () => void }[] = [];
  nowMs = () => startAtMs + this.now;
  monotonicMs = () => this.now;
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      this.sleepers.push({ at: this.now + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
  /** Moves on in small steps and lets everything that is woken run. */
  async advance(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + 100);
      const due = this.sleepers.filter((sleeper) => sleeper.at <= this.now);
      this.sleepers = this.sleepers.filter((sleeper) => sleeper.at > this.now);
      for (const sleeper of due) sleeper.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

class FakeIngest {
  held = 0;
  acquired = 0;
  reason: CameraReason = 'ok';
  state = 'recording';
  lastFragmentAtMs: number | undefined;
  private listeners = new Set<(fragment: Fragment) => void>();
  acquire(): () => void {
    this.held++;
    this.acquired++;
    return () => this.held--;
  }
  subscribe(_cameraId: string, _stream: string, listener: (fragment: Fragment) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  emit(fragment: Fragment): void {
    for (const listener of this.listeners) listener(fragment);
  }
  runtime() {
    const { state, reason, lastFragmentAtMs } = this;
    return { state, reason, detail: 'as said', sinceAtMs: startAtMs, lastFragmentAtMs };
  }
}

let live: Live | undefined;
afterEach(() => live?.stop());

function setUp() {
  const clock = new ManualClock();
  const footage = new FakeFootage('f');
  const ingest = new FakeIngest();
  const keys: string[] = [];
  const pictures = {
    picture: async (key: string, load: () => Promise<Buffer>) => {
      keys.push(key);
      return load();
    },
  };
  live = createLive({ footage, ingest, pictures, clock, logger: silentLogger });
  return { clock, footage, ingest, live, keys };
}

const linesOf = (answer: { body: Buffer }) => answer.body.toString().trimEnd().split('\n');

describe('the main stream', () => {
  it('is served from the tail of the footage, with the instant of the frame shown first', async () => {
    const { clock, footage, live: viewed } = setUp();
    const { fragments, init } = await media;
    footage.appendAll(camera, fragments.slice(0, 7));
    const first = linesOf(await viewed.playlist(camera, 'main'));
    expect(first.filter((line) => line.startsWith('#EXT-X-PROGRAM'))).toEqual(
      ['07:30:00.080', '07:30:01.080', '07:30:02.080', '07:30:04.080'].map((time) => expect.stringContaining(time)),
    );
    expect(first).toContain(`#EXT-X-MAP:URI="init-${init.id}.mp4"`);
    const sequence = Number(first.at(-1)?.replace('.m4s', ''));
    const segment = await viewed.segment(camera, 'main', sequence);
    expect(segment.body).toEqual(Buffer.concat(fragments.slice(4, 6).map((fragment) => fragment.bytes)));
    expect((await viewed.init(camera, 'main', init.id)).body).toEqual(init.bytes);
    await expect(viewed.init(camera, 'main', 'nothing')).rejects.toMatchObject({ code: 'segment_gone' });

    footage.appendAll(camera, fragments.slice(7, 9));
    await clock.advance(300);
    const next = linesOf(await viewed.playlist(camera, 'main'));
    expect(next.at(-1)).toBe(`${sequence + 1}.m4s`);
    expect(next).toContain(`${sequence}.m4s`);
  });

  it('that is down says why, at once', async () => {
    const { ingest, live: viewed } = setUp();
    Object.assign(ingest, { state: 'backoff', reason: 'wrong_password' });
    await expect(viewed.playlist(camera, 'main')).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'camera_down',
      details: { reason: 'wrong_password', detail: 'as said', sinceAt: new Date(startAtMs).toISOString() },
    });
  });

  it('that stops while it is watched is down after a while', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    footage.appendAll(camera, (await media).fragments);
    await viewed.playlist(camera, 'main');
    await clock.advance(10_000);
    await viewed.playlist(camera, 'main');
    Object.assign(ingest, { state: 'stalled', reason: 'stream_stalled' });
    await clock.advance(6000);
    await expect(viewed.playlist(camera, 'main')).rejects.toMatchObject({ details: { reason: 'stream_stalled' } });
  });

  it('keeps counting when it is watched again after a pause', async () => {
    const { clock, footage, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 5));
    const before = Number(
      linesOf(await viewed.playlist(camera, 'main'))
        .at(-1)
        ?.replace('.m4s', ''),
    );
    await clock.advance(61_000);
    expect(viewed.streams()).toEqual([]);
    footage.appendAll(camera, fragments.slice(5));
    const after = linesOf(await viewed.playlist(camera, 'main')).find((line) => line.endsWith('.m4s'));
    expect(Number(after?.replace('.m4s', ''))).toBeGreaterThan(before);
  });

  it('gives its newest keyframe as a picture, the same one for a second', async () => {
    const { clock, footage, live: viewed, keys } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 3));
    const [one, two] = await Promise.all([viewed.picture(camera, 'main'), viewed.picture(camera, 'main')]);
    expect(one.body).toBe(two.body);
    expect(one.pictureAtMs).toBeCloseTo(startAtMs + 2080, 1);
    expect(keys).toHaveLength(1);
    const jpeg = await createFfmpeg({ path: 'ffmpeg' }).run({
      args: ['-v', 'error', '-f', 'mp4', '-i', 'pipe:0', '-frames:v', '1', '-f', 'mjpeg', 'pipe:1'],
      stdin: one.body,
      maxOutputBytes: 1_000_000,
      timeoutMs: 10_000,
    });
    expect(jpeg.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    footage.appendAll(camera, fragments.slice(3, 5));
    await clock.advance(1100);
    expect((await viewed.picture(camera, 'main')).pictureAtMs).toBeCloseTo(startAtMs + 4080, 1);
  });
});

describe('the sub-stream', () => {
  it('is pulled while somebody watches; the first request waits for the first keyframe', async () => {
    const { clock, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    const waiting = viewed.playlist(camera, 'sub');
    let answered = false;
    void waiting.then(() => (answered = true));
    await clock.advance(1000);
    expect(ingest.held).toBe(1);
    if (fragments[1]) ingest.emit(fragments[1]); // no keyframe
    await clock.advance(200);
    expect(answered).toBe(false);
    for (const fragment of fragments.slice(2, 5)) ingest.emit(fragment);
    const lines = linesOf(await waiting);
    expect(lines.filter((line) => line.endsWith('.m4s'))).toHaveLength(2);
    const sequence = Number(lines.at(-2)?.startsWith('#') ? lines.at(-1)?.replace('.m4s', '') : NaN);
    const { body } = await viewed.segment(camera, 'sub', sequence - 1);
    expect(parseMoof(body.subarray(0, fragments[2]?.bytes.length)).samples[0]?.isSync).toBe(true);
    // Another viewer costs the camera nothing.
    await viewed.playlist(camera, 'sub');
    expect(ingest.acquired).toBe(1);
    await clock.advance(11_000);
    expect(ingest.held).toBe(1);
    await clock.advance(2000);
    expect(ingest.held).toBe(0);
    await expect(viewed.segment(camera, 'sub', sequence)).rejects.toMatchObject({ code: 'segment_gone' });
  });

  it('that does not come says why after eight seconds', async () => {
    const { clock, ingest, live: viewed } = setUp();
    ingest.reason = 'host_unreachable';
    const outcome = viewed.playlist(camera, 'sub').catch((error: unknown) => error);
    await clock.advance(9000);
    expect(await outcome).toMatchObject({ code: 'camera_down', details: { reason: 'host_unreachable' } });
  });

  it('gives up when the viewer does', async () => {
    const { clock, live: viewed } = setUp();
    const abort = new AbortController();
    const outcome = viewed.playlist(camera, 'sub', abort.signal).catch((error: unknown) => error);
    await clock.advance(500);
    abort.abort(new Error('went away'));
    expect(await outcome).toMatchObject({ message: 'went away' });
  });

  it('is let go when the recorder stops', async () => {
    const { clock, ingest, live: viewed } = setUp();
    const outcome = viewed.playlist(camera, 'sub').catch((error: unknown) => error);
    await clock.advance(100);
    await viewed.stop();
    expect(ingest.held).toBe(0);
    expect(await outcome).toMatchObject({ kind: 'unavailable' });
  });
});
