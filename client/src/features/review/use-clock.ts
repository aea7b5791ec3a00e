import { useCallback, useSyncExternalStore } from 'react';
import type { EngineSnapshot, ReviewEngine } from './review-engine.js';
import type { WallClockSnapshot } from './wall-clock.js';

/** The clock's instant, cut to steps of `stepMs`: renders only when that changes. */
export function useClockAt(engine: ReviewEngine, stepMs: number): number {
  const subscribe = useCallback((listener: () => void) => engine.onFrame(listener), [engine]);
  return useSyncExternalStore(subscribe, () => Math.floor(engine.clock.at() / stepMs) * stepMs);
}

export function useClockState(engine: ReviewEngine): WallClockSnapshot {
  return useSyncExternalStore(engine.clock.subscribe, engine.clock.snapshot);
}

export function useEngineState(engine: ReviewEngine): EngineSnapshot {
  return useSyncExternalStore(engine.subscribe, engine.snapshot);
}
