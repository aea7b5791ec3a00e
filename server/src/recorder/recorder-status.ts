import { readFileSync } from 'node:fs';
import { instantFromMs } from '@choi-canh/shared/common';
import type { CameraStatus } from '@choi-canh/shared/health';
import type { CameraRuntime, RecorderStatus } from '@choi-canh/shared/recorder-api';
import { z } from 'zod';
import type { Clock } from '../lib/clock.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';

interface StreamRuntime {
  engine?: 'ffmpeg' | 'native' | null | undefined;
  lastFragmentAtMs: number | undefined;
  frameRate: number | undefined;
  bitrateKbps: number | undefined;
  reconnects: number;
  clockOffsetMs?: number | undefined;
}

export interface RecorderStatusSources {
  startedAt: string;
  clock: Clock;
  logger: Logger;
  director: { readonly revision: number; readonly cameras: readonly { id: string }[] };
  probing: { status(cameraId: string): CameraStatus | undefined; clockOffsetMs(cameraId: string): number | null };
  ingest: { runtime(cameraId: string): StreamRuntime | undefined };
  footage: {
    usage(): Promise<{ footageBytes: number; freeBytes: number; totalBytes: number; oldestAtMs: number | undefined }>;
  };
  outbox: { readonly sequence: number };
}

const usageEveryMs = 5000;
const packageFile = z.object({ version: z.string() });
const { version } = packageFile.parse(
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as unknown,
);

/** Answers the console's frequent question for everything at once; the disk is asked every few seconds at most. */
export function createRecorderStatus(sources: RecorderStatusSources): () => Promise<RecorderStatus> {
  const { clock, director, probing, ingest, footage, outbox } = sources;
  let usage: Awaited<ReturnType<typeof footage.usage>> | undefined;
  let usageAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = (): Promise<void> =>
    (asking ??= footage
      .usage()
      .then((found) => {
        usage = found;
        usageAt = clock.monotonicMs();
      })
      .catch((error: unknown) => {
        sources.logger.warn({ error: errorMessage(error) }, 'the disk does not tell its room');
      })
      .finally(() => {
        asking = undefined;
      }));

  const runtimeOf = (cameraId: string): CameraRuntime[] => {
    const status = probing.status(cameraId);
    if (status === undefined) return [];
    const stream = ingest.runtime(cameraId);
    return [
      {
        ...status,
        engine: stream?.engine ?? null,
        frameRate: stream?.frameRate ?? null,
        bitrateKbps: stream?.bitrateKbps ?? null,
        lastFragmentAt: stream?.lastFragmentAtMs === undefined ? null : instantFromMs(stream.lastFragmentAtMs),
        clockOffsetMs: probing.clockOffsetMs(cameraId) ?? stream?.clockOffsetMs ?? null,
        reconnects: stream?.reconnects ?? 0,
      },
    ];
  };

  return async () => {
    if (usage === undefined) await ask();
    else if (clock.monotonicMs() - usageAt > usageEveryMs) void ask();
    return {
      version,
      revision: director.revision,
      startedAt: sources.startedAt,
      now: instantFromMs(clock.nowMs()),
      cameras: director.cameras.flatMap((camera) => runtimeOf(camera.id)),
      footageBytes: Math.round(usage?.footageBytes ?? 0),
      freeBytes: Math.round(usage?.freeBytes ?? 0),
      totalBytes: Math.round(usage?.totalBytes ?? 0),
      oldestAt: usage?.oldestAtMs === undefined ? null : instantFromMs(usage.oldestAtMs),
      sequence: outbox.sequence,
    };
  };
}
