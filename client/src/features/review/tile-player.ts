import type { HlsConfig } from 'hls.js';
import type { VideoFailure } from '../../lib/hls-video.js';
import type { Frame } from './frame-index.js';
import { StreamPlayer, type FollowWish } from './stream-player.js';
import type { WallClock } from './wall-clock.js';
import type { TilePhase } from './wait-policy.js';

/** Everything that was recorded, or only keyframes: what several cameras can be played with at ×4 and ×8. */
export type TileContent = 'full' | 'keyframes';

/** Enough ahead for ×8, little enough for four players on an office computer. */
const configs: Record<TileContent, Partial<HlsConfig>> = {
  full: { maxBufferLength: 20, maxMaxBufferLength: 40, maxBufferSize: 40_000_000, backBufferLength: 30 },
  // A picture every two seconds: few bytes a second of footage, but eight seconds of it pass in one.
  keyframes: { maxBufferLength: 80, maxMaxBufferLength: 120, maxBufferSize: 20_000_000, backBufferLength: 16 },
};

export interface TilePlayerOptions {
  videos: Record<TileContent, HTMLVideoElement>;
  urls: Record<TileContent, string>;
  clock: WallClock;
  /** Whether keyframes are enough while the clock runs. */
  wantsKeyframes(): boolean;
  onPhase(phase: TilePhase, failure?: VideoFailure): void;
  /** The picture on the screen, as it is shown. */
  onPicture(frame: Frame, content: TileContent): void;
  /** Which of the videos is to be on top. */
  onContent(content: TileContent): void;
  /** Whether the picture that is shown was converted by the recorder; called when it changes. */
  onConverted(converted: boolean): void;
  /** The recorder converts as much as it may, and this one waits for its turn; called when it changes. */
  onBusy(busy: boolean): void;
}

export interface ShownPicture extends Frame {
  content: TileContent;
}

export interface TilePlayer {
  /** Moves the player towards the clock; to be called about once a screen frame. */
  follow(): void;
  /** The picture on the screen; undefined where there is none, and in a gap. */
  shown(): ShownPicture | undefined;
  /** Whether the picture on the screen is that of the clock, to the frame, and stands. */
  isExact(): boolean;
  /** The picture of an instant as it was recorded; undefined where it is not loaded. */
  frameAt(wallMs: number): Frame | undefined;
  /** Where the picture after (or before) that of the instant begins; see StreamPlayer. */
  stepInstant(wallMs: number, direction: 1 | -1): number | undefined;
  destroy(): void;
}

/**
 * Plays one camera so that its picture is the clock's instant. The full stream and the keyframes have a player each;
 * the picture of the one stays on the screen until the other has its own, so that a change shows no black.
 */
export function createTilePlayer(options: TilePlayerOptions): TilePlayer {
  const { clock } = options;
  const players: Partial<Record<TileContent, StreamPlayer>> = {};
  let wanted: TileContent = 'full';
  let visible: TileContent = 'full';
  let phase: TilePhase | undefined;
  let isDestroyed = false;
  let convertedShown = false;

  function playerOf(content: TileContent): StreamPlayer {
    const existing = players[content];
    if (existing !== undefined) return existing;
    const player = new StreamPlayer({
      video: options.videos[content],
      url: options.urls[content],
      config: configs[content],
      onFailure: (failure) => {
        if (content === 'full' && wanted === 'full') setPhase('failed', failure);
      },
      onPainted: () => {
        if (content === visible) report();
      },
      onBusy: (busy) => {
        if (content === wanted) options.onBusy(busy);
      },
    });
    players[content] = player;
    return player;
  }
  function setPhase(next: TilePhase, failure?: VideoFailure): void {
    if (next === phase || isDestroyed || phase === 'failed') return;
    const wasGap = phase === 'gap';
    phase = next;
    if (wasGap) report();
    options.onPhase(next, failure);
  }
  function report(): void {
    const frame = shown();
    if (frame === undefined) return;
    const converted = players[visible]?.isConverted() ?? false;
    if (converted !== convertedShown) {
      convertedShown = converted;
      options.onConverted(converted);
    }
    options.onPicture(frame, visible);
  }
  function shown(): ShownPicture | undefined {
    // In a gap the picture after it is made ready, unseen.
    if (phase === 'gap') return undefined;
    const frame = players[visible]?.shown();
    return frame && { ...frame, content: visible };
  }
  function show(content: TileContent): void {
    if (content === visible) return;
    visible = content;
    options.onContent(content);
    report();
  }

  function follow(): void {
    if (isDestroyed || phase === 'failed') return;
    const snapshot = clock.snapshot();
    const wish: FollowWish = { ...snapshot, wallMs: clock.at() };
    // Where the keyframes cannot be played, everything may still be.
    const isFast = snapshot.playing && options.wantsKeyframes() && players.keyframes?.failure === undefined;
    wanted = isFast ? 'keyframes' : 'full';
    const other: TileContent = wanted === 'full' ? 'keyframes' : 'full';
    players[other]?.rest();
    const player = playerOf(wanted);
    const next = player.follow(wish);
    if (next === 'ready') show(wanted);
    // Of keyframes that fail the next frame makes full pictures.
    setPhase(next === 'failed' && wanted === 'keyframes' ? 'loading' : next, player.failure);
  }

  follow();

  return {
    follow,
    shown,
    isExact: () => phase === 'ready' && visible === 'full' && (players.full?.isExact(clock.at()) ?? false),
    frameAt: (wallMs) => players.full?.frameAt(wallMs),
    stepInstant: (wallMs, direction) => players.full?.stepInstant(wallMs, direction),
    destroy() {
      isDestroyed = true;
      players.full?.destroy();
      players.keyframes?.destroy();
    },
  };
}
