import { cameraStates, type CameraState } from '@choi-canh/shared/health';
import { UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { StateBadge } from '../../components/state-badge.js';
import { useAsOf } from '../../lib/as-of.js';
import classes from './state-counts.module.css';

/** The fleet in figures; each figure filters the list to its state. Rare states show only where there are any. */
export function StateCounts({
  counts,
  chosen,
  onToggle,
}: {
  counts: Record<CameraState, number>;
  chosen: readonly CameraState[];
  onToggle: (state: CameraState) => void;
}) {
  const { t } = useTranslation('cameras');
  const asOf = useAsOf();
  const shown = cameraStates.filter(
    (state) => ['alive', 'degraded', 'down'].includes(state) || counts[state] > 0 || chosen.includes(state),
  );
  return (
    <div className={classes.band} role="group" aria-label={t('counts')}>
      {shown.map((state) => (
        <UnstyledButton
          key={state}
          className={classes.figure}
          aria-pressed={chosen.includes(state)}
          data-state={state}
          onClick={() => onToggle(state)}
        >
          <span className={classes.number}>{counts[state]}</span>
          <StateBadge state={state} dated none={counts[state] === 0} />
        </UnstyledButton>
      ))}
      {asOf !== undefined && <span className={classes.asOf}>{asOf}</span>}
    </div>
  );
}
