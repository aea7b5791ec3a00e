import Hls, { type HlsConfig, type LevelDetails } from 'hls.js';
import { failureOf, type VideoFailure } from '../../lib/hls-video.js';
import { followAction } from './follow-policy.js';
import { fragmentAt, isConverted, mediaToWall, wallToMedia } from './media-time.js';
import type { WallClock } from './wall-clock.js';
import type { TilePhase } from './wait-policy.js';

/** Enough ahead for ×8, little enough for four players on an office computer. */
const config: Partial<HlsConfig> = {
  autoStartLoad: false,
  maxBufferLength: 20,
  maxMaxBufferLength: 40,
  maxBufferSize: 40_000_000,
  backBufferLength: 30,
};
/** A running player that just jumped gets this long to arrive before it is moved again. */
const seekPatienceMs = 600;
/** While a paused picture is still on its way, a newer wish replaces it this often. */
const scrubMs = 200;
/** After this long without data, a hole in what was loaded is stepped over. */
const holePatienceMs = 1500;
const preloadMs = 20_000;
const mostRecoveries = 3;
/** The server's code for a conversion that found no room; hls.js asks again for about a minute. */
export const transcodesBusy = 'transcodes_busy';

export interface TilePlayerOptions {
  video: HTMLVideoElement;
  url: string;
  clock: WallClock;
  /** Start value for the length of a frame, ms, until it is learned. */
  frameMs: number;
  onPhase(phase: TilePhase, failure?: VideoFailure): void;
  /** Wall time (UTC ms) of each picture as it is shown. */
  onPicture(wallMs: number): void;
  /** Whether the picture that is shown was converted by the recorder; told when it changes. */
  onConverted(converted: boolean): void;
  /** The recorder converts as much as it may, and this one waits for its turn; told when it changes. */
  onBusy(busy: boolean): void;
}

export interface TilePlayer {
  /** Moves the player towards the clock; to be called about once a screen frame. */
  follow(): void;
  /** Wall time (UTC ms) of the picture shown now. */
  pictureMs(): number | undefined;
  /** Length of one frame, ms, as seen. */
  frameMs(): number;
  destroy(): void;
}

/** Plays one camera's playlist so that its picture is the clock's instant. Owns the video element's source and speed. */
export function createTilePlayer(options: TilePlayerOptions): TilePlayer {
  const { video, clock } = options;
  const hls = new Hls(config);
  let details: LevelDetails | undefined;
  let loadingFrom: number | undefined;
  let lastSeekMs = Number.NEGATIVE_INFINITY;
  let lastJump = -1;
  let phase: TilePhase | undefined;
  let loadingSinceMs = 0;
  let picture: number | undefined;
  let lastMediaTime: number | undefined;
  const frameLengths: number[] = [];
  let frameMs = options.frameMs;
  let recoveries = 0;
  let frameRequest: number | undefined;
  let destroyed = false;
  let nothing = false;
  let convertedShown = false;
  let busy = false;

  function setPhase(next: TilePhase, failure?: VideoFailure): void {
    if (next === phase || destroyed || phase === 'failed') return;
    const wasGap = phase === 'gap';
    phase = next;
    loadingSinceMs = performance.now();
    if (wasGap && picture !== undefined) options.onPicture(picture);
    options.onPhase(next, failure);
  }
  function fail(failure: VideoFailure): void {
    hls.stopLoad();
    video.pause();
    // Nothing of this range was recorded: a gap as long as the range, not a fault.
    if (failure.code === 'no_footage') {
      nothing = true;
      return setPhase('gap');
    }
    setPhase('failed', failure);
  }
  function setBusy(next: boolean): void {
    if (next === busy || destroyed) return;
    busy = next;
    options.onBusy(next);
  }
  function showPicture(mediaTime: number): void {
    const wallMs = details && mediaToWall(details.fragments, mediaTime);
    if (details === undefined || wallMs === undefined) return;
    const converted = isConverted(fragmentAt(details.fragments, mediaTime));
    if (converted !== convertedShown) {
      convertedShown = converted;
      options.onConverted(converted);
    }
    picture = wallMs;
    // In a gap the picture after it is made ready, unseen.
    if (phase !== 'gap') options.onPicture(wallMs);
  }
  function learnFrame(mediaTime: number): void {
    const step = lastMediaTime === undefined ? 0 : (mediaTime - lastMediaTime) * 1000;
    lastMediaTime = mediaTime;
    if (step < 8 || step > 500) return;
    frameLengths.push(step);
    if (frameLengths.length > 24) frameLengths.shift();
    if (frameLengths.length >= 6) frameMs = Math.min(...frameLengths);
  }
  function onFrame(_now: number, frame: VideoFrameCallbackMetadata): void {
    learnFrame(frame.mediaTime);
    showPicture(frame.mediaTime);
    frameRequest = video.requestVideoFrameCallback(onFrame);
  }
  function seek(mediaSeconds: number): void {
    lastSeekMs = performance.now();
    lastMediaTime = undefined;
    video.currentTime = mediaSeconds;
  }
  /** Where data begins shortly after the wanted time, if it is missing right there. */
  function afterHole(target: number): number | undefined {
    for (let i = 0; i < video.buffered.length; i++) {
      const start = video.buffered.start(i);
      if (start <= target && video.buffered.end(i) > target) return undefined;
      if (start > target && start - target < 2.5) return start + 0.001;
    }
    return undefined;
  }
  function loadFrom(mediaSeconds: number): void {
    loadingFrom = mediaSeconds;
    hls.startLoad(mediaSeconds);
  }
  function prepareAfterGap(wallMs: number): void {
    const next = details?.fragments.find((fragment) => (fragment.programDateTime ?? 0) > wallMs && !fragment.gap);
    if (!next || (next.programDateTime ?? 0) - wallMs > preloadMs) return;
    if (loadingFrom === undefined) loadFrom(next.start);
    else if (!video.seeking && Math.abs(video.currentTime - next.start) > 0.01) seek(next.start);
  }
  function hasEnough(target: number): boolean {
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return true;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
    return !clock.snapshot().playing || video.ended || target > (details?.edge ?? 0) - 0.4;
  }

  function follow(): void {
    if (destroyed || nothing || phase === 'failed') return;
    if (!details) return setPhase('loading');
    const { playing, waiting, rate, jump } = clock.snapshot();
    const nowMs = performance.now();
    const wallMs = clock.at();
    const target = wallToMedia(details.fragments, wallMs);
    if (target === undefined) {
      if (!video.paused) video.pause();
      prepareAfterGap(wallMs);
      lastJump = jump;
      return setPhase('gap');
    }
    if (loadingFrom === undefined) loadFrom(target);
    if (video.readyState === HTMLMediaElement.HAVE_NOTHING) {
      if (Math.abs(target - (loadingFrom ?? 0)) > 2) loadFrom(target);
      return setPhase('loading');
    }
    const running = playing && !waiting;
    if (!running && !video.paused) video.pause();
    const jumped = jump !== lastJump;
    if (video.seeking) {
      if (jumped && nowMs - lastSeekMs > scrubMs) {
        lastJump = jump;
        seek(target);
      } else if (nowMs - lastSeekMs > holePatienceMs) {
        const past = afterHole(video.currentTime);
        if (past !== undefined) seek(past);
      }
      return setPhase('loading');
    }
    const heldOverHole = !running && nowMs - lastSeekMs < 60_000 && afterHole(target) === video.currentTime;
    const action = followAction({
      driftSeconds: video.currentTime - target,
      rate,
      running,
      waiting: playing && waiting,
    });
    if (action?.kind === 'seek' && !heldOverHole) {
      if (jumped || !running || nowMs - lastSeekMs > seekPatienceMs) {
        lastJump = jump;
        seek(target);
        return setPhase('loading');
      }
    }
    lastJump = jump;
    if (action?.kind === 'rate') {
      const wanted = Math.min(16, Math.max(0.0625, action.rate));
      if (Math.abs(video.playbackRate - wanted) > 0.005) video.playbackRate = wanted;
    }
    if (running && video.paused && !video.ended) {
      video.play().catch((error: unknown) => {
        // A pause that overtakes a start is how the clock works; anything else is a player that cannot play.
        if (error instanceof DOMException && error.name === 'AbortError') return;
        fail({ reason: 'not_playable', code: '' });
      });
    }
    setPhase(hasEnough(target) || (nowMs - loadingSinceMs > holePatienceMs && heldOverHole) ? 'ready' : 'loading');
  }

  hls.on(Hls.Events.LEVEL_LOADED, (_event, data) => {
    details = data.details;
    follow();
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, data) => {
    details = data.details;
  });
  hls.on(Hls.Events.FRAG_LOADED, () => setBusy(false));
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (!data.fatal) {
      if (failureOf(data).code === transcodesBusy) setBusy(true);
      return;
    }
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries < mostRecoveries) {
      recoveries += 1;
      hls.recoverMediaError();
      return;
    }
    fail(failureOf(data));
  });

  if (!Hls.isSupported()) queueMicrotask(() => fail({ reason: 'unsupported', code: '' }));
  else {
    hls.attachMedia(video);
    hls.loadSource(options.url);
    if (typeof video.requestVideoFrameCallback === 'function') frameRequest = video.requestVideoFrameCallback(onFrame);
    else video.addEventListener('timeupdate', onTimeUpdate);
  }
  function onTimeUpdate(): void {
    showPicture(video.currentTime);
  }

  return {
    follow,
    pictureMs: () => (phase === 'gap' ? undefined : picture),
    frameMs: () => frameMs,
    destroy() {
      destroyed = true;
      if (frameRequest !== undefined) video.cancelVideoFrameCallback(frameRequest);
      video.removeEventListener('timeupdate', onTimeUpdate);
      hls.destroy();
    },
  };
}
