import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { useClockState } from './use-clock.js';

/** Loading shorter than this is not worth a picture in between. */
const patienceMs = 180;
/** The picture of a moment ago is better than a still of a moment ago. */
const nearPatienceMs = 1500;
const nearMs = 15_000;
const settleMs = 150;

export interface TilePosterProps {
  engine: ReviewEngine;
  cameraId: string;
  /** Undefined where nothing was recorded. */
  url(atMs: number): string | undefined;
  /** Whether a still covers the player's picture. */
  onCover(covers: boolean): void;
  /** There was no picture yet: no patience. */
  atOnce: boolean;
  leftBehind: boolean;
  /** The recorder converts as much as it may; this one waits for its turn. */
  busy: boolean;
}

/** While a player loads: the nearest still picture, and words. Follows jumps once they settle, so that scrubbing shows where one is. */
export function TilePoster({ engine, cameraId, url, onCover, atOnce, leftBehind, busy }: TilePosterProps) {
  const { t } = useTranslation('review');
  const { jump } = useClockState(engine);
  const [atMs, setAtMs] = useState<number | undefined>(() => (atOnce ? engine.clock.at() : undefined));
  const [seen, setSeen] = useState(false);

  useEffect(() => {
    const shown = engine.player(cameraId)?.shown();
    const isNear = shown !== undefined && Math.abs(shown.startMs - engine.clock.at()) < nearMs;
    const firstMs = isNear ? nearPatienceMs : patienceMs;
    const timer = setTimeout(() => setAtMs(engine.clock.at()), atMs === undefined ? firstMs : settleMs);
    return () => clearTimeout(timer);
    // A jump restarts the wait; what `atMs` was does not matter for that.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [engine, cameraId, jump]);

  useEffect(() => {
    onCover(seen);
    return () => onCover(false);
  }, [onCover, seen]);

  if (atMs === undefined) return null;
  const src = url(atMs);
  return (
    <>
      {src !== undefined && (
        <img
          className={classes.poster}
          src={src}
          alt=""
          style={{ visibility: seen ? 'visible' : 'hidden' }}
          onLoad={() => setSeen(true)}
          onError={() => setSeen(false)}
        />
      )}
      <span className={classes.note} role="status">
        {t(busy ? 'tile.waitsForRoom' : leftBehind ? 'tile.leftBehind' : seen ? 'tile.still' : 'tile.loading')}
      </span>
    </>
  );
}
