import { idSchema, msFromInstant } from '@choi-canh/shared/common';
import { coverageQuery, coverageResponse, openingRequest, openingResponse } from '@choi-canh/shared/footage';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { FootageService } from './footage.service.js';

const feature = 'footage';

export function footageRoutes(service: FootageService): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/openings',
      access: 'footage.open',
      summary:
        'Opens past footage of up to four cameras, for an incident or a typed purpose; entered in the audit trail',
      feature,
      body: openingRequest,
      response: openingResponse,
      status: 201,
      handler: ({ actor, body }) => service.open(actor, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/openings/:openingId',
      access: 'footage.open',
      summary: 'An opening of one’s own, with what is recorded in it',
      feature,
      params: z.object({ openingId: idSchema }),
      response: openingResponse,
      handler: ({ actor, params }) => service.get(actor, params.openingId),
    }),
    defineRoute({
      method: 'get',
      path: '/api/coverage',
      access: 'footage.open',
      summary: 'When there is footage of cameras, and why not where there is none',
      feature,
      query: coverageQuery,
      response: coverageResponse,
      handler: async ({ actor, query }) => ({
        items: await service.coverage(actor.scope, query.cameraIds, msFromInstant(query.from), msFromInstant(query.to)),
      }),
    }),
  ];
}
