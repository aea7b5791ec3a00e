import { areaCreateRequest, areaListResponse, areaPatchRequest, areaResponse } from '@choi-canh/shared/areas';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { AreasService } from './areas.service.js';

const params = z.object({ areaId: idSchema });
const feature = 'areas';

export function areasRoutes(areas: AreasService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/areas',
      access: 'area.view',
      summary: 'Areas of the own subtree, parents first',
      feature,
      response: areaListResponse,
      handler: ({ actor }) => areas.list(actor.scope),
    }),
    defineRoute({
      method: 'post',
      path: '/api/areas',
      access: 'area.manage',
      summary: 'Adds an area',
      feature,
      body: areaCreateRequest,
      response: areaResponse,
      status: 201,
      handler: ({ actor, body }) => areas.create(actor, body),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/areas/:areaId',
      access: 'area.manage',
      summary: 'Changes an area; a new parent moves it with everything below it',
      feature,
      params,
      body: areaPatchRequest,
      response: areaResponse,
      handler: ({ actor, params: { areaId }, body }) => areas.update(actor, areaId, body),
    }),
    defineRoute({
      method: 'delete',
      path: '/api/areas/:areaId',
      access: 'area.manage',
      summary: 'Deletes an empty area',
      feature,
      params,
      handler: ({ actor, params: { areaId } }) => areas.delete(actor, areaId),
    }),
  ];
}
