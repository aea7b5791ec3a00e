// Owns live viewing as HLS: playlists, segments, parts and pictures of what cameras send now. The main stream is the one
// that is recorded, so viewers cost the camera nothing; a sub-stream is pulled, and a stream that browsers cannot play
// converted, while somebody looks. Who may look is decided above; recording does not depend on anything here.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import type { Logger } from '../../lib/logger.js';
import { createLiveFeed, type LiveFeed } from './live-feed.js';
import type { LiveConverter, LiveFootage, LiveIngest, LivePictures, LiveSource } from './live-sources.js';
import type { LiveFragment } from './live-window.js';
import type { LoggedSegment } from './segment-log.js';

/**
 * `converted`: the main stream made into H.264 of at most 720 lines, for browsers that cannot play what it is. `sound`:
 * the main stream with the camera's sound where that is recorded, without parts; all others are the picture alone.
 */
export const liveStreams = ['main', 'sub', 'converted', 'sound'] as const;
export type LiveStream = (typeof liveStreams)[number];

/** What a viewer can play; MJPEG and MPEG-4 are never among it. */
export type PlayableCodec = 'h264' | 'h265';

/** A feed ends so long after it was last asked; a sub-stream is then no longer pulled. */
const lingerMs: Record<LiveStream, number> = { main: 60_000, sub: 12_000, converted: 12_000, sound: 12_000 };
/** How long the first request of a cold stream waits for a picture. */
const firstPictureWaitMs = 8000;
/** A stream that gives nothing for so long is down. */
const staleMs = 15_000;
const pictureMs = 1000;
/** So often a stream that does not grow is looked at. */
const followWaitMs = 3000;
/** Requests that wait for what is to come: how many, and how long beyond three target durations (rfc8216bis 6.2.5.2). */
const mostBlockedOfStream = 64;
const mostBlocked = 512;
const longestBlockMs = 6000;

export interface LiveAnswer {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface PlaylistAsk {
  readonly signal?: AbortSignal | undefined;
  /** With parts and blocking reload. */
  readonly lowLatency?: boolean | undefined;
  /** Blocking reload: answer when this segment, or this part of it, is there (`_HLS_msn`, `_HLS_part`). */
  readonly sequence?: number | undefined;
  readonly part?: number | undefined;
  /** Default: everything. */
  readonly plays?: readonly PlayableCodec[] | undefined;
}

export interface Live {
  /**
   * The playlist (`application/vnd.apple.mpegurl`), URIs `init-<id>.mp4`, `<sequence>.m4s` and `<sequence>-<part>.m4s`.
   * Waits up to 8 s for the first picture of a cold stream. @throws AppError unavailable camera_down with details
   * reason, detail, sinceAt; precondition codec_not_playable with details codec; invalid bad_reload; unavailable
   * transcodes_busy
   */
  playlist(cameraId: string, stream: LiveStream, ask?: PlaylistAsk): Promise<LiveAnswer>;
  /** @throws AppError not_found segment_gone */
  init(cameraId: string, stream: LiveStream, initId: string): Promise<LiveAnswer>;
  /** @throws AppError not_found segment_gone */
  segment(cameraId: string, stream: LiveStream, sequence: number): Promise<LiveAnswer>;
  /** Waits for the part that comes next. @throws AppError not_found segment_gone */
  part(
    cameraId: string,
    stream: LiveStream,
    sequence: number,
    index: number,
    signal?: AbortSignal,
  ): Promise<LiveAnswer>;
  /**
   * The stream as it grows, in short segments: from the newest keyframe on, or after segment `after`. Who takes them too
   * slowly goes on at the newest keyframe. Ends with the signal's reason. @throws AppError as `playlist`
   */
  follow(
    cameraId: string,
    stream: LiveStream,
    ask: { after?: number | undefined; plays?: readonly PlayableCodec[] | undefined; signal: AbortSignal },
  ): AsyncGenerator<{ segment: LoggedSegment; init: Buffer; body: Buffer }, void, undefined>;
  /** The newest keyframe as JPEG. @throws AppError unavailable camera_down */
  picture(
    cameraId: string,
    stream: LiveStream,
    options?: { width?: number; signal?: AbortSignal },
  ): Promise<LiveAnswer & { readonly pictureAtMs: number }>;
  /** Streams that are open now. */
  streams(): { cameraId: string; stream: LiveStream }[];
  stop(): Promise<void>;
}

interface Viewing {
  readonly feed: LiveFeed;
  readonly cameraId: string;
  readonly stream: LiveStream;
  askedAtMs: number;
  blocked: number;
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

/** Comes from the stream that is recorded. */
const isRecorded = (stream: LiveStream) => stream === 'main' || stream === 'sound';

const gone = () => new AppError('not_found', 'segment_gone', 'this part of the live stream is no longer there');

/** From RFC 6381 to what people call it. */
function codecOf(codec: string): 'h264' | 'h265' | 'mjpeg' | 'mpeg4' {
  if (/^avc[13]/.test(codec)) return 'h264';
  if (/^h(vc|ev)1/.test(codec)) return 'h265';
  return /^mp4v\.20/i.test(codec) ? 'mpeg4' : 'mjpeg';
}

export function createLive(options: {
  footage: LiveFootage;
  ingest: LiveIngest;
  pictures: LivePictures;
  converter?: LiveConverter;
  clock: Clock;
  logger: Logger;
}): Live {
  const { footage, ingest, pictures, converter, clock, logger } = options;
  const viewings = new Map<string, Viewing>();
  /** Sequence numbers go on where a closed feed of the same stream ended. */
  const sequences = new Map<string, { segment: number; discontinuity: number }>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // one for each stream
  const watches = new Set<Promise<void>>();
  let blocked = 0;

  const keyOf = (cameraId: string, stream: LiveStream) => `${cameraId}/${stream}`;

  function sourceOf(cameraId: string, stream: LiveStream): LiveSource {
    if (stream === 'converted') {
      if (converter === undefined) throw new AppError('unavailable', 'transcodes_busy', 'nothing is converted here');
      return { open: converter.open(cameraId) };
    }
    if (stream === 'sound') return { footage, open: (onFragment) => ingest.subscribe(cameraId, 'main', onFragment) };
    const openParts: LiveSource['openParts'] = (onPart) => ingest.subscribeParts(cameraId, stream, onPart);
    if (stream === 'main')
      return { footage, openParts, open: (onFragment) => ingest.subscribe(cameraId, 'main', onFragment) };
    return {
      openParts,
      open: (onFragment) => {
        const unsubscribe = ingest.subscribe(cameraId, 'sub', onFragment);
        const release = ingest.acquire(cameraId, 'sub');
        return () => {
          unsubscribe();
          release();
        };
      },
    };
  }

  function close(key: string, viewing: Viewing): void {
    viewing.feed.close();
    const { window } = viewing.feed;
    if (window !== undefined)
      sequences.set(key, {
        segment: Math.max(window.followingSequence, viewing.feed.log.followingNumber),
        discontinuity: window.followingDiscontinuity,
      });
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

  function view(cameraId: string, stream: LiveStream): Viewing {
    if (stopping.signal.aborted) throw new AppError('unavailable', 'recorder_stopping', 'the recorder stops');
    const key = keyOf(cameraId, stream);
    const known = viewings.get(key);
    if (known !== undefined) {
      known.askedAtMs = clock.monotonicMs();
      return known;
    }
    const source = sourceOf(cameraId, stream);
    // Numbers grow over restarts too: they begin at tenths of seconds since 1970, and segments are longer than that.
    const before = sequences.get(key);
    const firstSequence = Math.max(before?.segment ?? 0, Math.floor(clock.nowMs() / 100));
    const firstDiscontinuity = before?.discontinuity ?? 0;
    const withSound = stream === 'sound';
    const feed = createLiveFeed({ cameraId, source, withSound, clock, logger, firstSequence, firstDiscontinuity });
    const viewing: Viewing = {
      feed,
      cameraId,
      stream,
      askedAtMs: clock.monotonicMs(),
      blocked: 0,
      picture: undefined,
    };
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
    if (!isRecorded(viewing.stream)) return true;
    const state = ingest.runtime(viewing.cameraId)?.state;
    return state === 'starting' || state === 'recording';
  }

  function isStale({ feed, cameraId, stream }: Viewing): boolean {
    if (feed.grownAtMs === undefined || clock.monotonicMs() - feed.grownAtMs > staleMs) return true;
    if (!isRecorded(stream)) return false;
    // The footage may be old although this feed has just begun to read it.
    const runtime = ingest.runtime(cameraId);
    return runtime?.lastFragmentAtMs !== undefined && clock.nowMs() - runtime.lastFragmentAtMs > staleMs;
  }

  /** Resolves when the stream has something to show. @throws AppError unavailable camera_down */
  async function ready(viewing: Viewing, signal: AbortSignal | undefined, isReady: () => boolean): Promise<void> {
    const { feed, cameraId } = viewing;
    const deadline = clock.monotonicMs() + firstPictureWaitMs;
    for (;;) {
      await unlessAborted(feed.seeded(), signal);
      if (isReady() && !isStale(viewing)) return;
      const leftMs = deadline - clock.monotonicMs();
      if (leftMs <= 0 || !mayCome(viewing) || stopping.signal.aborted)
        throw down(cameraId, feed.grownAtMs === undefined ? 'no_stream' : 'stream_stalled');
      await feed.wait(leftMs, signal);
      viewing.askedAtMs = clock.monotonicMs();
    }
  }

  /** The last one of `fragments` that is needed is the picture; the others are decoded before it. */
  async function encode(viewing: Viewing, fragments: readonly LiveFragment[], width: number | undefined) {
    const first = fragments[0]!;
    return pictures.picture(
      `live/${keyOf(viewing.cameraId, viewing.stream)}/${first.key}`,
      async () => {
        const track = viewing.feed.track(first.initId);
        if (track === undefined) throw gone();
        const units: Buffer[] = [];
        for (const one of fragments) {
          const bytes = await one.load();
          for (const { offset, size } of parseMoof(bytes, track.defaults).samples)
            units.push(bytes.subarray(offset, offset + size));
        }
        const made = units.slice(0, first.recoveryPictures + 1).map((accessUnit, place) =>
          buildKeyframeFragment({
            sequenceNumber: place + 1,
            trackId: track.trackId,
            presentationTime: BigInt(place),
            durationTicks: 1,
            accessUnit,
          }),
        );
        return Buffer.concat([track.initBytes, ...made]);
      },
      width,
    );
  }

  /** Shared by all who ask at once, so no caller's signal ends it; the wait is bounded. */
  async function makePicture(viewing: Viewing, width: number | undefined) {
    await ready(viewing, undefined, () => viewing.feed.window?.newestPicture !== undefined);
    const fragments = viewing.feed.window?.newestPicture;
    const first = fragments?.[0];
    if (fragments === undefined || first === undefined) throw gone();
    const body = await encode(viewing, fragments, width);
    const refreshMs = (first.recoveryPictures * first.durationMs) / Math.max(1, first.sampleCount);
    return { contentType: 'image/jpeg', body, pictureAtMs: first.shownFromMs + refreshMs };
  }

  function checkCodec(viewing: Viewing, plays: PlaylistAsk['plays']): void {
    const { codec, beginsAtRecoveryPoints } = viewing.feed;
    if (plays === undefined || codec === undefined) return;
    const kind = codecOf(codec);
    if ((plays as readonly string[]).includes(kind) && !beginsAtRecoveryPoints) return;
    throw new AppError('precondition', 'codec_not_playable', `the viewer cannot play ${kind}`, {
      details: { codec: kind },
    });
  }

  /** Waits until `isThere`; false when it did not come in time, or when too many wait already. */
  async function block(viewing: Viewing, signal: AbortSignal | undefined, isThere: () => boolean): Promise<boolean> {
    if (isThere()) return true;
    if (viewing.blocked >= mostBlockedOfStream || blocked >= mostBlocked) return false;
    const targetMs = 3000 * (viewing.feed.window?.targetDurationSeconds ?? 0);
    const deadline = clock.monotonicMs() + Math.min(targetMs, longestBlockMs);
    viewing.blocked += 1;
    blocked += 1;
    try {
      for (;;) {
        const leftMs = deadline - clock.monotonicMs();
        if (leftMs <= 0 || stopping.signal.aborted) return false;
        await viewing.feed.wait(leftMs, signal);
        viewing.askedAtMs = clock.monotonicMs();
        if (isThere()) return true;
      }
    } finally {
      viewing.blocked -= 1;
      blocked -= 1;
    }
  }

  async function reload(viewing: Viewing, { sequence, part, signal }: PlaylistAsk): Promise<void> {
    const { window } = viewing.feed;
    if (sequence === undefined || window === undefined) return;
    if (sequence > window.followingSequence + 1)
      throw new AppError('invalid', 'bad_reload', 'the segment asked for is too far ahead');
    if (await block(viewing, signal, () => window.reaches(sequence, part))) return;
    if (isStale(viewing)) throw down(viewing.cameraId, 'stream_stalled');
  }

  return {
    async playlist(cameraId, stream, ask = {}) {
      const { signal } = ask;
      const inParts = ask.lowLatency === true && stream !== 'sound';
      const viewing = view(cameraId, stream);
      const { feed } = viewing;
      const parts = inParts ? feed.wantParts() : undefined;
      await ready(viewing, signal, () => feed.window?.hasSegments === true);
      checkCodec(viewing, ask.plays);
      await parts;
      await reload(viewing, ask);
      const text = feed.window?.playlist({ lowLatency: inParts });
      if (text === undefined) throw down(cameraId, 'no_stream');
      return { contentType: 'application/vnd.apple.mpegurl', body: Buffer.from(text) };
    },

    init(cameraId, stream, initId) {
      const bytes = viewings.get(keyOf(cameraId, stream))?.feed.track(initId)?.initBytes;
      if (bytes === undefined) return Promise.reject(gone());
      return Promise.resolve({ contentType: 'video/mp4', body: bytes });
    },

    async part(cameraId, stream, sequence, index, signal) {
      const viewing = viewings.get(keyOf(cameraId, stream));
      const window = viewing?.feed.window;
      if (viewing === undefined || window === undefined) throw gone();
      viewing.askedAtMs = clock.monotonicMs();
      const settled = () => window.part(sequence, index) !== undefined || !window.mayCome(sequence, index);
      if (sequence <= window.followingSequence + 1) await block(viewing, signal, settled);
      const part = window.part(sequence, index);
      if (part === undefined) throw gone();
      return { contentType: 'video/iso.segment', body: part.bytes };
    },

    async segment(cameraId, stream, sequence) {
      const viewing = viewings.get(keyOf(cameraId, stream));
      const fragments = viewing?.feed.window?.segment(sequence);
      if (viewing === undefined || fragments === undefined) throw gone();
      viewing.askedAtMs = clock.monotonicMs();
      const parts = await Promise.all(fragments.map((fragment) => fragment.load()));
      return { contentType: 'video/iso.segment', body: Buffer.concat(parts) };
    },

    async *follow(cameraId, stream, { after, plays, signal }) {
      let number = after;
      let viewing: Viewing | undefined;
      for (;;) {
        signal.throwIfAborted();
        const current = view(cameraId, stream);
        const { feed } = current;
        if (current !== viewing) {
          // Also where the one before was closed, because its viewer took nothing for long.
          await ready(current, signal, () => !feed.log.isEmpty);
          checkCodec(current, plays);
          viewing = current;
        }
        const [segment] = feed.log.after(number);
        if (segment === undefined) {
          if (isStale(current)) throw down(cameraId, 'stream_stalled');
          await feed.wait(followWaitMs, signal);
          continue;
        }
        number = segment.number;
        const init = feed.track(segment.fragments[0]?.initId ?? '')?.initBytes;
        if (init === undefined) continue;
        const parts = await Promise.all(segment.fragments.map((fragment) => fragment.load()));
        yield { segment, init, body: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) };
      }
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
