import { recorderListResponse } from '@choi-canh/shared/recorders';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { RecordersService } from './recorders.service.js';

export function recordersRoutes(service: RecordersService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/recorders',
      access: 'recorder.view',
      summary: 'The recorders, whether they answer, and their disks',
      feature: 'recorders',
      response: recorderListResponse,
      handler: async () => ({ items: await service.list() }),
    }),
  ];
}
