import { Anchor, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAsOf } from '../lib/as-of.js';
import { useConsoleAlerts } from '../lib/console-alerts.js';
import { orderedAlerts, useRecorders } from '../lib/recorders.js';
import { alertSentence } from './alert-sentence.js';
import classes from './alert-banner.module.css';
import { consoleAlertSentence } from './console-alert-sentence.js';
import { Instant } from './instant.js';

/** What is wrong with the server and its recorders, above every page of who looks after them, until it is over. */
export function AlertBanner() {
  const { t, i18n } = useTranslation();
  // On a phone the page itself must still be seen.
  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const shown = narrow ? 1 : 2;
  const recorders = useRecorders();
  const own = useConsoleAlerts();
  const asOf = useAsOf();
  const alerts = [
    ...(own.data?.items ?? []).map((alert) => ({
      key: `${alert.code} ${alert.subject}`,
      alert,
      sentence: consoleAlertSentence(t, alert),
    })),
    ...orderedAlerts(recorders.data).map((named) => ({
      key: `${named.recorderId} ${named.alert.code}`,
      alert: named.alert,
      sentence: alertSentence(t, i18n.language, named),
    })),
  ].sort((one, other) => Number(other.alert.severity === 'critical') - Number(one.alert.severity === 'critical'));
  if (alerts.length === 0) return null;
  return (
    <section className={classes.banner} aria-label={t('alerts.label')} data-testid="recorder-alerts">
      {alerts.slice(0, shown).map(({ key, alert, sentence }) => (
        <div
          key={key}
          className={classes.alert}
          data-severity={alert.severity}
          role={alert.severity === 'critical' ? 'alert' : 'status'}
        >
          <span className={classes.mark} aria-hidden="true">
            {alert.severity === 'critical' ? '■' : '▲'}
          </span>
          <div className={classes.words}>
            <Text fw={600}>
              {t(`alerts.${alert.severity}`)}
              {asOf !== undefined && ` · ${asOf}`}
            </Text>
            <Text>{sentence}</Text>
            <Text size="sm" c="dimmed" component="div">
              <Instant at={alert.sinceAt} relative />
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
