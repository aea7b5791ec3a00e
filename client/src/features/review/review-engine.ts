import type { TilePlayer } from './tile-player.js';
import { hiccupMs, patienceMs, rememberLateMs, waitVerdict, type TilePhase, type TileStatus } from './wait-policy.js';
import type { WallClock } from './wall-clock.js';

/** What the page shows of its players; a new object with each change. */
export interface EngineSnapshot {
  phases: Readonly<Record<string, TilePhase>>;
  /** Cameras the clock waits for. */
  waitingFor: readonly string[];
  /** Cameras that load for too long: the others went on. */
  leftBehind: readonly string[];
}

export interface ReviewEngine {
  readonly clock: WallClock;
  /** Returns a function that takes the player out again. */
  add(cameraId: string, player: TilePlayer): () => void;
  setPhase(cameraId: string, phase: TilePhase): void;
  player(cameraId: string): TilePlayer | undefined;
  snapshot(): EngineSnapshot;
  subscribe(listener: () => void): () => void;
  /** Calls back with every screen frame, after the players moved. */
  onFrame(listener: () => void): () => void;
  /** Resolves with the first screen frame at which the condition holds, and after `timeoutMs` in any case. */
  until(condition: () => boolean, timeoutMs: number): Promise<void>;
  start(): void;
  stop(): void;
}

export interface EngineDeps {
  clock: WallClock;
  nowMs(): number;
  /** Calls back before the next screen frame; returns a function that calls it off. */
  nextFrame(callback: () => void): () => void;
}

/** Lets every player follow the one clock and makes the clock wait for players that load. */
export function createReviewEngine({ clock, nowMs, nextFrame }: EngineDeps): ReviewEngine {
  const players = new Map<string, TilePlayer>();
  const statuses = new Map<string, TileStatus>();
  const lateAtMs = new Map<string, number>();
  /** The clock's jump at which a player last had its picture. */
  const readyAtJump = new Map<string, number>();
  const listeners = new Set<() => void>();
  const frameListeners = new Set<() => void>();
  let shown: EngineSnapshot = { phases: {}, waitingFor: [], leftBehind: [] };
  let callOff: (() => void) | undefined;

  function publish(): void {
    const { waitingFor, leftBehind } = waitVerdict(statuses, nowMs());
    for (const id of leftBehind) lateAtMs.set(id, nowMs());
    const phases = Object.fromEntries([...statuses].map(([id, status]) => [id, status.phase]));
    const next: EngineSnapshot = { phases, waitingFor, leftBehind };
    if (JSON.stringify(next) === JSON.stringify(shown)) return;
    shown = next;
    for (const listener of [...listeners]) listener();
  }
  function step(): void {
    clock.tick();
    for (const player of players.values()) player.follow();
    publish();
    clock.setWaiting(clock.snapshot().playing && shown.waitingFor.length > 0);
    for (const listener of [...frameListeners]) listener();
  }

  function onFrame(listener: () => void): () => void {
    frameListeners.add(listener);
    return () => void frameListeners.delete(listener);
  }

  return {
    clock,
    add(cameraId, player) {
      players.set(cameraId, player);
      statuses.set(cameraId, { phase: 'loading', sinceMs: nowMs() });
      publish();
      return () => {
        if (players.get(cameraId) !== player) return;
        players.delete(cameraId);
        statuses.delete(cameraId);
        publish();
      };
    },
    setPhase(cameraId, phase) {
      if (statuses.get(cameraId)?.phase === phase) return;
      const { rate, jump } = clock.snapshot();
      if (phase === 'ready') readyAtJump.set(cameraId, jump);
      statuses.set(cameraId, {
        phase,
        sinceMs: nowMs(),
        patienceMs: patienceMs(rate, nowMs() - (lateAtMs.get(cameraId) ?? Number.NEGATIVE_INFINITY) < rememberLateMs),
        graceMs: readyAtJump.get(cameraId) === jump ? hiccupMs : 0,
      });
    },
    player: (cameraId) => players.get(cameraId),
    snapshot: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onFrame,
    until(condition, timeoutMs) {
      if (condition()) return Promise.resolve();
      const sinceMs = nowMs();
      return new Promise((resolve) => {
        const stop = onFrame(() => {
          if (!condition() && nowMs() - sinceMs < timeoutMs) return;
          stop();
          resolve();
        });
      });
    },
    start() {
      const loop = () => {
        step();
        callOff = nextFrame(loop);
      };
      callOff?.();
      callOff = nextFrame(loop);
    },
    stop() {
      callOff?.();
      callOff = undefined;
    },
  };
}
