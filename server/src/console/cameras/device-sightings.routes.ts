import { cameraResponse, cameraSightingsResponse, sightingAnswer } from '@choi-canh/shared/cameras';
import { idSchema, instantFromMs } from '@choi-canh/shared/common';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { CameraMoves } from './camera-moves.js';
import type { DeviceSightingsRepository } from './device-sightings.repository.js';

const feature = 'cameras';

export function sightingRoutes(sightings: DeviceSightingsRepository, moves: CameraMoves): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/camera-sightings',
      access: 'camera.manage',
      summary: 'Devices that say at other addresses that they are cameras of the scope, until a person answers',
      feature,
      response: cameraSightingsResponse,
      handler: async ({ actor }) => ({
        items: (await sightings.open(actor.scope)).map(({ dismissed: _, firstSeenAt, lastSeenAt, ...row }) => ({
          ...row,
          firstSeenAt: instantFromMs(firstSeenAt),
          lastSeenAt: instantFromMs(lastSeenAt),
        })),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/:cameraId/sighting',
      access: 'camera.manage',
      summary: 'Answers whether a device that was found is this camera; only then anything is sent to it',
      feature,
      params: z.object({ cameraId: idSchema }),
      body: sightingAnswer,
      response: cameraResponse,
      handler: ({ actor, params, body, signal }) => moves.answer(actor, params.cameraId, body, signal),
    }),
  ];
}
