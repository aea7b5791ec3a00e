import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReviewEngine } from './review-engine.js';
import classes from './review.module.css';
import { useClockState } from './use-clock.js';

/** Loading shorter than this is not worth a picture in between. */
const patienceMs = 180;
const settleMs = 150;

export interface TilePosterProps {
  engine: ReviewEngine;
  url(atMs: number): string;
  /** There was no picture yet: no patience. */
  atOnce: boolean;
  leftBehind: boolean;
  /** The recorder converts as much as it may; this one waits for its turn. */
  busy: boolean;
}

/** While a player loads: the nearest still picture, and words. Follows jumps once they settle, so that scrubbing shows where one is. */
export function TilePoster({ engine, url, atOnce, leftBehind, busy }: TilePosterProps) {
  const { t } = useTranslation('review');
  const { jump } = useClockState(engine);
  const [atMs, setAtMs] = useState<number | undefined>(() => (atOnce ? engine.clock.at() : undefined));
  const [seen, setSeen] = useState(false);

  useEffect(() => {
    const timer = setTimeout(() => setAtMs(engine.clock.at()), atMs === undefined ? patienceMs : settleMs);
    return () => clearTimeout(timer);
    // A jump restarts the wait; what `atMs` was does not matter for that.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [engine, jump]);

  if (atMs === undefined) return null;
  return (
    <>
      <img
        className={classes.poster}
        src={url(atMs)}
        alt=""
        style={{ visibility: seen ? 'visible' : 'hidden' }}
        onLoad={() => setSeen(true)}
        onError={() => setSeen(false)}
      />
      <span className={classes.note} role="status">
        {t(busy ? 'tile.waitsForRoom' : leftBehind ? 'tile.leftBehind' : seen ? 'tile.still' : 'tile.loading')}
      </span>
    </>
  );
}
