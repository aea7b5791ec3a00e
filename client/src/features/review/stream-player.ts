import Hls, { type Fragment, type HlsConfig, type LevelDetails, type MediaFragment } from 'hls.js';
import { failureOf, type VideoFailure } from '../../lib/hls-video.js';
import { followAction } from './follow-policy.js';
import { framesOf, videoTrackOf, type VideoTrack } from './fragment-frames.js';
import { FrameIndex, type Frame } from './frame-index.js';
import { fragmentAt, isConverted, wallToMedia } from './media-time.js';
import type { WallClockSnapshot } from './wall-clock.js';
import type { TilePhase } from './wait-policy.js';

/** A running player that just jumped gets this long to arrive before it is moved again. */
const seekPatienceMs = 600;
/** While a paused picture is still on its way, a newer wish replaces it this often. */
const scrubMs = 200;
/** After this long without data, a hole in what was loaded is stepped over. */
const holePatienceMs = 1500;
const preloadMs = 20_000;
const mostRecoveries = 3;
/** A position this close to where a picture begins or ends may show the one beside it. */
const marginSeconds = 0.001;
/** Screen frames from the end of a seek until its picture is on the screen, in every browser. */
const followsUntilPainted = 2;
/** The server's code for a conversion that found no room; hls.js asks again for about a minute. */
export const transcodesBusy = 'transcodes_busy';

export interface StreamPlayerOptions {
  video: HTMLVideoElement;
  url: string;
  config: Partial<HlsConfig>;
  onFailure(failure: VideoFailure): void;
  /** The picture on the screen changed. */
  onPainted(): void;
  /** The recorder converts as much as it may, and this one waits for its turn; called when it changes. */
  onBusy(busy: boolean): void;
}

/** What the clock wants of a player. */
export interface FollowWish extends Pick<WallClockSnapshot, 'playing' | 'waiting' | 'rate' | 'jump'> {
  wallMs: number;
}

/**
 * One playlist in one video element. Owns the element's source, position and speed, and knows by the media itself,
 * not by the browser, which picture is shown.
 */
export class StreamPlayer {
  readonly #options: StreamPlayerOptions;
  readonly #hls: Hls;
  readonly #index = new FrameIndex();
  readonly #tracks = new WeakMap<Uint8Array, VideoTrack | undefined>();
  /** Of fragments that are loaded but not yet placed on the media time line, by their number. */
  readonly #unplaced = new Map<number, NonNullable<ReturnType<typeof framesOf>>>();
  #details: LevelDetails | undefined;
  /** By discontinuity: media time of the track's time 0 is minus this, seconds. */
  #originSeconds: readonly ({ baseTime: number; timescale: number } | undefined)[] = [];
  #loadingFrom: number | undefined;
  #lastSeekMs = Number.NEGATIVE_INFINITY;
  #lastJump = -1;
  /** Media time of the picture on the screen. */
  #paintedAt: number | undefined;
  /** Follows since the last seek ended. */
  #followsSinceSeek = 0;
  #wasRunning = false;
  #phase: TilePhase = 'loading';
  #phaseSinceMs = performance.now();
  #recoveries = 0;
  #frameRequest: number | undefined;
  #state: 'active' | 'nothing' | 'failed' | 'destroyed' = 'active';
  #failure: VideoFailure | undefined;
  #isPaintedSinceSeek = false;
  #isBusy = false;

  constructor(options: StreamPlayerOptions) {
    this.#options = options;
    // A worker would be handed the bytes of a fragment before its times are read, and there is nothing to rewrite.
    this.#hls = new Hls({ ...options.config, autoStartLoad: false, enableWorker: false });
    if (!Hls.isSupported()) {
      queueMicrotask(() => this.#fail({ reason: 'unsupported', code: '' }));
      return;
    }
    this.#listen();
    this.#hls.attachMedia(options.video);
    this.#hls.loadSource(options.url);
    this.#watchFrames();
  }

  get video(): HTMLVideoElement {
    return this.#options.video;
  }

  get failure(): VideoFailure | undefined {
    return this.#failure;
  }

  /** The picture on the screen; undefined where there is none yet. */
  shown(): Frame | undefined {
    if (this.#details === undefined || this.#paintedAt === undefined) return undefined;
    return this.#index.atMedia(this.#fragments(), this.#paintedAt);
  }

  /** The picture of a wall instant, where it is loaded. */
  frameAt(wallMs: number): Frame | undefined {
    return this.#details && this.#index.atWall(this.#fragments(), wallMs);
  }

  /** Whether the picture on the screen is the one of the instant, and stands. */
  isExact(wallMs: number): boolean {
    const { video } = this;
    if (video.seeking || !this.#isPaintedSinceSeek) return false;
    const [wanted, shown] = [this.frameAt(wallMs), this.shown()];
    return wanted !== undefined && shown !== undefined && wanted.startMs === shown.startMs;
  }

  /**
   * Where the picture after (or before) that of the instant begins, UTC ms; exact where it is loaded, else an instant
   * inside of it. Undefined at the ends of the footage.
   */
  stepInstant(wallMs: number, direction: 1 | -1): number | undefined {
    const frame = this.frameAt(wallMs);
    if (frame === undefined) return undefined;
    const fragments = this.#fragments();
    const neighbour = this.#index.neighbour(fragments, frame, direction);
    if (neighbour !== undefined) return neighbour.startMs;
    const beside = direction === 1 ? frame.endMs : frame.startMs - 1;
    if (wallToMedia(fragments, beside) !== undefined) return beside;
    const recorded = fragments.filter((fragment) => !fragment.gap && fragment.programDateTime !== null);
    if (direction === 1)
      return recorded.find((fragment) => fragment.programDateTime! > frame.startMs)?.programDateTime ?? undefined;
    const before = recorded.findLast(
      (fragment) => fragment.programDateTime! + fragment.duration * 1000 <= frame.startMs,
    );
    return before && before.programDateTime! + before.duration * 1000 - 1;
  }

  /** Whether what is shown was converted by the recorder; said by the media's address. */
  isConverted(): boolean {
    if (this.#details === undefined || this.#paintedAt === undefined) return false;
    return isConverted(fragmentAt(this.#fragments(), this.#paintedAt));
  }

  /** Stands still and loads nothing until it is told to follow again. */
  rest(): void {
    if (!this.video.paused) this.video.pause();
    this.#wasRunning = false;
    if (this.#loadingFrom === undefined) return;
    this.#loadingFrom = undefined;
    this.#hls.stopLoad();
  }

  /** Moves towards the clock, and says how far it is; to be called about once a screen frame. */
  follow(wish: FollowWish): TilePhase {
    const next = this.#follow(wish);
    if (next !== this.#phase) {
      this.#phase = next;
      this.#phaseSinceMs = performance.now();
    }
    return next;
  }

  destroy(): void {
    this.#state = 'destroyed';
    if (this.#frameRequest !== undefined) this.video.cancelVideoFrameCallback(this.#frameRequest);
    this.video.removeEventListener('timeupdate', this.#onTimeUpdate);
    this.video.removeEventListener('seeked', this.#onSeeked);
    this.#hls.destroy();
    this.#index.clear();
  }

  #fragments(): MediaFragment[] {
    return this.#details?.fragments ?? [];
  }

  #follow(wish: FollowWish): TilePhase {
    if (this.#state === 'nothing') return 'gap';
    if (this.#state !== 'active') return 'failed';
    if (this.#details === undefined) return 'loading';
    const { video } = this;
    const { playing, waiting, jump, wallMs } = wish;
    const fragments = this.#fragments();
    const target = wallToMedia(fragments, wallMs);
    if (target === undefined) {
      if (!video.paused) video.pause();
      this.#prepareAfterGap(wallMs);
      this.#lastJump = jump;
      return 'gap';
    }
    if (this.#loadingFrom === undefined) {
      if (video.readyState > HTMLMediaElement.HAVE_NOTHING) this.#seek(this.#seekTarget(wallMs, target));
      this.#loadFrom(target);
    }
    if (video.readyState === HTMLMediaElement.HAVE_NOTHING) {
      if (Math.abs(target - (this.#loadingFrom ?? 0)) > 2) this.#loadFrom(target);
      return 'loading';
    }
    const running = playing && !waiting;
    if (!running && !video.paused) video.pause();
    const stopped = this.#wasRunning && !playing;
    if (playing) this.#wasRunning = true;
    if (video.seeking) return this.#awaitSeek(jump, this.#seekTarget(wallMs, target));
    this.#followsSinceSeek += 1;
    if (!this.#isSettled()) return 'loading';
    if (!playing) return this.#stand(wallMs, target, stopped, jump);
    return this.#run(wish, target);
  }

  /** Whether the picture of the last seek is on the screen. */
  #isSettled(): boolean {
    if (this.#isPaintedSinceSeek) return true;
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
    if (this.#followsSinceSeek < followsUntilPainted) return false;
    this.#isPaintedSinceSeek = true;
    this.#paint(this.video.currentTime);
    return true;
  }

  /** A picture on its way: a newer wish replaces it now and then, a hole is stepped over. */
  #awaitSeek(jump: number, target: number): TilePhase {
    const sinceMs = performance.now() - this.#lastSeekMs;
    if (jump !== this.#lastJump && sinceMs > scrubMs) {
      this.#lastJump = jump;
      this.#seek(target);
    } else if (sinceMs > holePatienceMs) {
      const past = this.#afterHole(this.video.currentTime);
      if (past !== undefined) this.#seek(past);
    }
    return 'loading';
  }

  /** The clock stands: the very picture of its instant, to the frame. */
  #stand(wallMs: number, target: number, stopped: boolean, jump: number): TilePhase {
    const { video } = this;
    this.#wasRunning = false;
    this.#lastJump = jump;
    const frame = this.frameAt(wallMs);
    const position = video.currentTime;
    const isThere =
      frame === undefined
        ? Math.abs(position - target) < 0.004
        : position >= frame.mediaStart + marginSeconds && position < frame.mediaEnd - marginSeconds;
    const overHole = performance.now() - this.#lastSeekMs < 60_000 && this.#afterHole(target) === position;
    if ((!isThere && !overHole) || stopped) {
      this.#seek(this.#seekTarget(wallMs, target));
      return 'loading';
    }
    // Where the media's times could not be read, being there is all that can be known.
    return frame === undefined || overHole || this.isExact(wallMs) ? 'ready' : 'loading';
  }

  #run({ playing, waiting, rate, jump }: FollowWish, target: number): TilePhase {
    const { video } = this;
    const running = playing && !waiting;
    const nowMs = performance.now();
    const jumped = jump !== this.#lastJump;
    const overHole = !running && nowMs - this.#lastSeekMs < 60_000 && this.#afterHole(target) === video.currentTime;
    const action = followAction({
      driftSeconds: video.currentTime - target,
      rate,
      running,
      waiting: playing && waiting,
    });
    if (action?.kind === 'seek' && !overHole && (jumped || !running || nowMs - this.#lastSeekMs > seekPatienceMs)) {
      this.#lastJump = jump;
      this.#seek(target);
      return 'loading';
    }
    this.#lastJump = jump;
    if (action?.kind === 'rate') {
      const wanted = Math.min(16, Math.max(0.0625, action.rate));
      if (Math.abs(video.playbackRate - wanted) > 0.005) video.playbackRate = wanted;
    }
    if (running && video.paused && !video.ended) {
      video.play().catch((error: unknown) => {
        // A pause that overtakes a start is how the clock works; anything else is a player that cannot play.
        if (error instanceof DOMException && error.name === 'AbortError') return;
        this.#fail({ reason: 'not_playable', code: '' });
      });
    }
    const isReady = this.#hasEnough(target) || (nowMs - this.#phaseSinceMs > holePatienceMs && overHole);
    return isReady ? 'ready' : 'loading';
  }

  #hasEnough(target: number): boolean {
    const { video } = this;
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return true;
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
    return video.ended || target > (this.#details?.edge ?? 0) - 0.4;
  }

  /** The middle of the picture, so that no rounding shows the one beside it. */
  #seekTarget(wallMs: number, target: number): number {
    const frame = this.frameAt(wallMs);
    return frame === undefined ? target : frame.mediaStart + Math.min(0.02, (frame.mediaEnd - frame.mediaStart) / 2);
  }

  #seek(mediaSeconds: number): void {
    this.#lastSeekMs = performance.now();
    this.#followsSinceSeek = 0;
    this.#isPaintedSinceSeek = false;
    this.video.currentTime = mediaSeconds;
  }

  /** Where data begins shortly after the wanted time, if it is missing right there. */
  #afterHole(target: number): number | undefined {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      const start = buffered.start(i);
      if (start <= target && buffered.end(i) > target) return undefined;
      if (start > target && start - target < 2.5) return start + 0.001;
    }
    return undefined;
  }

  #loadFrom(mediaSeconds: number): void {
    this.#loadingFrom = mediaSeconds;
    this.#hls.startLoad(mediaSeconds);
  }

  #prepareAfterGap(wallMs: number): void {
    const next = this.#fragments().find((fragment) => (fragment.programDateTime ?? 0) > wallMs && !fragment.gap);
    if (!next || (next.programDateTime ?? 0) - wallMs > preloadMs) return;
    if (this.#loadingFrom === undefined) this.#loadFrom(next.start);
    else if (!this.video.seeking && Math.abs(this.video.currentTime - next.start) > 0.01) this.#seek(next.start);
  }

  #paint(mediaSeconds: number): void {
    if (this.#state === 'destroyed') return;
    this.#paintedAt = mediaSeconds;
    this.#options.onPainted();
  }

  #fail(failure: VideoFailure): void {
    if (this.#state !== 'active') return;
    this.#hls.stopLoad();
    this.video.pause();
    // Nothing of this range was recorded: a gap as long as the range, not a fault.
    if (failure.code === 'no_footage') {
      this.#state = 'nothing';
      return;
    }
    this.#state = 'failed';
    this.#failure = failure;
    this.#options.onFailure(failure);
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#isBusy || this.#state === 'destroyed') return;
    this.#isBusy = busy;
    this.#options.onBusy(busy);
  }

  #listen(): void {
    const hls = this.#hls;
    const keepDetails = (_event: unknown, data: { details: LevelDetails }) => {
      this.#details = data.details;
    };
    hls.on(Hls.Events.LEVEL_LOADED, keepDetails);
    hls.on(Hls.Events.LEVEL_UPDATED, keepDetails);
    hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload }) => {
      this.#setBusy(false);
      this.#readFrames(frag, new Uint8Array(payload));
    });
    hls.on(Hls.Events.INIT_PTS_FOUND, (_event, { timestampOffsets }) => {
      this.#originSeconds = timestampOffsets;
    });
    hls.on(Hls.Events.FRAG_PARSED, (_event, { frag }) => this.#placeFrames(frag));
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) {
        if (failureOf(data).code === transcodesBusy) this.#setBusy(true);
        return;
      }
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#recoveries < mostRecoveries) {
        this.#recoveries += 1;
        hls.recoverMediaError();
        return;
      }
      this.#fail(failureOf(data));
    });
    this.video.addEventListener('seeked', this.#onSeeked);
  }

  #readFrames(fragment: Fragment, bytes: Uint8Array): void {
    const init = fragment.initSegment?.data;
    if (typeof fragment.sn !== 'number' || init === null || init === undefined) return;
    if (!this.#tracks.has(init)) this.#tracks.set(init, videoTrackOf(init));
    const track = this.#tracks.get(init);
    const frames = track && framesOf(bytes, track);
    if (frames === undefined) this.#unplaced.delete(fragment.sn);
    else this.#unplaced.set(fragment.sn, frames);
  }

  #placeFrames(fragment: Fragment): void {
    if (typeof fragment.sn !== 'number') return;
    const frames = this.#unplaced.get(fragment.sn);
    const origin = this.#originSeconds[fragment.cc];
    this.#unplaced.delete(fragment.sn);
    if (frames === undefined || origin === undefined) return;
    this.#index.add(fragment as MediaFragment, frames, -origin.baseTime / origin.timescale);
  }

  #watchFrames(): void {
    const { video } = this;
    if (typeof video.requestVideoFrameCallback !== 'function') {
      video.addEventListener('timeupdate', this.#onTimeUpdate);
      return;
    }
    const onFrame = (_now: number, frame: VideoFrameCallbackMetadata) => {
      // After a seek Firefox says where it went, not what is shown; until it ends that may still be the old picture.
      if (!video.seeking) this.#paint(frame.mediaTime);
      this.#frameRequest = video.requestVideoFrameCallback(onFrame);
    };
    this.#frameRequest = video.requestVideoFrameCallback(onFrame);
  }

  readonly #onSeeked = (): void => {
    this.#followsSinceSeek = 0;
    this.#isPaintedSinceSeek = false;
  };
  readonly #onTimeUpdate = (): void => {
    if (!this.video.seeking) this.#paint(this.video.currentTime);
  };
}
