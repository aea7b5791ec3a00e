import { auditPageResponse, auditQuery } from '@choi-canh/shared/audit';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { AuditLog } from './audit-log.js';

export function auditRoutes(log: Pick<AuditLog, 'page'>): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/audit',
      access: 'audit.view',
      summary: 'The audit trail of the own area, newest first',
      feature: 'audit',
      query: auditQuery,
      response: auditPageResponse,
      handler: ({ actor, query }) => log.page(actor.scope, query),
    }),
  ];
}
