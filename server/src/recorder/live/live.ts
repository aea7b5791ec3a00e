// Owns live viewing as HLS: playlists, segments and pictures of what cameras send now. The main stream is read from
// the footage being written, so viewers cost the camera nothing; a sub-stream is pulled while somebody looks.
// Who may look is decided above; recording does not depend on anything here.
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { StreamName } from '../../lib/fragment.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import type { Logger } from '../../lib/logger.js';
import { createMainFeed, createSubFeed, type LiveFeed } from './live-feed.js';
import type { LiveFootage, LiveIngest, LivePictures } from './live-sources.js';
import type { LiveFragment } from './live-window.js';

/** A feed ends so long after it was last asked; a sub-stream is then no longer pulled. */
const lingerMs: Record<StreamName, number> = { main: 60_000, sub: 12_000 };
/** How long the first request of a cold stream waits for a picture. */
const firstPictureWaitMs = 8000;
/** A stream that gives nothing for so long is down. */
const staleMs = 15_000;
const pictureMs = 1000;

export interface LiveAnswer {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface Live {
  /**
   * The playlist (`application/vnd.apple.mpegurl`), URIs `init-<id>.mp4` and `<sequence>.m4s`. Waits up to 8 s for the
   * first picture of a cold stream. @throws AppError unavailable camera_down with details reason, detail, sinceAt
   */
  playlist(cameraId: string, stream: StreamName, signal?: AbortSignal): Promise<LiveAnswer>;
  /** @throws AppError not_found segment_gone */
  init(cameraId: string, stream: StreamName, initId: string): Promise<LiveAnswer>;
  /** @throws AppError not_found segment_gone */
  segment(cameraId: string, stream: StreamName, sequence: number): Promise<LiveAnswer>;
  /** The newest keyframe as JPEG. @throws AppError unavailable camera_down */
  picture(
    cameraId: string,
    stream: StreamName,
    options?: { width?: number; signal?: AbortSignal },
  ): Promise<LiveAnswer & { readonly pictureAtMs: number }>;
  /** Streams that are open now. */
  streams(): { cameraId: string; stream: StreamName }[];
  stop(): Promise<void>;
}

interface Viewing {
  readonly feed: LiveFeed;
  readonly cameraId: string;
  readonly stream: StreamName;
  askedAtMs: number;
  picture: { atMs: number; width: number | undefined; made: Promise<LiveAnswer & { pictureAtMs: number }> } | undefined;
}

/** The work goes on for others when one caller no longer waits for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

const gone = () => new AppError('not_found', 'segment_gone', 'this part of the live stream is no longer there');

export function createLive(options: {
  footage: LiveFootage;
  ingest: LiveIngest;
  pictures: LivePictures;
  clock: Clock;
  logger: Logger;
}): Live {
  const { footage, ingest, pictures, clock, logger } = options;
  const viewings = new Map<string, Viewing>();
  /** Sequence numbers go on where a closed feed of the same stream ended. */
  const sequences = new Map<string, { segment: number; discontinuity: number }>();
  const stopping = new AbortController();
  const watches = new Set<Promise<void>>();

  const keyOf = (cameraId: string, stream: StreamName) => `${cameraId}/${stream}`;

  function close(key: string, viewing: Viewing): void {
    viewing.feed.close();
    const { window } = viewing.feed;
    if (window !== undefined)
      sequences.set(key, { segment: window.followingSequence, discontinuity: window.followingDiscontinuity });
    viewings.delete(key);
  }

  async function closeWhenIdle(key: string, viewing: Viewing): Promise<void> {
    for (;;) {
      const leftMs = viewing.askedAtMs + lingerMs[viewing.stream] - clock.monotonicMs();
      if (leftMs <= 0) break;
      const slept = await clock.sleep(leftMs, stopping.signal).then(
        () => true,
        () => false,
      );
      if (!slept) break;
    }
    close(key, viewing);
  }

  function view(cameraId: string, stream: StreamName): Viewing {
    if (stopping.signal.aborted) throw new AppError('unavailable', 'recorder_stopping', 'the recorder stops');
    const key = keyOf(cameraId, stream);
    const known = viewings.get(key);
    if (known !== undefined) {
      known.askedAtMs = clock.monotonicMs();
      return known;
    }
    const create = stream === 'main' ? createMainFeed : createSubFeed;
    // Numbers grow over restarts too: they begin at tenths of seconds since 1970, and segments are longer than that.
    const before = sequences.get(key);
    const firstSequence = Math.max(before?.segment ?? 0, Math.floor(clock.nowMs() / 100));
    const firstDiscontinuity = before?.discontinuity ?? 0;
    const feed = create({ cameraId, stream, footage, ingest, clock, logger, firstSequence, firstDiscontinuity });
    const viewing: Viewing = { feed, cameraId, stream, askedAtMs: clock.monotonicMs(), picture: undefined };
    viewings.set(key, viewing);
    const watch = closeWhenIdle(key, viewing).finally(() => watches.delete(watch));
    watches.add(watch);
    return viewing;
  }

  function down(cameraId: string, fallback: string): AppError {
    const runtime = ingest.runtime(cameraId);
    const reason = runtime === undefined || runtime.reason === 'ok' ? fallback : runtime.reason;
    return new AppError('unavailable', 'camera_down', `camera ${cameraId} sends no picture: ${reason}`, {
      details: {
        reason,
        detail: runtime?.detail ?? '',
        sinceAt: runtime === undefined ? null : new Date(runtime.sinceAtMs).toISOString(),
      },
    });
  }

  /** A main stream whose camera is known to be down is not worth waiting for. */
  function mayCome(viewing: Viewing): boolean {
    if (viewing.stream === 'sub') return true;
    const state = ingest.runtime(viewing.cameraId)?.state;
    return state === 'starting' || state === 'recording';
  }

  function isStale({ feed, cameraId, stream }: Viewing): boolean {
    if (feed.grownAtMs === undefined || clock.monotonicMs() - feed.grownAtMs > staleMs) return true;
    if (stream === 'sub') return false;
    // The footage may be old although this feed has just begun to read it.
    const runtime = ingest.runtime(cameraId);
    return runtime?.lastFragmentAtMs !== undefined && clock.nowMs() - runtime.lastFragmentAtMs > staleMs;
  }

  /** Resolves when the stream has something to show. @throws AppError unavailable camera_down */
  async function ready(viewing: Viewing, signal: AbortSignal | undefined, isReady: () => boolean): Promise<void> {
    const { feed, cameraId } = viewing;
    const deadline = clock.monotonicMs() + firstPictureWaitMs;
    for (;;) {
      await feed.refresh();
      if (isReady() && !isStale(viewing)) return;
      const leftMs = deadline - clock.monotonicMs();
      if (leftMs <= 0 || !mayCome(viewing) || stopping.signal.aborted)
        throw down(cameraId, feed.grownAtMs === undefined ? 'no_stream' : 'stream_stalled');
      await feed.wait(leftMs, signal);
      viewing.askedAtMs = clock.monotonicMs();
    }
  }

  async function encode(viewing: Viewing, keyframe: LiveFragment, width: number | undefined): Promise<Buffer> {
    return pictures.picture(
      `live/${keyOf(viewing.cameraId, viewing.stream)}/${keyframe.key}`,
      async () => {
        const init = viewing.feed.init(keyframe.initId);
        if (init === undefined) throw gone();
        const bytes = await keyframe.load();
        const sample = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId)).samples.find(
          (candidate) => candidate.isSync,
        );
        if (sample === undefined) throw gone();
        const fragment = buildKeyframeFragment({
          sequenceNumber: 1,
          trackId: init.trackId,
          presentationTime: 0n,
          durationTicks: 1,
          accessUnit: bytes.subarray(sample.offset, sample.offset + sample.size),
        });
        return Buffer.concat([init.bytes, fragment]);
      },
      width,
    );
  }

  /** Shared by all who ask at once, so no caller's signal ends it; the wait is bounded. */
  async function makePicture(viewing: Viewing, width: number | undefined) {
    await ready(viewing, undefined, () => viewing.feed.window?.newestKeyframe !== undefined);
    const keyframe = viewing.feed.window?.newestKeyframe;
    if (keyframe === undefined) throw gone();
    const body = await encode(viewing, keyframe, width);
    return { contentType: 'image/jpeg', body, pictureAtMs: keyframe.shownFromMs };
  }

  return {
    async playlist(cameraId, stream, signal) {
      const viewing = view(cameraId, stream);
      await ready(viewing, signal, () => viewing.feed.window?.hasSegments === true);
      const text = viewing.feed.window?.playlist();
      if (text === undefined) throw down(cameraId, 'no_stream');
      return { contentType: 'application/vnd.apple.mpegurl', body: Buffer.from(text) };
    },

    init(cameraId, stream, initId) {
      const bytes = viewings.get(keyOf(cameraId, stream))?.feed.init(initId)?.bytes;
      if (bytes === undefined) return Promise.reject(gone());
      return Promise.resolve({ contentType: 'video/mp4', body: bytes });
    },

    async segment(cameraId, stream, sequence) {
      const viewing = viewings.get(keyOf(cameraId, stream));
      const fragments = viewing?.feed.window?.segment(sequence);
      if (viewing === undefined || fragments === undefined) throw gone();
      viewing.askedAtMs = clock.monotonicMs();
      const parts = await Promise.all(fragments.map((fragment) => fragment.load()));
      return { contentType: 'video/iso.segment', body: Buffer.concat(parts) };
    },

    async picture(cameraId, stream, { width, signal } = {}) {
      const viewing = view(cameraId, stream);
      const known = viewing.picture;
      if (known !== undefined && known.width === width && clock.monotonicMs() - known.atMs < pictureMs)
        return unlessAborted(known.made, signal);
      const made = makePicture(viewing, width);
      const entry = { atMs: clock.monotonicMs(), width, made };
      viewing.picture = entry;
      made.then(
        () => (entry.atMs = clock.monotonicMs()),
        () => {
          if (viewing.picture === entry) viewing.picture = undefined;
        },
      );
      return unlessAborted(made, signal);
    },

    streams: () => [...viewings.values()].map(({ cameraId, stream }) => ({ cameraId, stream })),

    async stop() {
      stopping.abort(new AppError('unavailable', 'recorder_stopping', 'the recorder stops'));
      await Promise.all(watches);
    },
  };
}
