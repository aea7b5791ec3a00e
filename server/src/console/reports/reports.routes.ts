import { msFromInstant } from '@choi-canh/shared/common';
import { caseReportResponse, reportQuery } from '@choi-canh/shared/reports';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { ReportsService } from './reports.service.js';

export function reportsRoutes(service: ReportsService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/reports/cases',
      access: 'report.view',
      summary: 'Incidents, resolved and resolved by footage, per category and area, of a period',
      feature: 'reports',
      query: reportQuery,
      response: caseReportResponse,
      handler: ({ actor, query }) =>
        service.cases(actor.scope, {
          areaId: query.areaId,
          fromMs: msFromInstant(query.from),
          toMs: msFromInstant(query.to),
        }),
    }),
  ];
}
