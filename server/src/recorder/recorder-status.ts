import { readFileSync } from 'node:fs';
import { instantFromMs } from '@choi-canh/shared/common';
import type { CameraStatus } from '@choi-canh/shared/health';
import type { CameraRuntime, EngineReason, RecorderStatus } from '@choi-canh/shared/recorder-api';
import { ownProtocol } from '@choi-canh/shared/recorder-protocol';
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
  engineReason: EngineReason | null;
  codec: string | null;
  lostPackets: number;
  timeSource: 'rtcp' | 'arrival' | null;
  timeErrorMs: number | null;
  audio: boolean;
  sound: string | null;
  quirks: readonly string[];
}

/** How writing goes, and the host's clock. */
export interface FootageCondition {
  storageFull: boolean;
  fullOfHeld: boolean;
  slowCameraIds: readonly string[];
  droppedFragments: number;
  awaitingHolds: boolean;
  rebuilding: boolean;
  clock: {
    epoch: number;
    ageDeletionSuspended: boolean;
    stepMs: number | null;
    steppedAtMs: number | null;
  };
}

export interface RecorderStatusSources {
  startedAt: string;
  /** The footage folder. */
  directory: string;
  clock: Clock;
  logger: Logger;
  director: {
    readonly revision: number;
    readonly consoleId: string | null;
    readonly cameras: readonly { id: string }[];
  };
  holds: { summary(): NonNullable<RecorderStatus['holds']> };
  probing: { status(cameraId: string): CameraStatus | undefined };
  clockOffsets: { newest(cameraId: string): { offsetMs: number; atMs: number } | undefined };
  ingest: { runtime(cameraId: string): StreamRuntime | undefined };
  footage: {
    usage(): Promise<{ footageBytes: number; freeBytes: number; totalBytes: number; oldestAtMs: number | undefined }>;
    condition(): FootageCondition;
  };
  chain: { condition(): RecorderStatus['chain'] };
  ffmpeg: { condition(): RecorderStatus['ffmpeg'] };
  /** IPv4 networks of the interfaces, in CIDR. */
  networks(): string[];
  live: { transcodes(): { running: number; limit: number } };
  outbox: { readonly sequence: number };
}

const instantOrNull = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : instantFromMs(ms);

const usageEveryMs = 5000;
const packageFile = z.object({ version: z.string() });
export const { version: productVersion } = packageFile.parse(
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
    const clockOffset = sources.clockOffsets.newest(cameraId);
    return [
      {
        ...status,
        engine: stream?.engine ?? null,
        frameRate: stream?.frameRate ?? null,
        bitrateKbps: stream?.bitrateKbps ?? null,
        lastFragmentAt: stream?.lastFragmentAtMs === undefined ? null : instantFromMs(stream.lastFragmentAtMs),
        clockOffsetMs: clockOffset?.offsetMs ?? null,
        clockMeasuredAt: instantOrNull(clockOffset?.atMs),
        reconnects: stream?.reconnects ?? 0,
        engineReason: stream?.engineReason ?? null,
        codec: stream?.codec ?? null,
        lostPackets: stream?.lostPackets ?? 0,
        timeSource: stream?.timeSource ?? null,
        timeErrorMs: stream?.timeErrorMs ?? null,
        audio: stream?.audio ?? false,
        sound: stream?.sound ?? null,
        quirks: [...(stream?.quirks ?? [])],
      },
    ];
  };

  return async () => {
    if (usage === undefined) await ask();
    else if (clock.monotonicMs() - usageAt > usageEveryMs) void ask();
    const condition = footage.condition();
    return {
      version: productVersion,
      protocol: ownProtocol,
      revision: director.revision,
      startedAt: sources.startedAt,
      now: instantFromMs(clock.nowMs()),
      cameras: director.cameras.flatMap((camera) => runtimeOf(camera.id)),
      footageBytes: Math.round(usage?.footageBytes ?? 0),
      freeBytes: Math.round(usage?.freeBytes ?? 0),
      totalBytes: Math.round(usage?.totalBytes ?? 0),
      oldestAt: usage?.oldestAtMs === undefined ? null : instantFromMs(usage.oldestAtMs),
      clock: {
        epoch: condition.clock.epoch,
        ageDeletionSuspended: condition.clock.ageDeletionSuspended,
        stepMs: condition.clock.stepMs,
        steppedAt: instantOrNull(condition.clock.steppedAtMs),
      },
      storage: {
        directory: sources.directory,
        state: condition.storageFull ? 'full' : condition.slowCameraIds.length > 0 ? 'slow' : 'ok',
        fullOfHeld: condition.fullOfHeld,
        slowCameras: condition.slowCameraIds.length,
        droppedFragments: condition.droppedFragments,
        awaitingHolds: condition.awaitingHolds,
        rebuilding: condition.rebuilding,
      },
      chain: sources.chain.condition(),
      ffmpeg: sources.ffmpeg.condition(),
      transcodes: sources.live.transcodes(),
      networks: sources.networks(),
      sequence: outbox.sequence,
      consoleId: director.consoleId,
      holds: sources.holds.summary(),
    };
  };
}
