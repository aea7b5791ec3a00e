import type { HoldCause, HoldResponse } from '@choi-canh/shared/evidence';
import { Button, Text } from '@mantine/core';
import { IconLock, IconLockOpen } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../lib/session.js';
import { formatRange } from '../../lib/time.js';
import classes from './hold-row.module.css';

interface HoldRowProps {
  hold: HoldResponse;
  /** Absent: it cannot be released. Without a cause, all of it. */
  onRelease?: (cause?: HoldCause) => void;
}

/** What is held of a camera for the incident, and what needs it. */
export function HoldRow({ hold, onRelease }: HoldRowProps) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const kept = hold.state === 'held' || hold.state === 'pending';
  const mayRelease = kept && onRelease !== undefined && session.can('hold.edit');
  const causes = hold.causes.filter(({ released }) => !released || !kept);
  return (
    <div className={classes.row} data-testid={`hold-${hold.id}`} data-state={hold.state}>
      {kept ? (
        <IconLock size={22} aria-hidden="true" className={classes.icon} />
      ) : (
        <IconLockOpen size={22} aria-hidden="true" className={classes.icon} />
      )}
      <div className={classes.text}>
        <Text fw={600}>{hold.cameraName}</Text>
        {hold.ranges.map(({ from, to, gone }) => (
          <div key={from}>
            <Text>{formatRange(from, to)}</Text>
            {gone && <Text c="var(--state-down)">{`▲ ${t('holds.gone')}`}</Text>}
          </div>
        ))}
        <Text c="dimmed" fz={14}>
          {t(`holds.states.${hold.state}`)}
        </Text>
      </div>
      <div className={classes.rest}>
        <ul className={classes.causes} aria-label={t('holds.causes.label')}>
          {causes.map((cause) => (
            <li key={cause.id}>
              <Text fz={14}>{t(`holds.causes.${cause.kind}`, { name: cause.createdByName })}</Text>
              <Text c="dimmed" fz={14}>
                {formatRange(cause.from, cause.to)}
              </Text>
              {mayRelease && causes.length > 1 && (
                <Button variant="subtle" px={0} fz="sm" onClick={() => onRelease(cause)}>
                  {t('holds.releaseCause')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </div>
      {mayRelease && (
        <Button variant="default" onClick={() => onRelease()} className={classes.release}>
          {t(causes.length > 1 ? 'holds.releaseAll' : 'holds.release')}
        </Button>
      )}
    </div>
  );
}
