import { Card, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { consoleAlertSentence } from '../../components/console-alert-sentence.js';
import { Instant } from '../../components/instant.js';
import { useConsoleAlerts } from '../../lib/console-alerts.js';
import classes from './recorders.module.css';

/** What is wrong with the server itself; nothing while all is well. */
export function ConsoleAlertsCard() {
  const { t } = useTranslation();
  const alerts = useConsoleAlerts().data?.items ?? [];
  if (alerts.length === 0) return null;
  return (
    <Card withBorder mb="md" data-testid="console-alerts">
      <Stack gap="md">
        <Title order={2} fz="lg">
          {t('common:consoleAlerts.title')}
        </Title>
        {alerts.map((alert) => (
          <div
            key={`${alert.code} ${alert.subject}`}
            className={classes.alert}
            data-severity={alert.severity}
            role={alert.severity === 'critical' ? 'alert' : 'status'}
          >
            <Text>
              <span className={classes.mark} aria-hidden="true">
                {alert.severity === 'critical' ? '■ ' : '▲ '}
              </span>
              {consoleAlertSentence(t, alert)}
            </Text>
            <Text size="sm" c="dimmed" component="div">
              <Instant at={alert.sinceAt} relative />
            </Text>
          </div>
        ))}
      </Stack>
    </Card>
  );
}
