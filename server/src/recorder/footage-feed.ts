import type { CameraReason } from '@choi-canh/shared/health';
import type { Clock } from '../lib/clock.js';
import { errorMessage, isAppError } from '../lib/errors.js';
import type { Fragment, StreamName } from '../lib/fragment.js';
import type { Logger } from '../lib/logger.js';

/** What ingest tells of a main stream. */
export interface FedStream {
  readonly state: string;
  readonly reason: CameraReason;
  readonly detail: string;
  readonly sinceAtMs: number;
  readonly lastFragmentAtMs: number | undefined;
  readonly frameRate: number | undefined;
  readonly bitrateKbps: number | undefined;
  readonly reconnects: number;
  readonly engine: 'native' | 'ffmpeg';
  readonly clockOffsetMs: number | undefined;
}

export interface FootageFeedOptions {
  ingest: {
    subscribe(cameraId: string, stream: StreamName, listener: (fragment: Fragment) => void): () => void;
    runtime(cameraId: string): FedStream | undefined;
    onChange(listener: (cameraId: string) => void): () => void;
  };
  footage: {
    append(cameraId: string, fragment: Fragment): Promise<unknown>;
    closeCamera(cameraId: string): Promise<void>;
  };
  clock: Clock;
  logger: Logger;
}

interface Feed {
  unsubscribe: () => void;
  lastStoredAtMs: number | undefined;
  /** Why the last fragments did not reach the disk. */
  trouble: { reason: CameraReason; detail: string; untilMonotonicMs: number } | undefined;
  lost: number;
}

/** A failed write colours the camera's state for so long, unless a later one succeeds for good. */
const troubleMs = 10_000;
const complainEveryMs = 60_000;

const reasonOfCode: Record<string, CameraReason> = { storage_full: 'storage_full', storage_slow: 'storage_slow' };

/**
 * The way from ingest to the disk: every fragment of every main stream is appended to the camera's footage. Tells how a
 * camera fares down to the disk, because a stream that arrives and is not written is not recorded.
 */
export function createFootageFeed(options: FootageFeedOptions) {
  const { ingest, footage, clock, logger } = options;
  const feeds = new Map<string, Feed>();
  const closing = new Set<Promise<void>>();
  let complainedAt = Number.NEGATIVE_INFINITY;

  function take(cameraId: string, feed: Feed, fragment: Fragment): void {
    footage.append(cameraId, fragment).then(
      () => {
        feed.lastStoredAtMs = clock.nowMs();
      },
      (error: unknown) => {
        feed.lost += 1;
        const reason = (isAppError(error) ? reasonOfCode[error.code] : undefined) ?? 'engine_failed';
        feed.trouble = {
          reason,
          detail: errorMessage(error).slice(0, 300),
          untilMonotonicMs: clock.monotonicMs() + troubleMs,
        };
        if (clock.monotonicMs() - complainedAt < complainEveryMs) return;
        complainedAt = clock.monotonicMs();
        logger.error({ cameraId, reason, error: errorMessage(error) }, 'footage is not written');
      },
    );
  }

  function close(cameraId: string): void {
    const done = footage
      .closeCamera(cameraId)
      .catch((error: unknown) => logger.warn({ cameraId, error: errorMessage(error) }, 'a footage file stays open'))
      .finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    /** The cameras whose main streams are kept; files of those that left are closed. */
    setCameras(cameraIds: readonly string[]): void {
      const wanted = new Set(cameraIds);
      for (const [cameraId, feed] of feeds) {
        if (wanted.has(cameraId)) continue;
        feed.unsubscribe();
        feeds.delete(cameraId);
        close(cameraId);
      }
      for (const cameraId of wanted) {
        if (feeds.has(cameraId)) continue;
        const feed: Feed = { unsubscribe: () => undefined, lastStoredAtMs: undefined, trouble: undefined, lost: 0 };
        feed.unsubscribe = ingest.subscribe(cameraId, 'main', (fragment) => take(cameraId, feed, fragment));
        feeds.set(cameraId, feed);
      }
    },

    /** As ingest tells it, with the last fragment *on the disk*, and the disk's trouble as the reason where it has one. */
    runtime(cameraId: string): FedStream | undefined {
      const stream = ingest.runtime(cameraId);
      const feed = feeds.get(cameraId);
      if (stream === undefined || feed === undefined) return stream;
      const { trouble } = feed;
      return {
        ...stream,
        lastFragmentAtMs: feed.lastStoredAtMs,
        ...(trouble !== undefined && trouble.untilMonotonicMs > clock.monotonicMs()
          ? { reason: trouble.reason, detail: trouble.detail }
          : {}),
      };
    },
    onChange: (listener: (cameraId: string) => void) => ingest.onChange(listener),

    /** After ingest has stopped. */
    async stop(): Promise<void> {
      for (const feed of feeds.values()) feed.unsubscribe();
      feeds.clear();
      await Promise.all(closing);
    },
  };
}
export type FootageFeed = ReturnType<typeof createFootageFeed>;
