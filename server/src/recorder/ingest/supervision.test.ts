// What keeps streams coming: order of set-ups, choice of engine, pauses, what is worth a word. On a clock that tests move.
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { AppError } from '../../lib/errors.js';
import { ConnectGate } from './connect-gate.js';
import { EngineChoice, type LearntEngine } from './engine-choice.js';
import type { FragmentSource, PullOptions } from './fragment-source.js';
import { FrozenPicture, type PictureMotion } from './frozen-picture.js';
import type { StillVerdict } from './still-proof.js';
import { IngestFailure, type IngestReason } from './ingest-failure.js';
import { KeyframeRequests } from './keyframe-requests.js';
import { SteadyClock } from './recorded-clock.js';
import { StreamObservation } from './stream-observation.js';
import { startStreamRunner } from './stream-runner.js';

const startAtMs = Date.UTC(2026, 2, 1);

function manualClock() {
  const state = { monotonicMs: 1000, wallMs: startAtMs };
  const sleeps: number[] = [];
  const clock: Clock = {
    nowMs: () => state.wallMs,
    monotonicMs: () => state.monotonicMs,
    // Time passes by itself where somebody waits for it, in one breath.
    sleep: async (ms, signal) => {
      sleeps.push(ms);
      state.monotonicMs += ms;
      state.wallMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw new Error('aborted');
    },
  };
  const pass = (ms: number) => {
    state.monotonicMs += ms;
    state.wallMs += ms;
  };
  return { clock, sleeps, pass, state };
}

const nobody = () => new AbortController().signal;

describe('ConnectGate', () => {
  it('lets so many set up at once, the next when one is done or takes too long', async () => {
    const gate = new ConnectGate({ clock: systemClock, everyMs: 0, atOnce: 3, leaseMs: 60 });
    const entered: number[] = [];
    const releases: (() => void)[] = [];
    const all = Array.from({ length: 8 }, async (_, index) => {
      const release = await gate.enter(nobody());
      entered.push(index);
      releases.push(release);
    });
    await Promise.all(all.slice(0, 3));
    expect(entered).toEqual([0, 1, 2]);
    expect(gate.isCrowded).toBe(true);
    releases[1]!();
    releases[1]!();
    await all[3];
    expect(entered).toEqual([0, 1, 2, 3]);
    // Those that never say that they are done give their places away.
    await Promise.all(all);
    expect(entered).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(gate.isCrowded).toBe(false);
  });

  it('begins no more than so many a second, and forgets those who gave up', async () => {
    const everyMs = 10;
    const gate = new ConnectGate({ clock: systemClock, everyMs, atOnce: 100, leaseMs: 1000 });
    const giveUp = Array.from({ length: 50 }, () => new AbortController());
    const startedAt = performance.now();
    const given = giveUp.map(({ signal }) => gate.enter(signal));
    for (const one of giveUp) one.abort();
    await Promise.all(given);
    await Promise.all(Array.from({ length: 20 }, () => gate.enter(nobody())));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(19 * everyMs - 2);
  });
});

describe('EngineChoice', () => {
  const engine = (name: 'native' | 'ffmpeg'): FragmentSource => ({
    engine: name,
    startupMs: 0,
    pull: () => Promise.resolve(),
  });
  const both = [engine('native'), engine('ffmpeg')];
  const codec = new IngestFailure('not_video', 'd', { because: 'codec', codec: 'mjpeg' });
  const shown = (choice: EngineChoice) => [choice.source.engine, choice.reason];

  it.each([
    [codec, 'codec', false],
    [new IngestFailure('no_stream', 'd', { because: 'transport' }), 'transport', true],
    [new IngestFailure('no_stream', 'd', { because: 'refused' }), 'refused', true],
    [new IngestFailure('no_stream', 'd', { because: 'tls' }), 'tls', false],
    [new IngestFailure('no_keyframe', 'd', { because: 'no_keyframe' }), 'no_keyframe', false],
  ] as const)('goes to the other engine where native cannot: %s', (failure, reason, udp) => {
    const choice = new EngineChoice({ sources: both, clock: manualClock().clock });
    expect(shown(choice)).toEqual(['native', 'default']);
    expect(choice.lost(failure, undefined)).toBe(true);
    expect(shown(choice)).toEqual(['ffmpeg', reason]);
    expect(choice.hints.udp).toBe(udp);
  });

  it('lets native try again a day later, or when the other one fails three times as well', () => {
    const { clock, pass } = manualClock();
    const choice = new EngineChoice({ sources: both, clock: clock });
    choice.lost(codec, undefined);
    const ended = new IngestFailure('stream_ended', 'd');
    for (let count = 0; count < 5; count += 1) expect(choice.lost(ended, 120_000)).toBe(false);
    pass(24 * 3_600_000);
    choice.lost(ended, 120_000);
    expect(shown(choice)).toEqual(['native', 'default']);
    choice.lost(codec, undefined);
    for (let count = 0; count < 3; count += 1) choice.lost(new IngestFailure('not_video', 'd'), undefined);
    expect(shown(choice)).toEqual(['native', 'default']);
  });

  describe('of a camera without keyframes', () => {
    const without = new IngestFailure('no_keyframe', 'd', { because: 'no_keyframe' });
    const ended = new IngestFailure('stream_ended', 'd');

    it('stays with the other engine while that records, also over an outage and after a day', () => {
      const { clock, pass } = manualClock();
      const choice = new EngineChoice({ sources: both, clock: clock });
      expect(choice.hints.otherWithoutKeyframes).toBe(true);
      choice.lost(without, undefined);
      expect(choice.hints.otherWithoutKeyframes).toBe(false);
      choice.lost(ended, 120_000);
      pass(24 * 3_600_000);
      choice.lost(ended, 120_000);
      for (let count = 0; count < 9; count += 1) choice.lost(new IngestFailure('host_unreachable', 'd'), undefined);
      expect(shown(choice)).toEqual(['ffmpeg', 'no_keyframe']);
      for (let count = 0; count < 3; count += 1) choice.lost(ended, undefined);
      expect(shown(choice)).toEqual(['native', 'default']);
      expect(choice.hints.otherWithoutKeyframes).toBe(true);
    });

    it('lets native wait for a day where the other one found none either', () => {
      const { clock, pass } = manualClock();
      const choice = new EngineChoice({ sources: both, clock: clock });
      choice.lost(without, undefined);
      for (let count = 0; count < 3; count += 1) choice.lost(ended, undefined);
      expect(shown(choice)).toEqual(['native', 'default']);
      expect(choice.hints.otherWithoutKeyframes).toBe(false);
      pass(24 * 3_600_000);
      expect(choice.hints.otherWithoutKeyframes).toBe(true);
    });
  });

  it('tries the other engine where native fails three times for no good reason', () => {
    const choice = new EngineChoice({ sources: both, clock: manualClock().clock });
    const bad = new IngestFailure('bad_answer', 'd');
    expect([
      choice.lost(bad, undefined),
      choice.lost(bad, 120_000),
      choice.lost(bad, undefined),
      choice.lost(bad, undefined),
    ]).toEqual([false, false, false, false]);
    expect(choice.lost(new IngestFailure('connection_refused', 'd'), undefined)).toBe(false);
    expect(choice.lost(bad, undefined)).toBe(true);
    expect(shown(choice)).toEqual(['ffmpeg', 'native_failed']);
  });

  it.each([
    ['no_stream', 'no_stream'],
    ['stream_stalled', 'stalled'],
    ['stream_ended', 'native_failed'],
    ['stream_refused', 'native_failed'],
  ] as const)(
    'tries it for %s as well, longer each time that it found nothing either, and native an hour later',
    (reason, because) => {
      const { clock, pass } = manualClock();
      const choice = new EngineChoice({ sources: both, clock });
      const failure = new IngestFailure(reason, 'd');
      const untilChanged = (limit: number) => {
        for (let count = 1; count <= limit; count += 1) if (choice.lost(failure, undefined)) return count;
        return undefined;
      };
      expect(untilChanged(9)).toBe(3);
      expect(shown(choice)).toEqual(['ffmpeg', because]);
      for (let count = 0; count < 3; count += 1) choice.lost(failure, undefined);
      expect(shown(choice)).toEqual(['native', 'default']);
      expect(untilChanged(9)).toBe(6);
      choice.lost(new IngestFailure('stream_ended', 'd'), 120_000);
      pass(3_600_000);
      choice.lost(new IngestFailure('stream_ended', 'd'), 120_000);
      expect(shown(choice)).toEqual(['native', 'default']);
      expect(untilChanged(9)).toBe(3);
    },
  );

  it('tries it where the stream stalls again and again after a little footage, not where it lasted', () => {
    const stalled = new IngestFailure('stream_stalled', 'd');
    const choice = new EngineChoice({ sources: both, clock: manualClock().clock });
    for (let count = 0; count < 9; count += 1) expect(choice.lost(stalled, 120_000)).toBe(false);
    expect([choice.lost(stalled, 5000), choice.lost(stalled, 5000), choice.lost(stalled, 5000)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each(['no_such_stream', 'forbidden', 'camera_busy', 'wrong_password', 'connection_refused', 'not_video'] as const)(
    'does not try it for %s, which it cannot cure',
    (reason) => {
      const choice = new EngineChoice({ sources: both, clock: manualClock().clock });
      for (let count = 0; count < 9; count += 1)
        expect(choice.lost(new IngestFailure(reason, 'd'), undefined)).toBe(false);
    },
  );

  it('says what is missing where only the other engine could help, and goes to it when it is there', () => {
    const usable = { ffmpeg: false };
    const sources = [engine('native'), { ...engine('ffmpeg'), isUsable: () => usable.ffmpeg }];
    const choice = new EngineChoice({ sources, clock: manualClock().clock });
    expect([choice.lost(codec, undefined), choice.shown(codec).reason]).toEqual([false, 'engine_missing']);
    const silent = new IngestFailure('no_stream', 'd');
    for (let count = 0; count < 9; count += 1) expect(choice.lost(silent, undefined)).toBe(false);
    expect(choice.shown(silent)).toBe(silent);
    usable.ffmpeg = true;
    expect([choice.lost(codec, undefined), choice.shown(codec).reason]).toEqual([true, 'not_video']);
    // It is gone again: no fault of the engine.
    for (let count = 0; count < 9; count += 1) choice.lost(new IngestFailure('engine_missing', 'd'), undefined);
    expect(shown(choice)).toEqual(['ffmpeg', 'codec']);
  });

  it('goes on after a restart where it was, as long as that counts', () => {
    const { clock, pass } = manualClock();
    let learnt: LearntEngine | undefined;
    const onLearnt = (now: LearntEngine | undefined) => (learnt = now);
    const first = new EngineChoice({ sources: both, clock, onLearnt });
    first.lost(codec, undefined);
    first.lost(new IngestFailure('stream_ended', 'd'), 120_000);
    expect(learnt).toMatchObject({ engine: 'ffmpeg', reason: 'codec', decidedAtMs: startAtMs, hasProved: true });
    pass(23 * 3_600_000);
    const second = new EngineChoice({ sources: both, clock, learnt, onLearnt });
    expect(shown(second)).toEqual(['ffmpeg', 'codec']);
    second.lost(new IngestFailure('stream_ended', 'd'), 120_000);
    expect(shown(second)).toEqual(['ffmpeg', 'codec']);
    pass(3_600_000);
    second.lost(new IngestFailure('stream_ended', 'd'), 120_000);
    expect(shown(second)).toEqual(['native', 'default']);
    expect(learnt).toBeUndefined();
    const alone = new EngineChoice({
      sources: [both[0]!],
      clock,
      learnt: { engine: 'ffmpeg', reason: 'codec', decidedAtMs: 0, hasProved: true },
    });
    expect(shown(alone)).toEqual(['native', 'configured']);
  });

  it('stays with the only engine', () => {
    const choice = new EngineChoice({ sources: [both[0]!], clock: manualClock().clock });
    expect(choice.hints.otherWithoutKeyframes).toBe(false);
    expect(choice.lost(codec, undefined)).toBe(false);
    expect(shown(choice)).toEqual(['native', 'configured']);
  });
});

describe('a stream runner', () => {
  /** Runs until `attempts` attempts have ended, each as `pull` says. */
  async function run(attempts: number, pull: (options: PullOptions, attempt: number) => void | Promise<void>) {
    const manual = manualClock();
    const { clock, sleeps } = manual;
    let attempt = 0;
    let done: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (done = resolve));
    const source: FragmentSource = {
      engine: 'native',
      startupMs: 0,
      async pull(_target, options) {
        attempt += 1;
        if (attempt > attempts) {
          done();
          await new Promise<void>((resolve) => options.signal.addEventListener('abort', () => resolve()));
          return;
        }
        await pull(options, attempt);
      },
    };
    const reasons: string[] = [];
    const runner = startStreamRunner({
      target: { url: 'rtsp://h/', username: '', password: '', audio: false },
      engines: new EngineChoice({ sources: [source], clock: clock }),
      observation: new StreamObservation(clock),
      clock,
      recordedClock: new SteadyClock(clock),
      logger: silentLogger,
      stallMs: 10_000,
      nextRun: () => 1,
      turn: () => Promise.resolve(() => undefined),
      onFragment: () => undefined,
      parts: { wanted: () => false, awaited: () => false, onPart: () => undefined },
      requestKeyframe: () => undefined,
      onChange: () => undefined,
    });
    await finished;
    reasons.push(runner.runtime().reason);
    await runner.stop();
    return { sleeps, manual, reasons };
  }
  const fail = (reason: IngestReason) => () => {
    throw new IngestFailure(reason, 'd');
  };
  const fragment = { durationMs: 1000, sampleCount: 10, bytes: Buffer.alloc(10) } as Fragment;

  it('ends such a wait where somebody asks for it', async () => {
    let attempts = 0;
    let tried: (() => void) | undefined;
    const nextTry = () => new Promise<void>((resolve) => (tried = resolve));
    const source: FragmentSource = {
      engine: 'native',
      startupMs: 0,
      pull: () => {
        attempts += 1;
        tried?.();
        return Promise.reject(new IngestFailure('wrong_password', 'd'));
      },
    };
    let backingOff: (() => void) | undefined;
    const first = new Promise<void>((resolve) => (backingOff = resolve));
    const runner = startStreamRunner({
      target: { url: 'rtsp://h/', username: '', password: '', audio: false },
      engines: new EngineChoice({ sources: [source], clock: systemClock }),
      observation: new StreamObservation(systemClock),
      clock: systemClock,
      recordedClock: new SteadyClock(systemClock),
      logger: silentLogger,
      stallMs: 10_000,
      nextRun: () => 1,
      turn: () => Promise.resolve(() => undefined),
      onFragment: () => undefined,
      parts: { wanted: () => false, awaited: () => false, onPart: () => undefined },
      requestKeyframe: () => undefined,
      // Told when the pause begins, which is entered in the same breath.
      onChange: () => setImmediate(() => backingOff?.()),
    });
    await first;
    expect(runner.runtime().state).toBe('backoff');
    const second = nextTry();
    runner.retryNow();
    await second;
    expect(attempts).toBe(2);
    await runner.stop();
  });

  it('waits long and longer after a wrong password: a minute, up to ten', async () => {
    const { sleeps } = await run(6, fail('wrong_password'));
    expect(sleeps).toHaveLength(6);
    const limits = [60, 120, 240, 480, 600, 600].map((seconds) => [seconds * 750, seconds * 1250]);
    for (const [index, [least, most]] of limits.entries()) {
      expect(sleeps[index]).toBeGreaterThanOrEqual(least!);
      expect(sleeps[index]).toBeLessThanOrEqual(most!);
    }
  });

  it('counts wrong passwords in a row only: the first after an outage, or after another failure, waits a minute', async () => {
    const reasons = ['host_unreachable', 'wrong_password', 'wrong_password', 'no_stream', 'wrong_password'] as const;
    const outage = 12;
    const { sleeps } = await run(outage + reasons.length, (_options, attempt) =>
      fail(reasons[Math.max(0, attempt - outage - 1)]!)(),
    );
    expect(sleeps.slice(outage + 1).map((ms) => 2 ** Math.round(Math.log2(ms / 60_000)))).toEqual([1, 2, 0.25, 1]);
  });

  it('comes back soon, not all at once, and slower where nothing comes', async () => {
    const { sleeps } = await run(8, fail('no_stream'));
    expect(sleeps[0]).toBeGreaterThanOrEqual(750);
    expect(sleeps[0]).toBeLessThanOrEqual(1250);
    expect(sleeps[7]).toBeGreaterThan(11_000);
    expect(sleeps[7]).toBeLessThan(19_000);
    const again = await run(1, fail('no_stream'));
    const third = await run(1, fail('no_stream'));
    expect(new Set([sleeps[0], again.sleeps[0], third.sleeps[0]]).size).toBeGreaterThan(1);
  });

  it('does not wait long for a camera that gives a little each time, nor short for one that ends at once', async () => {
    const little = await run(8, (options) => {
      options.onFragment(fragment);
      throw new IngestFailure('stream_ended', 'd');
    });
    expect(Math.max(...little.sleeps)).toBeLessThan(6300);
    const atOnce = await run(8, fail('stream_ended'));
    expect(atOnce.sleeps[7]).toBeGreaterThan(11_000);
  });

  it('says what stands in the way while the connection stays, and what is wrong while it records', async () => {
    const seen: string[] = [];
    let started = false;
    const shown = () => `${runner.runtime().state} ${runner.runtime().reason}`;
    const manual = manualClock();
    const observation = new StreamObservation(manual.clock);
    let give: (options: PullOptions) => void = () => undefined;
    const given = new Promise<PullOptions>((resolve) => (give = resolve));
    const source: FragmentSource = {
      engine: 'native',
      startupMs: 0,
      pull: (_target, options) => {
        give(options);
        return new Promise((resolve) => options.signal.addEventListener('abort', () => resolve()));
      },
    };
    const runner = startStreamRunner({
      target: { url: 'rtsp://h/', username: '', password: '', audio: false },
      engines: new EngineChoice({ sources: [source], clock: manual.clock }),
      observation,
      clock: manual.clock,
      recordedClock: new SteadyClock(manual.clock),
      logger: silentLogger,
      stallMs: 10_000,
      nextRun: () => 1,
      turn: () => Promise.resolve(() => undefined),
      onFragment: () => undefined,
      parts: { wanted: () => false, awaited: () => false, onPart: () => undefined },
      requestKeyframe: () => undefined,
      onChange: () => started && seen.push(shown()),
    });
    started = true;
    const { report, ...rest } = await given;
    report.trouble('no_keyframe', 'd');
    expect(seen.at(-1)).toBe('starting no_keyframe');
    report.trouble('no_keyframe', undefined);
    rest.onFragment(fragment);
    expect(seen.at(-1)).toBe('recording ok');
    report.trouble('no_keyframe', 'd');
    expect(seen.at(-1)).toBe('recording no_keyframe');
    for (let second = 0; second < 5; second += 1) {
      report.packets(98, 2);
      manual.pass(1000);
    }
    expect(seen.at(-1)).toBe('recording packet_loss');
    report.trouble('bad_timestamps', 'd');
    expect(seen.at(-1)).toBe('recording bad_timestamps');
    report.trouble('picture_frozen', 'd');
    expect(seen.at(-1)).toBe('recording picture_frozen');
    report.trouble('picture_frozen', undefined);
    report.trouble('bad_timestamps', undefined);
    expect(seen.at(-1)).toBe('recording packet_loss');
    for (let second = 0; second < 11; second += 1) {
      report.packets(100, 0);
      manual.pass(1000);
    }
    expect(seen.at(-1)).toBe('recording no_keyframe');
    report.trouble('no_keyframe', undefined);
    expect(seen.at(-1)).toBe('recording ok');
    report.time(-12.3, 'rtcp', 13.3);
    report.codec('h265');
    const measuredAtMs = manual.clock.nowMs();
    expect(runner.runtime()).toMatchObject({
      ...{ codec: 'h265', lostPackets: 10, timeSource: 'rtcp', timeErrorMs: 14, clockOffsetMs: -12.3, audio: false },
      ...{ engine: 'native', engineReason: 'configured', clockMeasuredAtMs: measuredAtMs },
    });
    manual.pass(1000);
    report.time(undefined, 'arrival', 300);
    expect(runner.runtime()).toMatchObject({ clockOffsetMs: -12.3, clockMeasuredAtMs: measuredAtMs });
    await runner.stop();
  });
});

describe('KeyframeRequests', () => {
  it('asks a camera once in ten seconds, and for an hour no more where it does not offer it', async () => {
    const { clock, pass } = manualClock();
    const asked: string[] = [];
    const requests = new KeyframeRequests((cameraId, name) => {
      asked.push(`${cameraId} ${name}`);
      return cameraId === 'b' ? Promise.reject(new AppError('precondition', 'bad_answer', 'x')) : Promise.resolve();
    }, clock);
    const both = () => {
      requests.request('a', 'main');
      requests.request('b', 'main');
      return new Promise((resolve) => setImmediate(resolve));
    };
    await both();
    await both();
    expect(asked).toEqual(['a main', 'b main']);
    pass(10_000);
    await both();
    expect(asked.slice(2)).toEqual(['a main']);
    requests.forget('b');
    await both();
    expect(asked.slice(3)).toEqual(['b main']);
    new KeyframeRequests(undefined, clock).request('a', 'main');
  });
});

describe('SteadyClock', () => {
  it('follows a small step slowly, and begins a new epoch with a large one', () => {
    const { clock, pass, state } = manualClock();
    const steady = new SteadyClock(clock);
    const minute = () => {
      for (let second = 0; second < 60; second += 1) {
        const before = steady.nowMs();
        pass(1000);
        expect(steady.check()).toBe(0);
        expect(Math.abs(steady.nowMs() - before - 1000)).toBeLessThanOrEqual(2.001);
      }
    };
    state.wallMs += 100;
    minute();
    expect(clock.nowMs() - steady.nowMs()).toBeLessThanOrEqual(2);
    expect(steady.epoch).toBe(0);
    state.wallMs -= 3_600_000;
    expect(steady.check()).toBeCloseTo(-3_600_000, -2);
    expect(steady.epoch).toBe(1);
    expect(steady.nowMs()).toBe(clock.nowMs());
  });
});

describe('FrozenPicture', () => {
  const random = (length: number, seed: number) => {
    const bytes = Buffer.alloc(length);
    for (let index = 0, value = seed; index < length; index += 1) {
      value = (value * 1_103_515_245 + 12_345) % 2 ** 31;
      bytes[index] = value >> 16;
    }
    return bytes;
  };

  /** Pictures of 10 a second: a keyframe each `group` of them; until it is said to be frozen, at most `seconds`. */
  async function watch(
    group: number,
    seconds: number,
    key: (index: number) => Buffer,
    between: (index: number) => number,
    verdict: StillVerdict = 'moved',
  ): Promise<{ frozenAtMs: number | undefined; frozen: FrozenPicture; nowMs: number; proofs: number }> {
    let proofs = 0;
    const frozen = new FrozenPicture(() => {
      proofs += 1;
      return Promise.resolve(verdict);
    });
    frozen.setSize(1920, 1080);
    let motion: PictureMotion;
    let nowMs = 0;
    for (let index = 0; index < seconds * 10; index += 1, nowMs += 100) {
      motion = index % group === 0 ? frozen.key([key(index / group)], nowMs) : frozen.picture(1, between(index), nowMs);
      await Promise.resolve();
      if (motion === 'frozen') return { frozenAtMs: nowMs, frozen, nowMs, proofs };
    }
    return { frozenAtMs: undefined, frozen, nowMs, proofs };
  }
  const still = random(5000, 1);
  /** Its header counts the keyframes, as those of H.264 do (idr_pic_id). */
  const counting = (index: number) => {
    const bytes = Buffer.from(still);
    bytes[3] = index & 1;
    return bytes;
  };

  it.each<[string, number, (index: number) => Buffer, (index: number) => number, number]>([
    ['every two seconds, nothing between', 20, counting, () => 40, 9500],
    ['every second', 10, counting, () => 40, 9500],
    ['every ten seconds', 100, counting, () => 40, 20_500],
    ['each one, as in motion JPEG', 1, () => still, () => 0, 9500],
    ['two ways to code it in turn', 20, (index) => random(5000, index & 1), () => 40, 9500],
    ['once a minute', 600, counting, () => 40, 60_500],
  ])('is noticed with keyframes %s', async (_name, group, key, between, limitMs) => {
    const { frozenAtMs, proofs } = await watch(group, 70, key, between);
    expect(frozenAtMs).toBeDefined();
    expect(frozenAtMs).toBeLessThanOrEqual(limitMs);
    expect(proofs).toBe(0);
  });

  it.each<[string, StillVerdict, number, (index: number) => number, number | undefined]>([
    ['a still picture that the encoder refines with what it has to spare', 'still', 20, () => 2000, 9500],
    ['the same where its rate control wanders', 'still', 20, (index) => 200 + ((index * 7919) % 9000), 9500],
    ['a scene that repeats with its keyframe, once a minute', 'moved', 600, () => 2000, undefined],
    ['a scene that repeats with its keyframe, every two seconds', 'moved', 20, () => 2000, undefined],
    ['what cannot be decoded', 'unknown', 20, () => 2000, undefined],
  ])(
    'by equal keyframes with news between is decided by decoding: %s',
    async (_name, verdict, group, between, limitMs) => {
      const { frozenAtMs, proofs } = await watch(group, 300, counting, between, verdict);
      expect(proofs).toBeGreaterThan(0);
      // Once a minute at most, and three times where nothing was found out.
      expect(proofs).toBeLessThanOrEqual(verdict === 'unknown' ? 15 : 5);
      if (limitMs === undefined) expect(frozenAtMs).toBeUndefined();
      else expect(frozenAtMs).toBeLessThanOrEqual(limitMs);
    },
  );

  it.each<[string, number, (index: number) => Buffer, (index: number) => number]>([
    ['a quiet scene of a living sensor', 20, (index) => random(5000, index + 1), () => 900],
    [
      'a quiet scene whose pictures are empty but for the clock in them',
      600,
      (index) => random(5000, index + 1),
      (index) => (index % 10 === 0 ? 400 : 40),
    ],
    [
      'a quiet scene, empty between different keyframes once a minute',
      600,
      (index) => random(5000, index + 1),
      () => 40,
    ],
    ['a scene that repeats every second keyframe', 20, (index) => random(5000, index % 2), () => 900],
    ['a quiet scene, empty between different keyframes', 20, (index) => random(5000 + index, index + 1), () => 40],
  ])('%s is alive', async (_name, group, key, between) => {
    expect((await watch(group, 120, key, between, 'still')).frozenAtMs).toBeUndefined();
  });

  it('ends with another keyframe, or with news between them', async () => {
    const first = await watch(20, 30, counting, () => 40);
    expect(first.frozen.key([random(5000, 9)], first.nowMs + 100)).toBe('moving');
    const second = await watch(20, 30, counting, () => 40);
    expect([1, 2, 3].map((step) => second.frozen.picture(1, 4000, second.nowMs + step * 100))).toEqual([
      'frozen',
      'frozen',
      'moving',
    ]);
  });
});
