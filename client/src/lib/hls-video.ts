import { errorResponse } from '@choi-canh/shared/errors';
import Hls, { type ErrorData, type HlsConfig } from 'hls.js';
import type { MultiplexedStream } from '@choi-canh/shared/live-multiplex';
import { useCallback, useEffect, useRef, useState } from 'react';
import { createDecoderTrouble } from './decoder-trouble.js';
import { beginningIn } from './live-beginning.js';
import { liveChannel, type ChannelFailure, type ChannelStream } from './live-channel.js';
import { liveLoaders } from './live-loader.js';
import { LivePace } from './live-pace.js';

/** Why a video does not play; the sentence is `video:failures.<reason>`, or `errors:<code>` where the server said so. */
export type VideoFailureReason =
  'no_answer' | 'unavailable' | 'not_found' | 'signed_out' | 'forbidden' | 'not_playable' | 'unsupported' | 'stalled';
export interface VideoFailure {
  reason: VideoFailureReason;
  /** Code of the server's answer; '' if there was none. */
  code: string;
}
export type VideoState = 'idle' | 'starting' | 'playing' | 'stalled' | 'failed';

/** Small buffers: what is heard beside other things must fit into the memory of an office computer. */
const soundConfig: Partial<HlsConfig> = {
  lowLatencyMode: false,
  // The media needs no rewriting, so a worker would only cost its start.
  enableWorker: false,
  startFragPrefetch: true,
  testBandwidth: false,
  liveDurationInfinity: true,
  liveSyncDurationCount: 2,
  liveMaxLatencyDurationCount: 6,
  maxBufferLength: 6,
  maxMaxBufferLength: 10,
  maxBufferSize: 6_000_000,
  // A removal from the buffer reaches on to the next keyframe: it must end well before the picture that is shown.
  backBufferLength: 8,
};
/** The camera in focus: parts as they come, about a second behind the newest. How far is said by the playlist. */
const lowLatencyConfig: Partial<HlsConfig> = {
  ...withoutCounts(soundConfig),
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.25,
  // Of a stream that is only now pulled there is less than a player wants to be behind: it runs dry once.
  liveSyncOnStallIncrease: 0.3,
};
const withoutRetries: HlsConfig['fragLoadPolicy'] = {
  default: {
    maxTimeToFirstByteMs: Infinity,
    maxLoadTimeMs: Infinity,
    timeoutRetry: null,
    errorRetry: null,
  },
};
/**
 * A tile of the wall. What it plays is already in the page, so nothing is polled, tried again or held back; the next
 * playlist is asked for as soon as one was read (which hls.js does in this mode alone), and the pace is ours.
 */
const liveConfig: Partial<HlsConfig> = {
  ...withoutCounts(soundConfig),
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1,
  liveSyncDuration: 1,
  liveMaxLatencyDuration: Infinity,
  maxBufferLength: 30,
  maxMaxBufferLength: 30,
  manifestLoadPolicy: withoutRetries,
  playlistLoadPolicy: withoutRetries,
  fragLoadPolicy: withoutRetries,
};
/** hls.js takes a count that is set at first for a wish to be further behind than the playlist says. */
function withoutCounts(config: Partial<HlsConfig>): Partial<HlsConfig> {
  const { liveSyncDurationCount: _sync, liveMaxLatencyDurationCount: _most, ...others } = config;
  return others;
}
/** Further behind than this many segments it jumps to where it belongs. */
const mostSegmentsBehind = 4;
/** The one step to the edge after the first picture: how soon, from how far behind, and what stays ahead of it. */
const joinWithinMs = 4000;
const joinFromSeconds = 0.4;
const joinAheadSeconds = 0.5;
/**
 * For streams whose keyframes are far apart (up to a minute), which the playlist shows by EXT-X-START: everything since
 * the keyframe must stay in the buffer, and a jump outside of it would find no picture to begin with.
 */
const farKeyframesConfig: Partial<HlsConfig> = {
  maxBufferLength: 140,
  maxMaxBufferLength: 140,
  maxBufferSize: 24_000_000,
  backBufferLength: 140,
};
/** Beginning at a far keyframe, the picture is that old: it goes to this long before the newest once that is loaded. */
const behindEdgeSeconds = 3;
const farBehindEdgeSeconds = 8;
const lowLatencyBehindSeconds = { normal: 1.2, far: 3 };
/** Keyframes are far apart when the newest one is further from the end than this. */
const farKeyframeSeconds = 4.5;
const playbackConfig: Partial<HlsConfig> = {
  maxBufferLength: 20,
  maxMaxBufferLength: 30,
  maxBufferSize: 40_000_000,
  backBufferLength: 20,
};

const configOf: Record<VideoMode, Partial<HlsConfig>> = {
  live: liveConfig,
  sound: soundConfig,
  focus: lowLatencyConfig,
  playback: playbackConfig,
};

const stallNoticeMs = 5000;
const stallRestartMs = 12_000;
const startDeadlineMs = 20_000;
const retryFirstMs = 2000;
const retryMostMs = 30_000;
/** What a page holds of a stream is no longer live when nothing came for so long. */
const oldMs = 5000;
const paceEveryMs = 250;

/** Media is asked for as bytes, and so comes what is said instead of it. */
function answerText(details: unknown): string {
  if (!(details instanceof XMLHttpRequest)) return '';
  if (details.responseType !== 'arraybuffer') return details.responseText;
  const bytes: unknown = details.response;
  return bytes instanceof ArrayBuffer && bytes.byteLength < 10_000 ? new TextDecoder().decode(bytes) : '';
}

function codeOf(data: ErrorData): string {
  try {
    const text = answerText(data.networkDetails);
    const parsed = errorResponse.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.error.code : '';
  } catch {
    return ''; // not our JSON
  }
}

/** From hls.js's error to a reason that people can act on. */
export function failureOf(data: ErrorData): VideoFailure {
  const code = codeOf(data);
  if (data.type !== Hls.ErrorTypes.NETWORK_ERROR) return { reason: 'not_playable', code };
  return failureOfStatus(data.response?.code ?? 0, code);
}

function failureOfStatus(status: number, code: string): VideoFailure {
  if (status === 401) return { reason: 'signed_out', code };
  if (status === 403) return { reason: 'forbidden', code };
  if (status === 404) return { reason: 'not_found', code };
  if (status >= 400) return { reason: 'unavailable', code };
  return { reason: 'no_answer', code };
}

/**
 * `live`: a tile of the wall, whose stream comes with those of all others of the page in one answer. `focus`: live with
 * low latency, for one picture, at most two, of a browser's six connections. `sound`: live, and heard.
 */
export type VideoMode = 'live' | 'sound' | 'focus' | 'playback';
/** What a tile of the wall shows. */
export interface LiveTileStream {
  readonly cameraId: string;
  readonly stream: MultiplexedStream;
}
export interface VideoStill {
  readonly url: string;
  readonly pictureAtMs: number;
}

export interface HlsPlayerOptions {
  video: HTMLVideoElement;
  url: string;
  mode: VideoMode;
  /** In mode `live`; then `url` only names it. */
  live?: LiveTileStream | undefined;
  config?: Partial<HlsConfig>;
  onState(state: VideoState, failure: VideoFailure | undefined): void;
  /** Of a tile whose first picture is late. */
  onStill?: ((still: VideoStill) => void) | undefined;
}

export interface HlsPlayer {
  readonly hls: Hls;
  /** Wall time (UTC ms) of the picture shown, from EXT-X-PROGRAM-DATE-TIME; undefined before the first one. */
  wallTimeMs(): number | undefined;
  retry(): void;
  destroy(): void;
}

/**
 * Plays one HLS address in a video element. A live player watches itself: a picture that stops advancing is called
 * stalled and then loaded anew, also when the decoder gives up on it; a failed one is tried again after 2 s … 30 s. A
 * playback player reports and waits for `retry`. Without Media Source Extensions it reports `unsupported`.
 */
export function createHlsPlayer(options: HlsPlayerOptions): HlsPlayer {
  const { video, url, mode, config, onState } = options;
  const isLive = mode !== 'playback';
  let channel: ChannelStream | undefined;
  if (options.live !== undefined && Hls.isSupported())
    channel = liveChannel.open(options.live.cameraId, options.live.stream, {
      onSegment: () => onSegment(),
      onStill: (stillUrl, pictureAtMs) => options.onStill?.({ url: stillUrl, pictureAtMs }),
      onFailure: (why) => onChannelFailure(why),
    });
  const hls = new Hls({ ...configOf[mode], ...(channel === undefined ? {} : liveLoaders(channel.store)), ...config });
  if (mode === 'focus') hls.config.liveMaxLatencyDurationCount = mostSegmentsBehind;
  let state: VideoState = 'idle';
  let failure: VideoFailure | undefined;
  let attempts = 0;
  let lastTime = -1;
  let lastAdvanceMs = performance.now();
  let decoderTrouble = createDecoderTrouble();
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  const pace = new LivePace();
  /** It failed because nothing came; what comes is played at once. */
  let waitsForData = false;
  let destroyed = false;
  let farKeyframes = false;
  let frameCallback: number | undefined;
  let firstFrameMs = -Infinity;
  let joinedEdge = mode !== 'focus';

  const report = (next: VideoState, why?: VideoFailure) => {
    if (destroyed || (next === state && why?.reason === failure?.reason && why?.code === failure?.code)) return;
    state = next;
    failure = why;
    onState(next, why);
  };
  const load = () => {
    lastAdvanceMs = performance.now();
    lastTime = -1;
    joinedEdge = mode !== 'focus';
    awaitFrame();
    hls.loadSource(url);
    hls.startLoad();
    void video.play().catch(() => undefined); // refused before there is data; `canplay` asks again
  };
  const start = () => {
    clearTimeout(retryTimer);
    waitsForData = false;
    pace.moved();
    // A stalled or failed tile keeps saying so until a picture moves again.
    if (state === 'idle') report('starting');
    if (channel !== undefined && performance.now() - channel.store.grownAtMs > oldMs) channel.store.clear();
    channel?.retry();
    load();
  };
  const fail = (why: VideoFailure) => {
    hls.stopLoad();
    report('failed', why);
    if (!isLive || why.reason === 'unsupported' || why.reason === 'signed_out') return;
    clearTimeout(retryTimer);
    const waitMs = Math.min(retryMostMs, retryFirstMs * 2 ** attempts) * (0.8 + Math.random() * 0.4);
    attempts += 1;
    retryTimer = setTimeout(start, waitMs);
  };
  const onSegment = () => {
    if (waitsForData && state === 'failed') start();
  };
  const onChannelFailure = ({ status, code }: ChannelFailure) => {
    if (state === 'failed' && status === 0) return;
    fail(failureOfStatus(status, code));
    waitsForData = status === 0;
  };
  /** `timeupdate` comes four times a second: too late for the first picture. */
  const awaitFrame = () => {
    if (frameCallback !== undefined || typeof video.requestVideoFrameCallback !== 'function') return;
    frameCallback = video.requestVideoFrameCallback(() => {
      frameCallback = undefined;
      if (destroyed) return;
      lastTime = -1;
      onAdvance();
    });
  };
  const onAdvance = () => {
    if (video.currentTime === lastTime) return;
    lastTime = video.currentTime;
    lastAdvanceMs = performance.now();
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return;
    if (state !== 'playing') firstFrameMs = performance.now();
    attempts = 0;
    decoderTrouble.shown(lastAdvanceMs);
    report('playing');
  };
  /** Within what is loaded, so that the decoder finds its way from the keyframe. */
  const catchUp = () => {
    const { buffered, currentTime } = video;
    for (let index = 0; index < buffered.length; index += 1) {
      const end = buffered.end(index);
      if (buffered.start(index) > currentTime || end < currentTime) continue;
      const [behind, far] =
        mode === 'focus'
          ? [lowLatencyBehindSeconds.normal, lowLatencyBehindSeconds.far]
          : [behindEdgeSeconds, farBehindEdgeSeconds];
      if (end - currentTime > far) video.currentTime = end - behind;
    }
  };
  /**
   * It began at a keyframe, so that the first picture came soon; what has been loaded since is gone over in one step.
   * Later on hls.js catches up by playing a little faster.
   */
  const joinEdge = () => {
    const { targetLatency } = hls;
    if (joinedEdge || targetLatency === null || performance.now() - firstFrameMs > joinWithinMs) return;
    const behind = hls.latency - targetLatency;
    const { buffered, currentTime } = video;
    const end = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
    const to = currentTime + behind;
    if (behind < joinFromSeconds || end - to < joinAheadSeconds) return;
    joinedEdge = true;
    video.currentTime = to;
  };
  const aheadSeconds = () => {
    const { buffered, currentTime } = video;
    for (let index = 0; index < buffered.length; index += 1)
      if (buffered.start(index) <= currentTime && buffered.end(index) >= currentTime)
        return buffered.end(index) - currentTime;
    return 0;
  };
  const keepPace = () => {
    if (destroyed || state !== 'playing' || video.seeking) return;
    const { rate, jumpSeconds } = pace.look({ aheadSeconds: aheadSeconds(), nowMs: performance.now() });
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (jumpSeconds > 0) video.currentTime += jumpSeconds;
  };
  const onWaiting = () => {
    if (state === 'playing' && !video.seeking) pace.ranDry(performance.now());
  };
  const paceTimer = channel === undefined ? undefined : setInterval(keepPace, paceEveryMs);
  const beginAtFirstPart = () => {
    const to = mode === 'focus' ? beginningIn(video.buffered, video.currentTime, hls.startPosition) : undefined;
    if (to !== undefined) video.currentTime = to;
  };
  const playAgain = () => {
    if (isLive) void video.play().catch(() => undefined);
  };
  const watch = setInterval(() => {
    if (destroyed || !isLive || state === 'failed') return;
    if (farKeyframes && channel === undefined) catchUp();
    const stillMs = performance.now() - lastAdvanceMs;
    if (state === 'playing' && stillMs > stallNoticeMs) report('stalled', { reason: 'stalled', code: '' });
    if (stillMs <= (state === 'starting' ? startDeadlineMs : stallRestartMs)) return;
    fail({ reason: 'stalled', code: '' });
    waitsForData = channel !== undefined && performance.now() - channel.store.grownAtMs > oldMs;
  }, 1000);

  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    const why = failureOf(data);
    if (why.reason !== 'not_playable') {
      fail(why);
      return;
    }
    const next = decoderTrouble.next(performance.now(), data.type === Hls.ErrorTypes.MEDIA_ERROR);
    if (next === 'recover') {
      hls.recoverMediaError();
      playAgain();
    } else fail(next === 'reload' ? { reason: 'stalled', code: '' } : why);
  });
  hls.on(Hls.Events.BUFFER_APPENDED, () => {
    beginAtFirstPart();
    joinEdge();
  });
  hls.on(Hls.Events.LEVEL_LOADED, (_event, { details }) => {
    if (!isLive || farKeyframes) return;
    farKeyframes = channel?.store.hasFarKeyframes ?? (details.startTimeOffset ?? 0) <= -farKeyframeSeconds;
    if (!farKeyframes) return;
    Object.assign(hls.config, farKeyframesConfig);
    if (channel === undefined) hls.config.liveMaxLatencyDurationCount = Number.POSITIVE_INFINITY;
  });
  video.addEventListener('timeupdate', onAdvance);
  video.addEventListener('canplay', playAgain);
  video.addEventListener('waiting', onWaiting);

  if (Hls.isSupported()) {
    hls.attachMedia(video);
    start();
  } else queueMicrotask(() => fail({ reason: 'unsupported', code: '' }));

  return {
    hls,
    wallTimeMs: () => hls.playingDate?.getTime(),
    retry: () => {
      attempts = 0;
      decoderTrouble = createDecoderTrouble();
      start();
    },
    destroy: () => {
      destroyed = true;
      if (frameCallback !== undefined) video.cancelVideoFrameCallback(frameCallback);
      clearTimeout(retryTimer);
      clearInterval(watch);
      clearInterval(paceTimer);
      channel?.close();
      video.removeEventListener('timeupdate', onAdvance);
      video.removeEventListener('canplay', playAgain);
      video.removeEventListener('waiting', onWaiting);
      hls.destroy();
    },
  };
}

/** `createHlsPlayer` for a component: plays while `url` is given, tears down when it is not or when it unmounts. */
export function useHlsVideo(url: string | undefined, mode: VideoMode, live?: LiveTileStream) {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [view, setView] = useState<{ state: VideoState; failure: VideoFailure | undefined }>({
    state: 'idle',
    failure: undefined,
  });
  const [still, setStill] = useState<VideoStill>();
  const player = useRef<HlsPlayer>(undefined);
  const cameraId = live?.cameraId;
  const stream = live?.stream;

  useEffect(() => {
    if (video === null || url === undefined) return;
    const tile = cameraId === undefined || stream === undefined ? undefined : { cameraId, stream };
    const created = createHlsPlayer({
      video,
      url,
      mode,
      live: tile,
      onState: (state, failure) => setView({ state, failure }),
      onStill: setStill,
    });
    player.current = created;
    return () => {
      player.current = undefined;
      created.destroy();
      setView({ state: 'idle', failure: undefined });
      setStill(undefined);
    };
  }, [video, url, mode, cameraId, stream]);

  return {
    ref: setVideo,
    ...view,
    still,
    wallTimeMs: useCallback(() => player.current?.wallTimeMs(), []),
    retry: useCallback(() => player.current?.retry(), []),
  };
}
