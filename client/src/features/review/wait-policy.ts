export type TilePhase = 'loading' | 'gap' | 'ready' | 'failed';
export interface TileStatus {
  phase: TilePhase;
  /** Monotonic ms since when. */
  sinceMs: number;
  /** How long the clock waits for it; default `longestWaitMs`. */
  patienceMs?: number;
}
export interface WaitVerdict {
  /** The clock stands still until they have their picture. */
  waitingFor: string[];
  /** Too late: the others go on without them. */
  leftBehind: string[];
}

/** Longest the clock waits for one player while another could go on. */
export const longestWaitMs = 8_000;
/** For one that was left behind a while ago: a slow line must not stop everybody again and again. */
export const shortWaitMs = 800;
export const rememberLateMs = 60_000;

/** The clock waits for players that load, but not for ever, unless nobody could play anyway. */
export function waitVerdict(tiles: ReadonlyMap<string, TileStatus>, nowMs: number): WaitVerdict {
  const loading = [...tiles].filter(([, status]) => status.phase === 'loading');
  const someReady = [...tiles.values()].some((status) => status.phase === 'ready');
  const late = loading
    .filter(([, status]) => someReady && nowMs - status.sinceMs >= (status.patienceMs ?? longestWaitMs))
    .map(([id]) => id);
  return { waitingFor: loading.map(([id]) => id).filter((id) => !late.includes(id)), leftBehind: late };
}
