import { once } from 'node:events';
import { httpStatusOfKind, type ErrorResponse } from '@choi-canh/shared/errors';
import {
  askText,
  FrameReader,
  frameLengths,
  multiplexName,
  type MultiplexAsk,
  type MultiplexHead,
} from '@choi-canh/shared/live-multiplex';
import type { Response } from 'express';
import { AppError, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';

export interface MultiplexLiveOptions {
  readonly asks: readonly MultiplexAsk[];
  /** Of the query, as it came. */
  readonly plays: string | undefined;
  /** Recorder of each camera that the viewer may see now. */
  recordersOf(cameraIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  open(
    recorderId: string,
    query: { streams: string; plays?: string | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Enters that these cameras are watched from now on, before a byte of them goes on; what it returns, that they are not any more. */
  watched(cameraIds: readonly string[]): Promise<() => void>;
  readonly response: Response;
  /** Aborts when the viewer goes away or its session ends. */
  readonly signal: AbortSignal;
  /** For tests. */
  readonly checkEveryMs?: number;
}

/** Access ends within ten seconds of being revoked; that of a session is watched elsewhere. */
const usualCheckMs = 5000;

/**
 * Joins what recorders tell of their cameras' live streams into one answer, frame by frame; nothing is kept for a viewer
 * who takes it slowly. A camera that he may not see (one of several), or whose recorder is away, fails alone. Where access to one is
 * revoked the answer ends, and whoever asks again is told.
 * @throws AppError not_found camera_not_found where he may see none of them
 */
export async function multiplexLive({ asks, plays, open, response, signal, ...access }: MultiplexLiveOptions) {
  const ids = [...new Set(asks.map(({ cameraId }) => cameraId))];
  const recorders = await access.recordersOf(ids);
  if (recorders.size === 0) throw unseenError();
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('cache-control', 'no-store, no-transform');
  response.flushHeaders();

  const ended = new AbortController();
  const over = AbortSignal.any([signal, ended.signal]);
  async function write(bytes: Uint8Array): Promise<void> {
    over.throwIfAborted();
    if (!response.write(bytes)) await once(response, 'drain', { signal: over });
  }
  const fail = async (some: readonly MultiplexAsk[], error: unknown) => {
    for (const ask of some) await write(failureFrame(multiplexName(ask), error));
  };

  async function forward(recorderId: string, some: readonly MultiplexAsk[]): Promise<void> {
    const failed = new Set<string>();
    let unwatched = () => {};
    try {
      const streams = some.map(askText).join(',');
      const reader = new FrameReader();
      const chunks = await open(recorderId, { streams, plays }, over);
      unwatched = await access.watched([...new Set(some.map(({ cameraId }) => cameraId))]);
      for await (const chunk of chunks)
        for (const { head, bytes } of reader.push(chunk)) {
          const name = failedName(head);
          if (name !== undefined) failed.add(name);
          await write(bytes);
        }
      if (failed.size < some.length)
        throw new AppError('unavailable', 'recorder_unreachable', 'the recorder broke off');
    } catch (error) {
      if (over.aborted) return;
      const left = some.filter((ask) => !failed.has(multiplexName(ask)));
      await fail(left, isAppError(error) ? error : unreachable(error));
    } finally {
      unwatched();
    }
  }

  const check = setInterval(() => {
    access.recordersOf([...recorders.keys()]).then(
      (now) => {
        if ([...recorders].some(([id, recorderId]) => now.get(id) !== recorderId)) ended.abort();
      },
      () => ended.abort(), // what cannot be checked is not shown
    );
  }, access.checkEveryMs ?? usualCheckMs);
  try {
    const unseen = asks.filter(({ cameraId }) => !recorders.has(cameraId));
    await fail(unseen, unseenError());
    const byRecorder = new Map<string, MultiplexAsk[]>();
    for (const ask of asks) {
      const recorderId = recorders.get(ask.cameraId);
      if (recorderId !== undefined) byRecorder.set(recorderId, [...(byRecorder.get(recorderId) ?? []), ask]);
    }
    await Promise.all([...byRecorder].map(([recorderId, some]) => forward(recorderId, some)));
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    clearInterval(check);
    ended.abort();
    response.end();
  }
}

const unseenError = () => new AppError('not_found', 'camera_not_found', 'no such camera');
const unreachable = (cause: unknown) =>
  new AppError('unavailable', 'recorder_unreachable', 'the recorder broke off', { cause });

/** Name of a stream of which nothing more comes; heads of failures are rare and begin so. */
function failedName(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('utf8');
  return text.startsWith('{"kind":"failure"') ? (JSON.parse(text) as { name: string }).name : undefined;
}

function failureFrame(name: string, error: unknown): Buffer {
  const known = isAppError(error) ? error : unreachable(error);
  const { kind, code, message, details } = known;
  const answer: ErrorResponse = { error: { kind, code, message, details, requestId: newId() } };
  const head: MultiplexHead = { kind: 'failure', name, status: httpStatusOfKind[kind] };
  const [headBytes, body] = [Buffer.from(JSON.stringify(head)), Buffer.from(JSON.stringify(answer))];
  return Buffer.concat([frameLengths(headBytes.length, body.length), headBytes, body]);
}
