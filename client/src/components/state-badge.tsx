import type { CameraState } from '@choi-canh/shared/health';
import { useTranslation } from 'react-i18next';
import { useAsOf } from '../lib/as-of.js';
import classes from './state-badge.module.css';

const shapes: Record<CameraState, string> = {
  alive: '●',
  degraded: '▲',
  down: '■',
  paused: '◌',
  unknown: '?',
  maintenance: '⚒',
};

/**
 * A camera's state: shape, colour and word together, so that colour is never alone. `compact` leaves the word to screen
 * readers. While the server is away no state is known now: grey, "Chưa rõ", and on hover what it was. `dated` keeps the
 * word, for a state that stands beside its own time (history) or under a heading that says of when (counts).
 */
export function StateBadge({
  state,
  compact = false,
  dated = false,
  none = false,
  retired = false,
}: {
  state: CameraState;
  compact?: boolean;
  dated?: boolean;
  /** Of a count of nothing: the word without the colour, which would be the only green on a page where nothing is well. */
  none?: boolean;
  /** Out of use: neither its past state nor a pause of its recording. */
  retired?: boolean;
}) {
  const { t } = useTranslation();
  const asOf = useAsOf();
  const stale = asOf !== undefined;
  const shown = stale && !dated ? 'unknown' : state;
  const word = retired ? t('common:outOfUse') : t(`common:cameraStates.${shown}`);
  const was = stale && !dated ? t('common:away.was', { asOf, word: t(`common:cameraStates.${state}`) }) : undefined;
  return (
    <span
      className={classes.badge}
      data-state={stale || none ? 'unknown' : state}
      title={was ?? (compact ? word : undefined)}
    >
      <span aria-hidden="true" className={classes.shape}>
        {shapes[shown]}
      </span>
      <span className={compact ? classes.hidden : classes.word}>{word}</span>
    </span>
  );
}
