import { idSchema, msFromInstant } from '@choi-canh/shared/common';
import {
  categoryListResponse,
  incidentCreateRequest,
  incidentPageResponse,
  incidentPatchRequest,
  incidentQuery,
  incidentResponse,
} from '@choi-canh/shared/incidents';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { IncidentsService } from './incidents.service.js';

const feature = 'incidents';
const one = z.object({ incidentId: idSchema });

export function incidentsRoutes(service: IncidentsService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/categories',
      access: 'incident.view',
      summary: 'Categories of incidents, in the order of the catalogue',
      feature,
      response: categoryListResponse,
      handler: async () => ({ items: await service.categories() }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/incidents',
      access: 'incident.view',
      summary: 'Incidents of the scope, newest first, filtered and searched',
      feature,
      query: incidentQuery,
      response: incidentPageResponse,
      handler: ({ actor, query }) => {
        const { from, to, ...rest } = query;
        return service.list(actor.scope, {
          ...rest,
          fromMs: from === undefined ? undefined : msFromInstant(from),
          toMs: to === undefined ? undefined : msFromInstant(to),
        });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/incidents',
      access: 'incident.edit',
      summary: 'Enters an incident and gives it the next number of its area and year',
      feature,
      body: incidentCreateRequest,
      response: incidentResponse,
      status: 201,
      handler: ({ actor, body }) => service.create(actor, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/incidents/:incidentId',
      access: 'incident.view',
      summary: 'One incident',
      feature,
      params: one,
      response: incidentResponse,
      handler: ({ actor, params }) => service.get(actor.scope, params.incidentId),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/incidents/:incidentId',
      access: 'incident.edit',
      summary: 'Changes an incident; with `version` a colleague’s change is noticed',
      feature,
      params: one,
      body: incidentPatchRequest,
      response: incidentResponse,
      handler: ({ actor, params, body }) => service.patch(actor, params.incidentId, body),
    }),
  ];
}
