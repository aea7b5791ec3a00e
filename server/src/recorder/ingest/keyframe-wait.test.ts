import { expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { EngineChoice } from './engine-choice.js';
import type { FragmentSource, PullOptions } from './fragment-source.js';
import { until } from './native/rtsp.test-harness.js';
import { SteadyClock } from './recorded-clock.js';
import { StreamObservation } from './stream-observation.js';
import { startStreamRunner } from './stream-runner.js';

/** `stallMs` is short, so that the stream is looked at often; what has passed is said by the clock. */
const [stallMs, startupMs, keyframeWaitMs] = [40, 15_000, 90_000];

/** An engine that reports no frame, looked at when so much time has passed. */
async function waits(begin: (options: PullOptions) => void) {
  let monotonicMs = 0;
  const clock: Clock = {
    nowMs: () => monotonicMs,
    monotonicMs: () => monotonicMs,
    sleep: () => new Promise<void>(() => undefined),
  };
  let pulled: PullOptions | undefined;
  const source: FragmentSource = {
    ...{ engine: 'ffmpeg', startupMs, keyframeWaitMs },
    async pull(_target, options) {
      pulled ??= options;
      await new Promise<void>((resolve) => options.signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
  const runner = startStreamRunner({
    target: { url: 'rtsp://h/', username: '', password: '', audio: false },
    engines: new EngineChoice({ sources: [source], clock }),
    observation: new StreamObservation(clock),
    ...{ clock, recordedClock: new SteadyClock(clock), logger: silentLogger, stallMs, nextRun: () => 1 },
    turn: () => Promise.resolve(() => undefined),
    onFragment: () => undefined,
    parts: { wanted: () => false, awaited: () => false, onPart: () => undefined },
    ...{ requestKeyframe: () => undefined, onChange: () => undefined },
  });
  await until('the engine', () => pulled !== undefined);
  begin(pulled!);
  return {
    pass: (ms: number) => void (monotonicMs += ms),
    isGivenUp: () => pulled!.signal.aborted,
    /** As often as it takes to be looked at. */
    looked: () => new Promise((resolve) => setTimeout(resolve, 2 * stallMs)),
    runtime: () => runner.runtime(),
  };
}

it('a stream of which nothing comes is given up soon', async () => {
  const stream = await waits(() => undefined);
  stream.pass(startupMs + 10_000);
  await until('the end', stream.isGivenUp);
  await until('the reason', () => stream.runtime().reason === 'no_stream');
});

it('one whose pictures lack a keyframe is given a minute and a half, and then that is the reason', async () => {
  const stream = await waits(({ report }) => report.trouble('no_keyframe', 'pictures come, but no keyframe'));
  expect(stream.runtime().reason).toBe('no_keyframe');
  stream.pass(keyframeWaitMs - 1000);
  await stream.looked();
  expect(stream.isGivenUp()).toBe(false);
  stream.pass(2000);
  await until('the end', stream.isGivenUp);
  expect(stream.runtime()).toMatchObject({ reason: 'no_keyframe', detail: 'no keyframe within 90 s' });
});
