import { idSchema } from '@choi-canh/shared/common';
import {
  unknownHoldAssignRequest,
  unknownHoldPage,
  unknownHoldQuery,
  unknownHoldReleaseRequest,
} from '@choi-canh/shared/evidence';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { UnknownHolds } from './unknown-holds.service.js';

const feature = 'evidence';
const ofHold = z.object({ holdId: idSchema });

export function unknownHoldsRoutes(holds: UnknownHolds): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/recorders/:recorderId/unknown-holds',
      access: 'recorder.manage',
      summary: 'Footage that a recorder holds and of which no incident here is known',
      feature,
      params: z.object({ recorderId: idSchema }),
      query: unknownHoldQuery,
      response: unknownHoldPage,
      handler: ({ actor, params, query }) => holds.page(actor, params.recorderId, query),
    }),
    defineRoute({
      method: 'post',
      path: '/api/unknown-holds/:holdId/assign',
      access: 'recorder.manage',
      summary: 'Says for which incident this footage is held',
      feature,
      params: ofHold,
      body: unknownHoldAssignRequest,
      handler: ({ actor, params, body }) => holds.assign(actor, params.holdId, body.incidentId),
    }),
    defineRoute({
      method: 'post',
      path: '/api/unknown-holds/:holdId/release',
      access: 'recorder.manage',
      summary: 'Gives footage of no known incident back to retention; a reason is asked for',
      feature,
      params: ofHold,
      body: unknownHoldReleaseRequest,
      handler: ({ actor, params, body }) => holds.release(actor, params.holdId, body.reason),
    }),
  ];
}
