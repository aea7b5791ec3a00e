import type { CameraReason } from '@choi-canh/shared/health';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import type { Clock } from '../../lib/clock.js';
import type { Fragment, FragmentPart } from '../../lib/fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createLive, type Live } from './live.js';
import { splitFragment } from '../../lib/isobmff/split-fragment.js';

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
  private partListeners = new Set<(part: FragmentPart) => void>();
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
  get partsWanted(): boolean {
    return this.partListeners.size > 0;
  }
  subscribeParts(_cameraId: string, _stream: string, listener: (part: FragmentPart) => void): () => void {
    this.partListeners.add(listener);
    return () => this.partListeners.delete(listener);
  }
  emitPart(part: FragmentPart): void {
    for (const listener of this.partListeners) listener(part);
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
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments, init } = await media;
    footage.appendAll(camera, fragments.slice(0, 7));
    const first = linesOf(await viewed.playlist(camera, 'main'));
    expect(first.filter((line) => line.startsWith('#EXT-X-PROGRAM'))).toEqual(
      ['07:30:00.080', '07:30:02.080', '07:30:04.080'].map((time) => expect.stringContaining(time)),
    );
    expect(first).toContain(`#EXT-X-MAP:URI="init-${init.id}.mp4"`);
    const sequence = Number(first.at(-1)?.replace('.m4s', ''));
    const segment = await viewed.segment(camera, 'main', sequence);
    expect(segment.body).toEqual(Buffer.concat(fragments.slice(4, 6).map((fragment) => fragment.bytes)));
    expect((await viewed.init(camera, 'main', init.id)).body).toEqual(init.bytes);
    await expect(viewed.init(camera, 'main', 'nothing')).rejects.toMatchObject({ code: 'segment_gone' });

    for (const fragment of fragments.slice(7, 9)) ingest.emit(fragment);
    await clock.advance(300);
    const next = linesOf(await viewed.playlist(camera, 'main'));
    expect(next.at(-1)).toBe(`${sequence + 1}.m4s`);
    expect(next).toContain(`${sequence}.m4s`);
  });

  it('begins with what comes where the end of the footage cannot be read', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 3));
    footage.tail = () => Promise.reject(new Error('EIO'));
    const playlist = viewed.playlist(camera, 'main');
    await clock.advance(100);
    for (const fragment of fragments.slice(4, 8)) ingest.emit(fragment);
    await clock.advance(300);
    expect(linesOf(await playlist).at(-1)).toMatch(/^\d+\.m4s$/);
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
    const { clock, footage, ingest, live: viewed, keys } = setUp();
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
    for (const fragment of fragments.slice(3, 5)) ingest.emit(fragment);
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
    const outcome = viewed.playlist(camera, 'sub', { signal: abort.signal }).catch((error: unknown) => error);
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

describe('low latency', () => {
  /** Frames that a player was given: decode and presentation time and data of each. */
  const framesOf = (bytes: Buffer): string[] => {
    const frames: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const moofBytes = bytes.readUInt32BE(at);
      const end = at + moofBytes + bytes.readUInt32BE(at + moofBytes);
      const own = bytes.subarray(at, end);
      const { samples, baseMediaDecodeTime } = parseMoof(own);
      let ticks = Number(baseMediaDecodeTime);
      for (const { offset, size, duration, compositionOffset } of samples) {
        frames.push(`${ticks} ${ticks + compositionOffset} ${own.toString('base64', offset, offset + size)}`);
        ticks += duration;
      }
      at = end;
    }
    return frames;
  };
  const partUris = (text: string) => [...text.matchAll(/EXT-X-PART:DURATION=([\d.]+),URI="(\d+)-(\d+)\.m4s"/g)];

  it('part by part and whole are the same frames, none missing and none twice', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 5));
    const ask = { lowLatency: true };
    expect(ingest.partsWanted).toBe(false);
    let text = (await viewed.playlist(camera, 'main', ask)).body.toString();
    expect(ingest.partsWanted).toBe(true);
    expect(text).toContain('#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.206');
    const byPart: string[] = [];
    const whole: string[] = [];
    let next: { sequence: number; part: number } | undefined;
    for (const fragment of fragments.slice(5)) {
      for (const [, seconds, sequence, part] of partUris(text)) {
        expect(Number(seconds)).toBeLessThanOrEqual(0.5);
        next ??= { sequence: Number(sequence), part: Number(part) };
        const known = Number(sequence) === next.sequence && Number(part) < next.part;
        if (Number(sequence) < next.sequence || known) continue;
        if (Number(sequence) > next.sequence) {
          whole.push(...framesOf((await viewed.segment(camera, 'main', next.sequence)).body));
          next = { sequence: Number(sequence), part: 0 };
        }
        byPart.push(...framesOf((await viewed.part(camera, 'main', next.sequence, next.part)).body));
        next.part += 1;
      }
      const waiting = viewed.playlist(camera, 'main', { ...ask, sequence: next?.sequence ?? 0, part: next?.part ?? 0 });
      await clock.advance(100);
      ingest.emit(fragment);
      await clock.advance(100);
      text = (await waiting).body.toString();
    }
    expect(whole.length).toBeGreaterThan(100);
    expect(byPart.slice(0, whole.length)).toEqual(whole);
    expect(new Set(byPart).size).toBe(byPart.length);
  });

  it('shows parts as they come, and their fragment takes their place', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 6));
    await viewed.playlist(camera, 'main', { lowLatency: true });
    const [key, after] = fragments.slice(6, 8) as [Fragment, Fragment];
    const defaults = parseTrackDefaults(key.init.bytes, key.init.trackId);
    const chunks = splitFragment(key.bytes, defaults);
    const uris = new Set<string>();
    for (const [index, part] of chunks.entries()) {
      ingest.emitPart({
        init: key.init,
        bytes: part.bytes,
        run: key.run,
        fragmentDecodeTime: key.baseMediaDecodeTime,
        startAtMs: key.startAtMs,
        isFirst: index === 0,
        independent: part.independent,
        durationMs: (part.durationTicks * 1000) / key.init.timescale,
        sampleCount: part.sampleCount,
      });
      await clock.advance(100);
      const text = (await viewed.playlist(camera, 'main', { lowLatency: true })).body.toString();
      const name = partUris(text).at(-1)?.slice(2).join('-') ?? '';
      if (index > 3) uris.add(name);
    }
    // I P B B P B B P B B are the first part, of 0.4 s.
    expect(uris.size).toBe(2);
    ingest.emit(key);
    ingest.emit(after);
    await clock.advance(100);
    const text = (await viewed.playlist(camera, 'main', { lowLatency: true })).body.toString();
    expect(partUris(text).map((match) => match.slice(2).join('-'))).toEqual(expect.arrayContaining([...uris]));
    const [sequence, index] = [...uris][1]!.split('-').map(Number);
    const second = Buffer.concat(chunks.slice(4, 7).map(({ bytes }) => bytes));
    expect((await viewed.part(camera, 'main', sequence!, index!)).body).toEqual(second);
  });

  it('a request for what is to come waits no longer than it may, ends with its viewer, and not too many wait', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 5));
    ingest.lastFragmentAtMs = undefined;
    const text = (await viewed.playlist(camera, 'main', { lowLatency: true })).body.toString();
    const [sequence = 0, part = 0] = /PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)/.exec(text)?.slice(1).map(Number) ?? [];
    await expect(viewed.playlist(camera, 'main', { lowLatency: true, sequence: sequence + 5 })).rejects.toMatchObject({
      code: 'bad_reload',
    });
    const abort = new AbortController();
    const left = viewed.playlist(camera, 'main', { lowLatency: true, sequence, part, signal: abort.signal });
    await clock.advance(100);
    const waiting = Array.from({ length: 64 }, () =>
      viewed.playlist(camera, 'main', { lowLatency: true, sequence, part }),
    );
    await clock.advance(100);
    // One more than may wait is answered with what there is.
    const atOnce = await viewed.playlist(camera, 'main', { lowLatency: true, sequence, part });
    expect(atOnce.body.toString()).toContain('#EXT-X-PART:');
    abort.abort(new Error('went away'));
    await expect(left).rejects.toMatchObject({ message: 'went away' });
    await clock.advance(6200);
    expect((await Promise.all(waiting)).length).toBe(64);
    await expect(viewed.part(camera, 'main', sequence + 3, 0)).rejects.toMatchObject({ code: 'segment_gone' });
  });

  it('parts end some time after the last who wanted them', async () => {
    const { clock, footage, ingest, live: viewed } = setUp();
    const { fragments } = await media;
    footage.appendAll(camera, fragments.slice(0, 5));
    await viewed.playlist(camera, 'main', { lowLatency: true });
    await clock.advance(16_000);
    ingest.emit(fragments[5] as Fragment);
    await clock.advance(100);
    expect(ingest.partsWanted).toBe(false);
  });

  it('says when the viewer cannot play what the camera sends', async () => {
    const { footage, live: viewed } = setUp();
    footage.appendAll(camera, (await media).fragments);
    await viewed.playlist(camera, 'main', { plays: ['h264'] });
    await expect(viewed.playlist(camera, 'main', { plays: ['h265'] })).rejects.toMatchObject({
      code: 'codec_not_playable',
      details: { codec: 'h264' },
    });
  });
});
