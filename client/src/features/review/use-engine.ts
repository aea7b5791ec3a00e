import { useEffect, useState } from 'react';
import { createReviewEngine, type ReviewEngine } from './review-engine.js';
import { createWallClock, type WallClockOptions } from './wall-clock.js';

function nextFrame(callback: () => void): () => void {
  const request = requestAnimationFrame(callback);
  return () => cancelAnimationFrame(request);
}

/**
 * The last instant of a window belongs to its last picture: at `toMs` itself, where the next window begins, there is none.
 */
export const lastInstant = (toMs: number) => toMs - 1;

/** The review's clock and its players, for as long as the component lives. Pauses while the page cannot be seen. */
export function useEngine(start: WallClockOptions): ReviewEngine {
  const [engine] = useState(() => {
    const nowMs = () => performance.now();
    return createReviewEngine({
      clock: createWallClock(nowMs, { ...start, toMs: lastInstant(start.toMs) }),
      nowMs,
      nextFrame,
    });
  });
  useEffect(() => {
    const onVisibility = () => {
      if (document.hidden) engine.clock.pause();
    };
    document.addEventListener('visibilitychange', onVisibility);
    engine.start();
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      engine.stop();
    };
  }, [engine]);
  useEffect(() => engine.clock.setBounds(start.fromMs, lastInstant(start.toMs)), [engine, start.fromMs, start.toMs]);
  return engine;
}
