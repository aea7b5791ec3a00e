export type TilePhase = 'loading' | 'gap' | 'ready' | 'failed';
export interface TileStatus {
  phase: TilePhase;
  /** Monotonic ms since when. */
  sinceMs: number;
  /** How long the clock waits for it; default `longestWaitMs`. */
  patienceMs?: number;
  /** The clock does not stop for it before this has passed; default 0. */
  graceMs?: number;
}
export interface WaitVerdict {
  /** The clock stands still until they have their picture. */
  waitingFor: string[];
  /** Too late: the others go on without them. */
  leftBehind: string[];
}

/** Longest the clock waits for one player while another could go on. */
export const longestWaitMs = 8_000;
/** The same at speeds above `fullStreamRate`: who looks for something fast would rather miss one camera for a moment. */
export const fastWaitMs = 1_500;
/** One that was left behind is not waited for until this has passed: a slow line must not stop everybody again and again. */
export const rememberLateMs = 60_000;
/** A player that was on time and runs dry for a moment catches up by itself. */
export const hiccupMs = 300;
/** Above this, several full streams are too much for an office computer. */
export const fullStreamRate = 2;

/** How long the clock waits for a player that begins to load. */
export function patienceMs(rate: number, wasLate: boolean): number {
  if (wasLate) return 0;
  return rate > fullStreamRate ? fastWaitMs : longestWaitMs;
}

/** The clock waits for players that load, but not for ever, unless nobody could play anyway. */
export function waitVerdict(tiles: ReadonlyMap<string, TileStatus>, nowMs: number): WaitVerdict {
  const loading = [...tiles].filter(
    ([, status]) => status.phase === 'loading' && nowMs - status.sinceMs >= (status.graceMs ?? 0),
  );
  const someReady = [...tiles.values()].some((status) => status.phase === 'ready');
  const late = loading
    .filter(([, status]) => someReady && nowMs - status.sinceMs >= (status.patienceMs ?? longestWaitMs))
    .map(([id]) => id);
  return { waitingFor: loading.map(([id]) => id).filter((id) => !late.includes(id)), leftBehind: late };
}
