// Several live streams in one answer: each is followed for itself, and what is new goes out as a frame when the viewer
// has taken the frame before. Nothing is queued for a slow viewer: he goes on at the newest keyframe.
import {
  aliveEveryMs,
  frameLengths,
  multiplexName,
  type MultiplexAsk,
  type MultiplexHead,
} from '@choi-canh/shared/live-multiplex';
import type { ErrorResponse } from '@choi-canh/shared/errors';
import { httpStatusOfKind } from '@choi-canh/shared/errors';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Live, PlayableCodec } from './live.js';

/** A stream without a picture after so long gets a still of the stream that is recorded … */
const stillAfterMs = 700;
/** … unless that is older than this: it would show what is no longer so. */
const oldestStillMs = 10_000;
const stillWidth = 640;

export interface MultiplexOptions {
  readonly live: Pick<Live, 'follow' | 'picture'>;
  readonly asks: readonly MultiplexAsk[];
  readonly plays: readonly PlayableCodec[] | undefined;
  /** @throws AppError not_found for a camera that is not of this recorder */
  readonly requireCamera: (cameraId: string) => void;
  /** Resolves when the viewer can take more. */
  readonly write: (frame: Buffer) => Promise<void>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function multiplexFrame(head: MultiplexHead, body: Buffer | string = ''): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return Buffer.concat([frameLengths(text.length, bytes.length), text, bytes]);
}

export function failureFrame(name: string, error: unknown): Buffer {
  const known = isAppError(error) ? error : new AppError('internal', 'internal', 'internal error');
  const body: ErrorResponse = {
    error: {
      kind: known.kind,
      code: known.code,
      message: known.message,
      details: known.details,
      requestId: newId(),
    },
  };
  return multiplexFrame({ kind: 'failure', name, status: httpStatusOfKind[known.kind] }, JSON.stringify(body));
}

/** Resolves when the viewer has gone, or when nothing more can come of any stream. */
export async function multiplex(options: MultiplexOptions): Promise<void> {
  const { asks, signal, write, clock, logger } = options;
  const ended = new AbortController();
  let lastWriteAtMs = clock.monotonicMs();
  const send = (frame: Buffer) => {
    lastWriteAtMs = clock.monotonicMs();
    return write(frame);
  };

  async function sendAlive(): Promise<void> {
    for (;;) {
      await clock.sleep(aliveEveryMs, AbortSignal.any([signal, ended.signal]));
      if (clock.monotonicMs() - lastWriteAtMs >= aliveEveryMs) await send(multiplexFrame({ kind: 'alive' }));
    }
  }
  const alive = sendAlive().catch(() => undefined); // ended, or nobody is there

  await Promise.all(
    asks.map(async (ask) => {
      try {
        await followOne(options, ask, send);
      } catch (error) {
        if (signal.aborted) return;
        if (!isAppError(error)) logger.warn({ cameraId: ask.cameraId, error: errorMessage(error) }, 'live broke off');
        await send(failureFrame(multiplexName(ask), error));
      }
    }),
  );
  ended.abort();
  await alive;
}

async function followOne(options: MultiplexOptions, ask: MultiplexAsk, send: MultiplexOptions['write']): Promise<void> {
  const { live, plays, signal } = options;
  const { cameraId, stream, after } = ask;
  const name = multiplexName(ask);
  options.requireCamera(cameraId);
  const shown = new AbortController();
  // Whoever goes on after a segment has a picture.
  if (after === undefined) void sendStill(options, ask, AbortSignal.any([signal, shown.signal]), send);
  let initId: string | undefined;
  try {
    for await (const { segment, init, body } of live.follow(cameraId, stream, { after, plays, signal })) {
      shown.abort();
      const [first] = segment.fragments;
      if (first === undefined) continue;
      if (first.initId !== initId) await send(multiplexFrame({ kind: 'init', name, id: first.initId }, init));
      initId = first.initId;
      const head: MultiplexHead = {
        kind: 'segment',
        name,
        number: segment.number,
        shownFromMs: first.shownFromMs,
        durationMs: segment.durationMs,
        sentAtMs: options.clock.nowMs(),
        independent: first.independent,
        discontinuity: segment.discontinuity,
        initId,
      };
      await send(multiplexFrame(head, body));
    }
  } finally {
    shown.abort();
  }
}

/** What is missing is no error: the stream itself says what is wrong. */
async function sendStill(
  { live, clock, logger }: MultiplexOptions,
  ask: MultiplexAsk,
  signal: AbortSignal,
  send: MultiplexOptions['write'],
): Promise<void> {
  try {
    await clock.sleep(stillAfterMs, signal);
    const { body, pictureAtMs } = await live.picture(ask.cameraId, 'main', { width: stillWidth, signal });
    if (signal.aborted || clock.nowMs() - pictureAtMs > oldestStillMs) return;
    await send(multiplexFrame({ kind: 'still', name: multiplexName(ask), pictureAtMs }, body));
  } catch (error) {
    if (!signal.aborted) logger.debug({ cameraId: ask.cameraId, error: errorMessage(error) }, 'no still');
  }
}
