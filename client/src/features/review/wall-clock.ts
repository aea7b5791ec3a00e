/**
 * The one clock of a review: wall time in UTC milliseconds. Players follow it; it never follows a player, except that
 * it can be told to wait. Time advances with a monotonic source (`performance.now`), times the rate.
 */
export interface WallClockSnapshot {
  playing: boolean;
  /** Playing, but held until a player has its picture. */
  waiting: boolean;
  rate: number;
  fromMs: number;
  toMs: number;
  /** Grows with every jump, so that followers can tell a jump from the passing of time. */
  jump: number;
}

export interface WallClock {
  /** Wall time now, UTC ms, within [fromMs, toMs]. */
  at(): number;
  snapshot(): WallClockSnapshot;
  play(): void;
  pause(): void;
  seek(wallMs: number): void;
  setRate(rate: number): void;
  setWaiting(waiting: boolean): void;
  setBounds(fromMs: number, toMs: number): void;
  /** To be called about once a frame: pauses at the end of the range. */
  tick(): void;
  subscribe(listener: () => void): () => void;
}

export interface WallClockOptions {
  atMs: number;
  fromMs: number;
  toMs: number;
  rate?: number;
}

/** @param now monotonic milliseconds */
export function createWallClock(now: () => number, options: WallClockOptions): WallClock {
  const listeners = new Set<() => void>();
  let state: WallClockSnapshot = {
    playing: false,
    waiting: false,
    rate: options.rate ?? 1,
    fromMs: options.fromMs,
    toMs: options.toMs,
    jump: 0,
  };
  let anchorMs = clamp(options.atMs);
  let anchorAt = now();

  function clamp(wallMs: number): number {
    return Math.min(Math.max(wallMs, state.fromMs), state.toMs);
  }
  function at(): number {
    if (!state.playing || state.waiting) return anchorMs;
    return clamp(anchorMs + (now() - anchorAt) * state.rate);
  }
  function change(next: Partial<WallClockSnapshot>, wallMs = at()): void {
    state = { ...state, ...next };
    anchorMs = clamp(wallMs);
    anchorAt = now();
    for (const listener of [...listeners]) listener();
  }

  return {
    at,
    snapshot: () => state,
    play() {
      if (state.playing) return;
      const ended = at() >= state.toMs;
      change({ playing: true, jump: ended ? state.jump + 1 : state.jump }, ended ? state.fromMs : at());
    },
    pause() {
      if (state.playing) change({ playing: false, waiting: false });
    },
    seek(wallMs) {
      change({ jump: state.jump + 1 }, wallMs);
    },
    setRate(rate) {
      if (rate !== state.rate) change({ rate });
    },
    setWaiting(waiting) {
      if (waiting !== state.waiting) change({ waiting });
    },
    setBounds(fromMs, toMs) {
      if (fromMs !== state.fromMs || toMs !== state.toMs) change({ fromMs, toMs });
    },
    tick() {
      if (state.playing && at() >= state.toMs) change({ playing: false, waiting: false });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
