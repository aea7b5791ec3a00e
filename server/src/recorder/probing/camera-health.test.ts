import { describe, expect, it } from 'vitest';
import { CameraHealth, type HealthInput, type OnvifSight, type StreamRuntime } from './camera-health.js';

const startAtMs = Date.parse('2026-03-01T00:00:00Z');

/** One camera on a clock of its own, looked at every half second. */
function camera() {
  const health = new CameraHealth();
  const changes: string[] = [];
  let nowMs = startAtMs;
  let monotonicMs = 1000;
  const input: HealthInput = { enabled: true, hasStreamUrl: true, runtime: undefined, onvif: { kind: 'none' } };
  const observe = () => {
    const { health: now, changed } = health.observe(input, nowMs, monotonicMs);
    if (changed) changes.push(`${now.state} ${now.reason}`);
  };
  return {
    changes,
    now: () => nowMs,
    current: () => health.health,
    stream(state: string, reason: StreamRuntime['reason'] = 'ok', more: Partial<StreamRuntime> = {}) {
      const before = input.runtime;
      input.runtime = {
        ...{ state, reason, detail: '', sinceAtMs: nowMs, frameRate: 10 },
        lastFragmentAtMs: before?.lastFragmentAtMs,
        ...more,
      };
    },
    set(change: Partial<HealthInput>) {
      Object.assign(input, change);
    },
    stepWallClock(ms: number) {
      nowMs += ms;
    },
    /** Lets time go by; `fragments`: one comes every two seconds. */
    pass(ms: number, fragments = false) {
      for (let passed = 0; passed < ms; passed += 500) {
        nowMs += 500;
        monotonicMs += 500;
        if (fragments && passed % 2000 === 0 && input.runtime !== undefined) {
          input.runtime = { ...input.runtime, lastFragmentAtMs: nowMs };
        }
        observe();
      }
    },
  };
}

function recording() {
  const one = camera();
  one.pass(500);
  one.stream('starting', 'connecting');
  one.pass(1000);
  one.stream('recording');
  one.pass(10_000, true);
  return one;
}

const okSight = (change: Partial<Extract<OnvifSight, { kind: 'ok' }>> = {}): OnvifSight => ({
  ...{ kind: 'ok', clockOffsetMs: 0, promisedFrameRate: 10, atMs: startAtMs },
  ...change,
});
const failedSight = (
  reason: 'host_unreachable' | 'wrong_password',
  failures: number,
  atMs = startAtMs,
): OnvifSight => ({
  ...{ kind: 'failed', detail: 'd', reason, failures, atMs },
});

describe('the health of a camera', () => {
  it('is unknown, then alive', () => {
    expect(recording().changes).toEqual(['unknown connecting', 'alive ok']);
  });

  it.each([2000, 3000, 4000])('does not show a reconnection of %i ms', (breakMs) => {
    const one = recording();
    for (let round = 0; round < 5; round += 1) {
      one.stream('backoff', 'stream_ended');
      one.pass(breakMs / 2);
      one.stream('starting', 'stream_ended');
      one.pass(breakMs / 2);
      one.stream('recording');
      one.pass(6000, true);
    }
    expect(one.changes).toEqual(['unknown connecting', 'alive ok']);
  });

  it.each<[string, StreamRuntime['reason'], string]>([
    ['recording', 'ok', 'down stream_stalled'],
    ['stalled', 'stream_stalled', 'down stream_stalled'],
    ['backoff', 'connection_refused', 'down connection_refused'],
    ['starting', 'host_unreachable', 'down host_unreachable'],
  ])('shows a loss within 10 s of the last fragment (%s, %s), dated by it', (state, reason, expected) => {
    const one = recording();
    const lastAtMs = one.now();
    one.stream(state, reason, { lastFragmentAtMs: lastAtMs });
    one.pass(6000);
    expect(one.changes).toHaveLength(2);
    one.pass(1000);
    expect(one.changes.at(-1)).toBe(expected);
    expect(one.current()?.sinceAtMs).toBe(lastAtMs);
  });

  it.each(['picture_frozen', 'packet_loss', 'bad_timestamps', 'no_keyframe'] as const)(
    'shows %s at once while footage arrives, also where ONVIF does not answer, and its end',
    (reason) => {
      const one = recording();
      one.set({ onvif: failedSight('host_unreachable', 5) });
      one.pass(1000, true);
      one.stream('recording', reason);
      one.pass(500, true);
      expect(one.changes.at(-1)).toBe(`degraded ${reason}`);
      one.set({ onvif: okSight() });
      one.stream('recording', 'ok');
      one.pass(500, true);
      expect(one.changes.at(-1)).toBe('alive ok');
    },
  );

  it('shows a loss of what was recorded without keyframes as the loss it is', () => {
    const one = recording();
    one.stream('recording', 'no_keyframe');
    one.pass(2000, true);
    one.pass(7000);
    expect(one.changes.slice(2)).toEqual(['degraded no_keyframe', 'down stream_stalled']);
  });

  it.each(['no_keyframe', 'no_stream'] as const)(
    'shows %s while the connection stays, at the first one and after others failed',
    (reason) => {
      const first = camera();
      first.stream('starting', 'connecting');
      first.pass(8000);
      first.stream('starting', reason);
      first.pass(500);
      expect(first.changes).toEqual(['unknown connecting', `down ${reason}`]);
      const later = recording();
      later.stream('backoff', 'stream_ended');
      later.pass(9000);
      later.stream('starting', 'stream_ended');
      later.pass(8000);
      later.stream('starting', reason);
      later.pass(5500);
      expect(later.changes.slice(2)).toEqual(['down stream_ended', `down ${reason}`]);
    },
  );

  it('is alive again only after some seconds of footage, and not for each attempt', () => {
    const one = recording();
    one.stream('backoff', 'connection_refused');
    one.pass(12_000);
    for (let attempt = 0; attempt < 6; attempt += 1) {
      one.stream('starting', 'connection_refused');
      one.pass(2000);
      one.stream('recording');
      one.pass(1500, true);
      one.stream('backoff', 'stream_ended');
      one.pass(500);
    }
    expect(one.changes.slice(2)).toEqual(['down connection_refused']);
    one.stream('recording');
    one.pass(6000, true);
    expect(one.changes.slice(2)).toEqual(['down connection_refused', 'alive ok']);
  });

  it('is not shaken by a step of the wall clock', () => {
    const one = recording();
    one.stepWallClock(3600_000);
    one.pass(6000, true);
    one.stepWallClock(-7200_000);
    one.pass(6000, true);
    expect(one.changes).toEqual(['unknown connecting', 'alive ok']);
  });

  it('survives a new runner that has no fragment yet', () => {
    const one = recording();
    one.stream('starting', 'connecting', { lastFragmentAtMs: undefined });
    one.pass(4000);
    one.stream('recording');
    one.pass(4000, true);
    expect(one.changes).toEqual(['unknown connecting', 'alive ok']);
  });

  it('takes a first connection for down only after 15 s without a reason, at once with one', () => {
    const waiting = camera();
    waiting.stream('starting', 'connecting');
    waiting.pass(14_000);
    expect(waiting.changes).toEqual(['unknown connecting']);
    waiting.pass(2000);
    expect(waiting.changes.at(-1)).toBe('down no_stream');
    const refused = camera();
    refused.stream('backoff', 'wrong_password');
    refused.pass(500);
    expect(refused.changes).toEqual(['down wrong_password']);
  });

  it('says what ONVIF says while no stream address is known', () => {
    const one = camera();
    one.set({ hasStreamUrl: false });
    one.pass(500);
    one.set({ onvif: failedSight('wrong_password', 1) });
    one.pass(500);
    expect(one.changes).toEqual(['unknown connecting', 'down wrong_password']);
  });

  it('takes the deeper cause from ONVIF when it looked after the loss', () => {
    const one = recording();
    one.stream('backoff', 'stream_ended', { lastFragmentAtMs: one.now() });
    one.set({ onvif: failedSight('host_unreachable', 1, one.now() + 1000) });
    one.pass(10_000);
    expect(one.changes.at(-1)).toBe('down host_unreachable');
  });

  it.each<[string, OnvifSight, string | undefined]>([
    ['ONVIF missed twice', failedSight('host_unreachable', 2), undefined],
    ['ONVIF missed three times', failedSight('host_unreachable', 3), 'degraded onvif_unreachable'],
    ['the password changed', failedSight('wrong_password', 3), 'degraded wrong_password'],
    ['the clock is 4.9 s off', okSight({ clockOffsetMs: -4900 }), undefined],
    ['the clock is 5.1 s off', okSight({ clockOffsetMs: -5100 }), 'degraded clock_offset'],
    ['half the frames come', okSight({ promisedFrameRate: 20 }), undefined],
    ['a third of the frames come', okSight({ promisedFrameRate: 30 }), 'degraded slow_frames'],
  ])('while footage arrives: %s', (_what, onvif, expected) => {
    const one = recording();
    one.set({ onvif });
    one.pass(30_000, true);
    expect(one.changes.slice(2)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('does not call a clock wrong that is right when the camera is asked, whatever its stream reports', () => {
    const one = recording();
    const reported = () => one.stream('recording', 'ok', { clockOffsetMs: 30_000, clockMeasuredAtMs: one.now() });
    const asked = (clockOffsetMs: number) => one.set({ onvif: okSight({ clockOffsetMs, atMs: one.now() }) });
    for (let second = 0; second < 20; second += 1) {
      reported();
      asked(-400);
      one.pass(1000, true);
    }
    expect(one.changes.slice(2)).toEqual([]);
    // Both say so: it is.
    asked(30_000);
    reported();
    one.pass(1000, true);
    expect(one.changes.slice(2)).toEqual(['degraded clock_offset']);
  });

  it('judges the clock by fresh measurements only: reports before ONVIF, none that is of long ago', () => {
    const one = recording();
    const clockIs = (clockOffsetMs: number, clockMeasuredAtMs: number) => {
      one.stream('recording', 'ok', { clockOffsetMs, clockMeasuredAtMs });
      one.pass(1000, true);
    };
    clockIs(9000, one.now() - 61_000);
    one.set({ onvif: okSight({ clockOffsetMs: 9000, atMs: one.now() - 601_000 }) });
    one.pass(10_000, true);
    expect(one.changes.slice(2)).toEqual([]);
    one.set({ onvif: okSight({ clockOffsetMs: 9000, atMs: one.now() - 540_000 }) });
    one.pass(1000, true);
    expect(one.changes.slice(2)).toEqual(['degraded clock_offset']);
    clockIs(10, one.now());
    expect(one.changes.slice(2)).toEqual(['degraded clock_offset', 'alive ok']);
    clockIs(9000, one.now());
    one.set({ onvif: { kind: 'none' } });
    one.pass(58_000, true);
    expect(one.changes.at(-1)).toBe('degraded clock_offset');
    one.pass(2000, true);
    expect(one.changes.at(-1)).toBe('alive ok');
    clockIs(-50 * 365 * 86_400_000, one.now());
    expect(one.changes.at(-1)).toBe('alive ok');
  });

  it('does not flap between alive and degraded at the limit', () => {
    const one = recording();
    for (const clockOffsetMs of [5200, 4800, 5200, 4500, 5100, 3900]) {
      one.set({ onvif: okSight({ clockOffsetMs }) });
      one.pass(5000, true);
    }
    expect(one.changes.slice(2)).toEqual(['degraded clock_offset', 'alive ok']);
  });

  it('tells a disk that is full, one that is slow, and one that takes nothing', () => {
    const one = recording();
    one.stream('recording', 'storage_slow');
    one.pass(10_000, true);
    expect(one.changes.at(-1)).toBe('degraded storage_slow');
    one.pass(30_000, true);
    expect(one.changes.at(-1)).toBe('down storage_slow');
    one.stream('recording', 'storage_full');
    one.pass(10_000, true);
    expect(one.changes.at(-1)).toBe('paused storage_full');
  });

  it('is paused by a person, and comes back as connecting', () => {
    const one = recording();
    one.set({ enabled: false });
    one.pass(20_000);
    one.set({ enabled: true });
    one.stream('starting', 'connecting', { lastFragmentAtMs: undefined });
    one.pass(3000);
    one.stream('recording');
    one.pass(3000, true);
    expect(one.changes.slice(2)).toEqual(['paused disabled', 'unknown connecting', 'alive ok']);
  });
});
