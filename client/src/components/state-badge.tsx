import type { CameraState } from '@choi-canh/shared/health';
import { useTranslation } from 'react-i18next';
import classes from './state-badge.module.css';

const shapes: Record<CameraState, string> = {
  alive: '●',
  degraded: '▲',
  down: '■',
  paused: '◌',
  unknown: '?',
  maintenance: '⚒',
};

/** A camera's state: shape, colour and word together, so that colour is never alone. `compact` leaves the word to screen readers. */
export function StateBadge({ state, compact = false }: { state: CameraState; compact?: boolean }) {
  const { t } = useTranslation();
  const word = t(`cameraStates.${state}`);
  return (
    <span className={classes.badge} data-state={state} title={compact ? word : undefined}>
      <span aria-hidden="true" className={classes.shape}>
        {shapes[state]}
      </span>
      <span className={compact ? classes.hidden : classes.word}>{word}</span>
    </span>
  );
}
