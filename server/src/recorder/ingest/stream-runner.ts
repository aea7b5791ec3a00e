// Keeps one stream coming: starts its engine, watches that frames arrive, waits and tries again when it is lost.
import type { Clock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import { backoffMs } from '../../lib/retry.js';
import type { FragmentSource, PartSink, StreamTarget } from './fragment-source.js';
import { IngestFailure } from './ingest-failure.js';
import { nextStates, type StreamRuntime, type StreamState } from './stream-state.js';

export interface StreamRunnerOptions {
  readonly target: StreamTarget;
  /** In order of preference; a later one is tried when an earlier one says that it cannot. */
  readonly sources: readonly FragmentSource[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stallMs: number;
  readonly nextRun: () => number;
  /** Resolves when this stream may connect. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  readonly onFragment: (fragment: Fragment) => void;
  readonly parts: PartSink;
  readonly onChange: () => void;
}

export interface StreamRunner {
  runtime(): StreamRuntime;
  stop(): Promise<void>;
}

const retryBaseMs = 1000;
const retryMaxMs = 15_000;
/** Cameras lock an account after a few wrong passwords. */
const passwordRetryBaseMs = 10_000;
const passwordRetryMaxMs = 60_000;
/** Frame rate and bitrate are those of so much footage. */
const statisticsMs = 10_000;

export function startStreamRunner(options: StreamRunnerOptions): StreamRunner {
  const { clock, logger } = options;
  const stopping = new AbortController();
  const recent: { durationMs: number; samples: number; bytes: number }[] = [];
  let sourceIndex = 0;
  let lastFragmentAtMs: number | undefined;
  let clockOffsetMs: number | undefined;
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

  function takeFragment(fragment: Fragment): void {
    lastFragmentAtMs = clock.nowMs();
    recent.push({ durationMs: fragment.durationMs, samples: fragment.sampleCount, bytes: fragment.bytes.length });
    let total = recent.reduce((sum, { durationMs }) => sum + durationMs, 0);
    while (recent.length > 1 && total - recent[0]!.durationMs >= statisticsMs) total -= recent.shift()!.durationMs;
    options.onFragment(fragment);
    if (status.state === 'starting') enter('recording', 'ok', '');
  }

  /** One connection. Resolves when it was told to stop. @throws IngestFailure */
  async function attempt(): Promise<void> {
    const source = options.sources[sourceIndex]!;
    const giveUp = new AbortController();
    const onStop = () => giveUp.abort();
    stopping.signal.addEventListener('abort', onStop, { once: true });
    let lastFrameAt = clock.monotonicMs();
    let stalled: IngestFailure | undefined;
    let framesCame = false;
    const watchdog = setInterval(
      () => {
        const limitMs = options.stallMs + (framesCame ? 0 : source.startupMs);
        if (stalled !== undefined || clock.monotonicMs() - lastFrameAt < limitMs) return;
        const seconds = Math.round(limitMs / 1000);
        stalled = framesCame
          ? new IngestFailure('stream_stalled', `no frame for ${seconds} s`)
          : new IngestFailure('no_stream', `no frame within ${seconds} s`);
        enter('stalled', stalled.reason, stalled.detail);
        giveUp.abort();
      },
      Math.min(1000, options.stallMs / 4),
    );
    try {
      await source.pull(options.target, {
        signal: giveUp.signal,
        nextRun: options.nextRun,
        onFragment: takeFragment,
        parts: options.parts,
        onFrame: () => {
          lastFrameAt = clock.monotonicMs();
          framesCame = true;
        },
        onClockOffset: (offsetMs) => (clockOffsetMs = offsetMs),
      });
    } finally {
      clearInterval(watchdog);
      stopping.signal.removeEventListener('abort', onStop);
    }
    if (stalled !== undefined) throw stalled;
  }

  async function loop(): Promise<void> {
    const isStopping = () => stopping.signal.aborted;
    for (let failures = 0; !isStopping();) {
      // What is shown stays what it was until this attempt has shown something else.
      enter('starting', status.reason, status.detail);
      await options.turn(stopping.signal);
      if (isStopping()) break;
      let failure: IngestFailure;
      try {
        await attempt();
        continue;
      } catch (error) {
        failure =
          error instanceof IngestFailure
            ? error
            : new IngestFailure('engine_failed', (error as Error).message.slice(0, 200));
      }
      if (isStopping()) break;
      const recorded = status.reason === 'ok' || status.state === 'stalled';
      if (recorded && failure.reason !== 'wrong_password') failures = 0;
      recent.length = 0;
      const other = failure.unsupported && sourceIndex + 1 < options.sources.length;
      if (other) sourceIndex += 1;
      logger.info({ reason: failure.reason, detail: failure.detail, failures }, 'stream lost');
      enter('backoff', failure.reason, failure.detail);
      const delayMs =
        failure.reason === 'wrong_password'
          ? backoffMs(failures, passwordRetryBaseMs, passwordRetryMaxMs)
          : backoffMs(failures, retryBaseMs, retryMaxMs);
      failures += 1;
      reconnects += 1;
      if (!other) await clock.sleep(delayMs, stopping.signal).catch(() => undefined); // ended early: told to stop
    }
    enter('stopped', status.reason, '');
  }

  const ended = loop();
  ended.catch((error: unknown) => logger.error({ reason: (error as Error).message }, 'a stream runner ended'));

  return {
    runtime() {
      const durationMs = recent.reduce((sum, one) => sum + one.durationMs, 0);
      const rate = (value: (one: (typeof recent)[number]) => number) =>
        durationMs === 0 ? undefined : recent.reduce((sum, one) => sum + value(one), 0) / durationMs;
      const frames = rate(({ samples }) => samples);
      const bytes = rate(({ bytes }) => bytes);
      return {
        ...status,
        lastFragmentAtMs,
        frameRate: frames === undefined ? undefined : Math.round(frames * 10_000) / 10,
        bitrateKbps: bytes === undefined ? undefined : Math.round(bytes * 8),
        reconnects,
        engine: options.sources[sourceIndex]!.engine,
        clockOffsetMs,
      };
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
