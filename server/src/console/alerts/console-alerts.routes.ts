import { consoleAlertListResponse } from '@choi-canh/shared/console-alerts';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { ConsoleAlerts } from './console-alerts.js';

export function consoleAlertsRoutes(alerts: ConsoleAlerts): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/console/alerts',
      access: 'recorder.view',
      summary: 'What is wrong with the console itself, gravest first',
      feature: 'alerts',
      response: consoleAlertListResponse,
      handler: () => Promise.resolve({ items: alerts.list() }),
    }),
  ];
}
