import { Anchor, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAsOf } from '../lib/as-of.js';
import { orderedAlerts, useRecorders } from '../lib/recorders.js';
import { alertSentence } from './alert-sentence.js';
import classes from './alert-banner.module.css';
import { Instant } from './instant.js';

/** What is wrong with recorders, above every page of who looks after them. Stays until it is so no more. */
export function AlertBanner() {
  const { t, i18n } = useTranslation();
  // On a phone the page itself must still be seen.
  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const shown = narrow ? 1 : 2;
  const recorders = useRecorders();
  const alerts = orderedAlerts(recorders.data);
  const asOf = useAsOf();
  if (alerts.length === 0) return null;
  return (
    <section className={classes.banner} aria-label={t('alerts.label')} data-testid="recorder-alerts">
      {alerts.slice(0, shown).map((named) => (
        <div
          key={`${named.recorderId} ${named.alert.code}`}
          className={classes.alert}
          data-severity={named.alert.severity}
          role={named.alert.severity === 'critical' ? 'alert' : 'status'}
        >
          <span className={classes.mark} aria-hidden="true">
            {named.alert.severity === 'critical' ? '■' : '▲'}
          </span>
          <div className={classes.words}>
            <Text fw={600}>
              {t(`alerts.${named.alert.severity}`)}
              {asOf !== undefined && ` · ${asOf}`}
            </Text>
            <Text>{alertSentence(t, i18n.language, named)}</Text>
            <Text size="sm" c="dimmed" component="div">
              <Instant at={named.alert.sinceAt} relative />
            </Text>
          </div>
          <Anchor component={Link} to="/recorders" className={classes.open ?? ''}>
            {t('alerts.open')}
          </Anchor>
        </div>
      ))}
      {alerts.length > shown && (
        <Anchor component={Link} to="/recorders" className={classes.open ?? ''}>
          {t('alerts.more', { count: alerts.length - shown })}
        </Anchor>
      )}
    </section>
  );
}
