import { instantFromMs } from '@choi-canh/shared/common';
import type { CameraStatus } from '@choi-canh/shared/health';
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import { redactUrls, type Logger } from '../../lib/logger.js';
import { CameraHealth, reportedClock, type Health, type StreamRuntime } from './camera-health.js';
import {
  createOnvifWatch,
  type CameraLooker,
  type SharedPasswords,
  type DigestKeeper,
  type StreamAddresses,
  type WatchedCamera,
} from './onvif-watch.js';

/** What probing needs of ingest. */
export interface StreamObserver {
  runtime(cameraId: string): StreamRuntime | undefined;
  onChange(listener: (cameraId: string) => void): () => void;
}

/** Where what was measured of the cameras' clocks is kept. */
export interface ClockOffsetKeeper {
  note(cameraId: string, source: 'onvif' | 'rtcp', offsetMs: number, atMs: number): void;
  keepOnly(cameraIds: ReadonlySet<string>): void;
}

export interface ProbingOptions {
  onvif: CameraLooker;
  digests: DigestKeeper;
  ingest: StreamObserver;
  clockOffsets: ClockOffsetKeeper;
  clock: Clock;
  logger: Logger;
  random?: () => number;
  onvifIntervalMs?: number;
  /** Whose passwords are shared by the channels of a device; absent: none are. */
  passwords?: SharedPasswords;
  /** Changes of state or reason since the last call, never empty; all of one tick together. */
  onStatuses(statuses: CameraStatus[]): void;
  onAddresses(cameraId: string, addresses: StreamAddresses): void;
}

/** A camera to watch; `hasStreamUrl`: ingest was given an address; `hasOnvif`: it is asked over ONVIF. */
export type ProbedCamera = WatchedCamera & { hasStreamUrl: boolean; hasOnvif: boolean; sourceToken: string };

const tickMs = 500;

/**
 * One word for each camera, from four layers: reachable, ONVIF and password, frames, disk. Owns the states and their
 * hysteresis; what is seen on the network comes from the ONVIF watch, what arrives from ingest.
 */
export function createProbing(options: ProbingOptions) {
  const { ingest, clock, clockOffsets } = options;
  const cameras = new Map<string, { camera: ProbedCamera; health: CameraHealth }>();
  const changed = new Map<string, CameraStatus>();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let unsubscribe: (() => void) | undefined;
  const watch = createOnvifWatch({
    onvif: options.onvif,
    digests: options.digests,
    clock,
    logger: options.logger,
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.onvifIntervalMs === undefined ? {} : { intervalMs: options.onvifIntervalMs }),
    onAddresses: options.onAddresses,
    passwords: options.passwords,
  });

  const statusOf = (cameraId: string, health: Health): CameraStatus => ({
    cameraId,
    state: health.state,
    reason: health.reason,
    detail: redactUrls(health.detail).slice(0, 300),
    sinceAt: instantFromMs(health.sinceAtMs),
  });

  function observe(cameraId: string): void {
    const entry = cameras.get(cameraId);
    if (entry === undefined) return;
    const runtime = ingest.runtime(cameraId);
    const onvif = watch.sight(cameraId);
    const reported = runtime === undefined ? undefined : reportedClock(runtime);
    if (reported !== undefined) clockOffsets.note(cameraId, 'rtcp', reported.offsetMs, reported.atMs);
    if (onvif.kind === 'ok' && onvif.clockOffsetMs !== null)
      clockOffsets.note(cameraId, 'onvif', onvif.clockOffsetMs, onvif.atMs);
    const before = entry.health.health?.state;
    const { health, changed: isNew } = entry.health.observe(
      {
        enabled: entry.camera.enabled,
        hasStreamUrl: entry.camera.hasStreamUrl,
        runtime,
        onvif,
      },
      clock.nowMs(),
      clock.monotonicMs(),
    );
    if (!isNew) return;
    changed.set(cameraId, statusOf(cameraId, health));
    if (before !== undefined && health.state !== before) watch.lookSoon(cameraId);
  }

  function flush(): void {
    if (changed.size === 0) return;
    options.onStatuses([...changed.values()]);
    changed.clear();
  }

  async function loop(): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      try {
        for (const cameraId of cameras.keys()) observe(cameraId);
        flush();
        failing = false;
      } catch (error) {
        if (!failing) options.logger.error({ error: errorMessage(error) }, 'what cameras do could not be told');
        failing = true;
      }
      await clock.sleep(tickMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    /** The whole list; states of cameras that stay are kept. */
    setCameras(list: readonly ProbedCamera[]): void {
      const wanted = new Set(list.map((camera) => camera.cameraId));
      for (const id of cameras.keys()) if (!wanted.has(id)) cameras.delete(id);
      clockOffsets.keepOnly(wanted);
      for (const camera of list) {
        const entry = cameras.get(camera.cameraId);
        if (entry === undefined) cameras.set(camera.cameraId, { camera, health: new CameraHealth() });
        else entry.camera = camera;
      }
      watch.setCameras(list.filter((camera) => camera.hasOnvif));
    },
    /** Now; `unknown` before the first look. */
    status(cameraId: string): CameraStatus | undefined {
      const entry = cameras.get(cameraId);
      if (entry === undefined) return undefined;
      const health = entry.health.health;
      return health === undefined
        ? { cameraId, state: 'unknown', reason: 'connecting', detail: '', sinceAt: instantFromMs(clock.nowMs()) }
        : statusOf(cameraId, health);
    },
    /** It answers over ONVIF, and took its password the last time. */
    isSignedIn: (cameraId: string) => watch.sight(cameraId).kind === 'ok',
    /** Somebody asks: looks at the camera at once. */
    lookNow: (cameraId: string) => watch.lookNow(cameraId),
    lookOnceChanged: (cameraId: string) => watch.lookOnceChanged(cameraId),
    start(): void {
      unsubscribe ??= ingest.onChange((cameraId) => {
        const runtime = ingest.runtime(cameraId);
        if (runtime !== undefined && runtime.state !== 'recording' && runtime.state !== 'starting') {
          watch.lookSoon(cameraId);
        }
      });
      watch.start();
      running ??= loop();
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the recorder stops'));
      unsubscribe?.();
      await Promise.all([running, watch.stop()]);
    },
  };
}
export type Probing = ReturnType<typeof createProbing>;
