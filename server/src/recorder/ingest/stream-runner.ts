// Keeps one stream coming: starts its engine, watches that frames arrive, waits and tries again when it is lost.
import type { StreamQuirk } from '@choi-canh/shared/recorder-facts';
import { usualLockMs } from '../../lib/account-lock.js';
import type { Clock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import type { EngineChoice } from './engine-choice.js';
import type { PartSink, StreamReport, StreamTarget } from './fragment-source.js';
import { IngestFailure, type IngestReason } from './ingest-failure.js';
import type { StreamHabits } from './native/picture-recorder.js';
import type { RecordedClock } from './recorded-clock.js';
import type { StreamObservation } from './stream-observation.js';
import { StillProof, type CompareDecoded } from './still-proof.js';
import { nextStates, type StreamRuntime, type StreamState } from './stream-state.js';

export interface StreamRunnerOptions {
  readonly target: StreamTarget;
  readonly engines: EngineChoice;
  readonly observation: StreamObservation;
  readonly clock: Clock;
  readonly recordedClock: RecordedClock;
  readonly logger: Logger;
  readonly stallMs: number;
  readonly nextRun: () => number;
  /** Resolves when this stream may connect, with what says that it is set up. */
  readonly turn: (signal: AbortSignal, reconnects: number) => Promise<() => void>;
  /** The account that the camera shares with the other channels of its device; absent: with none. */
  readonly account?: StreamAccount | undefined;
  readonly onFragment: (fragment: Fragment) => void;
  readonly parts: PartSink;
  readonly requestKeyframe: () => void;
  /** Absent: nothing can be decoded here. */
  readonly compareDecoded?: CompareDecoded | undefined;
  /** As in LearntStream. */
  readonly lostKeepAlives?: () => readonly string[];
  readonly onKeepAliveLost?: (method: string) => void;
  readonly habits?: () => StreamHabits | undefined;
  readonly onHabits?: (habits: StreamHabits) => void;
  /** A quirk was noticed. */
  readonly onLearnt?: () => void;
  readonly onChange: () => void;
}

/** Whether the password of a device is tried, and what became of it (device-passwords.ts). */
export interface StreamAccount {
  /** False: it was refused, and is not tried now. */
  enter(signal: AbortSignal): Promise<boolean>;
  taken(): void;
  refused(): void;
  lost(): void;
  left(): void;
  /** The device said that it keeps the account locked, for so long, ms. */
  locked(lockMs: number): void;
  /** How long it does still, ms; 0: it does not. */
  lockedMs(): number;
}

export interface StreamRunner {
  runtime(): StreamRuntime;
  /** Ends a pause after a failure: the next attempt begins at once. */
  retryNow(): void;
  stop(): Promise<void>;
}

const retryBaseMs = 1000;
const retryMaxMs = 15_000;
/** A camera that gives some footage each time is not kept waiting as long. */
const flappingRetryMaxMs = 5000;
/** Longer pauses, by how often in a row the reason was the same. */
const longPauses: Partial<Record<IngestReason, { readonly baseMs: number; readonly maxMs: number }>> = {
  /** Cameras lock an account after a few wrong passwords; a changed one is tried at once. */
  wrong_password: { baseMs: 60_000, maxMs: 600_000 },
  /** Each try takes from it what it lacks. */
  camera_busy: { baseMs: 5000, maxMs: 60_000 },
  /** Until somebody changes something. */
  no_such_stream: { baseMs: 5000, maxMs: 60_000 },
  unsupported_transport: { baseMs: 15_000, maxMs: 60_000 },
};
/** What a device says of its lock is not exact. */
const lockGraceMs = 5000;
/** A stream that ran for so long had overcome what was wrong before. */
const steadyMs = 10_000;
/** Without a frame for so long after the start it is told; the connection has longer, for a first keyframe. */
const silentMs = 8000;
const firstFrameGraceMs = 5000;
/** Bitrate and frame rate are those of so much footage; that frames come slower must show soon. */
const statisticsMs = 10_000;
const frameRateMs = 5000;

interface Recent {
  readonly durationMs: number;
  readonly samples: number;
  readonly bytes: number;
}

/** A millisecond, of the newest fragments that make up `windowMs`; undefined where there are none. */
function rateOf(recent: readonly Recent[], windowMs: number, value: (one: Recent) => number): number | undefined {
  let durationMs = 0;
  let sum = 0;
  for (let index = recent.length - 1; index >= 0 && durationMs < windowMs; index--) {
    durationMs += recent[index]!.durationMs;
    sum += value(recent[index]!);
  }
  return durationMs === 0 ? undefined : sum / durationMs;
}

/** Not of the engine that pulls it now. */
const isOfCamera = (quirk: StreamQuirk): boolean => quirk !== 'tls_unverified';

export function startStreamRunner(options: StreamRunnerOptions): StreamRunner {
  const { clock, logger, engines, observation } = options;
  const stopping = new AbortController();
  let pause: AbortController | undefined;
  const proof = options.compareDecoded === undefined ? undefined : new StillProof(options.compareDecoded);
  const recent: Recent[] = [];
  let rates: Pick<StreamRuntime, 'frameRate' | 'bitrateKbps'> | undefined;
  let lastFragmentAtMs: number | undefined;
  let reconnects = 0;
  let status: Pick<StreamRuntime, 'state' | 'reason' | 'detail' | 'sinceAtMs'> = {
    state: 'stopped',
    reason: 'connecting',
    detail: '',
    sinceAtMs: clock.nowMs(),
  };

  function enter(state: StreamState, reason: StreamRuntime['reason'], detail: string): void {
    if (state !== status.state && !nextStates[status.state].includes(state))
      logger.error({ from: status.state, to: state }, 'a stream took a step that it cannot take');
    const changed = reason !== status.reason;
    const before = status;
    status = { state, reason, detail: detail.slice(0, 300), sinceAtMs: changed ? clock.nowMs() : status.sinceAtMs };
    if (changed || before.state !== state || before.detail !== status.detail) options.onChange();
  }

  /** Says what is wrong with a stream that goes on, or that nothing is any more. */
  function showTroubles(): void {
    if (status.state === 'recording') {
      const blemish = observation.blemish;
      if ((blemish?.reason ?? 'ok') !== status.reason)
        enter('recording', blemish?.reason ?? 'ok', blemish?.detail ?? '');
    } else if (status.state === 'starting') {
      const { obstacle } = observation;
      if (obstacle !== undefined) enter('starting', obstacle.reason, obstacle.detail);
    }
  }

  function takeFragment(fragment: Fragment): void {
    lastFragmentAtMs = clock.nowMs();
    recent.push({ durationMs: fragment.durationMs, samples: fragment.sampleCount, bytes: fragment.bytes.length });
    let total = recent.reduce((sum, { durationMs }) => sum + durationMs, 0);
    while (recent.length > 1 && total - recent[0]!.durationMs >= statisticsMs) total -= recent.shift()!.durationMs;
    rates = undefined;
    proof?.take(fragment);
    options.onFragment(fragment);
    if (status.state !== 'starting') return;
    const blemish = observation.blemish;
    enter('recording', blemish?.reason ?? 'ok', blemish?.detail ?? '');
  }

  /** One connection. Resolves when it was told to stop. @throws IngestFailure */
  async function attempt(setUp: () => void, onFirstFragment: () => void): Promise<void> {
    const { source } = engines;
    const giveUp = new AbortController();
    const onStop = () => giveUp.abort();
    stopping.signal.addEventListener('abort', onStop, { once: true });
    const startedAt = clock.monotonicMs();
    let lastFrameAt = startedAt;
    let stalled: IngestFailure | undefined;
    let framesCame = false;
    let recorded = false;
    const watchdog = setInterval(
      () => {
        const silenceMs = clock.monotonicMs() - lastFrameAt;
        if (stalled !== undefined) return;
        if (!framesCame && silenceMs >= silentMs + source.startupMs && status.reason === 'connecting')
          enter('starting', 'no_stream', `no frame within ${silentMs / 1000} s`);
        const lacksKeyframe = !framesCame && observation.obstacle !== undefined;
        const limitMs =
          options.stallMs +
          (framesCame
            ? 0
            : Math.max(source.startupMs + firstFrameGraceMs, (lacksKeyframe && source.keyframeWaitMs) || 0));
        if (silenceMs < limitMs) return;
        const seconds = Math.round(limitMs / 1000);
        if (framesCame) stalled = new IngestFailure('stream_stalled', `no frame for ${seconds} s`);
        else if (lacksKeyframe) stalled = new IngestFailure('no_keyframe', `no keyframe within ${seconds} s`);
        else stalled = new IngestFailure('no_stream', `no frame within ${seconds} s`);
        enter('stalled', stalled.reason, stalled.detail);
        giveUp.abort();
      },
      Math.min(1000, options.stallMs / 4),
    );
    const report: StreamReport = {
      frame() {
        lastFrameAt = clock.monotonicMs();
        if (framesCame) return;
        framesCame = true;
        setUp();
      },
      codec: (codec) => observation.codec(codec),
      packets(received, lost) {
        observation.packets(received, lost);
        showTroubles();
      },
      time: (offsetMs, timeSource, errorMs) => observation.time(offsetMs, timeSource, errorMs),
      trouble(trouble, detail) {
        observation.trouble(trouble, detail);
        showTroubles();
      },
      audio: (isRecorded) => observation.audio(isRecorded),
      sound: (encoding) => observation.sound(encoding),
      quirk: (quirk) => {
        if (observation.quirk(quirk)) options.onLearnt?.();
      },
      keepAliveLost: (method) => options.onKeepAliveLost?.(method),
      habits: (habits) => options.onHabits?.(habits),
    };
    try {
      await source.pull(options.target, {
        signal: giveUp.signal,
        nextRun: options.nextRun,
        onFragment: (fragment) => {
          if (!recorded) onFirstFragment();
          recorded = true;
          takeFragment(fragment);
        },
        parts: options.parts,
        report,
        recordedClock: options.recordedClock,
        requestKeyframe: options.requestKeyframe,
        ...(proof === undefined ? {} : { proveStill: () => proof.prove() }),
        hints: { ...engines.hints, lostKeepAlives: options.lostKeepAlives?.() ?? [], habits: options.habits?.() },
      });
    } finally {
      clearInterval(watchdog);
      stopping.signal.removeEventListener('abort', onStop);
      observation.connectionEnded();
      proof?.end();
    }
    if (stalled !== undefined) throw stalled;
  }

  /** `before`: failures up to this one, in all and in a row for its reason, because an outage says nothing of others. */
  function delayMs(before: { inAll: number; alike: number }, failure: IngestFailure, recorded: boolean): number {
    if (failure.reason === 'account_locked') return (failure.lockMs ?? usualLockMs) + lockGraceMs;
    const long = longPauses[failure.reason];
    if (long !== undefined) return backoffMs(before.alike, long.baseMs, long.maxMs);
    return backoffMs(before.inAll, retryBaseMs, recorded ? flappingRetryMaxMs : retryMaxMs);
  }

  /** Waits for its turn and pulls until the stream is lost. Undefined: it was told to stop. */
  async function once(): Promise<{ failure: IngestFailure; recordedMs: number | undefined } | undefined> {
    const { account } = options;
    if (account !== undefined && !(await account.enter(stopping.signal))) {
      const lockMs = account.lockedMs();
      const failure =
        lockMs > 0
          ? new IngestFailure('account_locked', 'the device keeps the account locked: not tried', undefined, lockMs)
          : new IngestFailure('wrong_password', 'the device refused it for another channel: not tried');
      return { failure, recordedMs: undefined };
    }
    const setUp = await options.turn(stopping.signal, reconnects);
    let firstFragmentAt: number | undefined;
    const framesCame = () => {
      account?.taken();
      setUp();
    };
    try {
      if (stopping.signal.aborted) return undefined;
      await attempt(framesCame, () => (firstFragmentAt = clock.monotonicMs()));
      return undefined;
    } catch (error) {
      const failure =
        error instanceof IngestFailure
          ? error
          : new IngestFailure('engine_failed', error instanceof Error ? error.message.slice(0, 200) : 'a failure');
      if (failure.reason === 'wrong_password') account?.refused();
      else if (failure.reason === 'account_locked') account?.locked(failure.lockMs ?? usualLockMs);
      else if (!stopping.signal.aborted) account?.lost();
      const recordedMs = firstFragmentAt === undefined ? undefined : clock.monotonicMs() - firstFragmentAt;
      return { failure, recordedMs };
    } finally {
      account?.left();
      setUp();
    }
  }

  async function loop(): Promise<void> {
    let failures = { inAll: 0, alike: 0 };
    let lastReason: IngestReason | undefined;
    while (!stopping.signal.aborted) {
      // What is shown stays what it was until this attempt has shown something else.
      enter('starting', status.reason === 'ok' ? 'connecting' : status.reason, status.detail);
      const lost = await once();
      if (stopping.signal.aborted) break;
      if (lost === undefined) continue;
      const { recordedMs } = lost;
      const failure = engines.shown(lost.failure);
      if (lost.failure.other?.because === 'codec') observation.codec(lost.failure.other.codec);
      const recorded = recordedMs !== undefined;
      if (recorded && recordedMs >= steadyMs) failures = { inAll: 0, alike: 0 };
      if (failure.reason !== lastReason) failures.alike = 0;
      lastReason = failure.reason;
      recent.length = 0;
      rates = undefined;
      const { engine } = engines.source;
      const changed = engines.lost(lost.failure, recordedMs);
      logger.info({ reason: failure.reason, detail: failure.detail, failures: failures.inAll, engine }, 'stream lost');
      // An engine that cannot is no fault of the camera: what counts is what the other one finds.
      if (changed && !recorded) enter('backoff', status.reason, `${failure.detail}; trying ${engines.source.engine}`);
      else enter('backoff', failure.reason, failure.detail);
      reconnects += 1;
      if (changed) continue;
      const pauseMs = delayMs(failures, failure, recorded);
      failures.inAll += 1;
      failures.alike += 1;
      pause = new AbortController();
      // Ended early: told to stop, or to try again.
      await clock.sleep(pauseMs, AbortSignal.any([stopping.signal, pause.signal])).catch(() => undefined);
      pause = undefined;
    }
    enter('stopped', status.reason, '');
  }

  function ratesNow(): Pick<StreamRuntime, 'frameRate' | 'bitrateKbps'> {
    const frames = rateOf(recent, frameRateMs, ({ samples }) => samples);
    const bytes = rateOf(recent, statisticsMs, ({ bytes }) => bytes);
    return {
      frameRate: frames === undefined ? undefined : Math.round(frames * 10_000) / 10,
      bitrateKbps: bytes === undefined ? undefined : Math.round(bytes * 8),
    };
  }

  const ended = loop();
  ended.catch((error: unknown) => logger.error({ reason: (error as Error).message }, 'a stream runner ended'));

  return {
    runtime() {
      // Asked several times a second, of every camera: not spread, which is slow.
      rates ??= ratesNow();
      const facts = observation.runtime;
      return {
        state: status.state,
        reason: status.reason,
        detail: status.detail,
        sinceAtMs: status.sinceAtMs,
        codec: facts.codec,
        lostPackets: facts.lostPackets,
        timeSource: facts.timeSource,
        timeErrorMs: facts.timeErrorMs,
        audio: facts.audio,
        sound: facts.sound,
        quirks: engines.source.engine === 'ffmpeg' ? facts.quirks : facts.quirks.filter(isOfCamera),
        clockOffsetMs: facts.clockOffsetMs,
        clockMeasuredAtMs: facts.clockMeasuredAtMs,
        lastFragmentAtMs,
        frameRate: rates.frameRate,
        bitrateKbps: rates.bitrateKbps,
        reconnects,
        engine: engines.source.engine,
        engineReason: engines.reason,
      };
    },
    retryNow: () => pause?.abort(),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
