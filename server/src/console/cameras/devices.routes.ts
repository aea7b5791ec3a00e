import {
  cameraProfilesRequest,
  cameraResponse,
  channelAddRequest,
  channelPictureQuery,
  deviceDetailResponse,
  deviceOffer,
  offeredPictureQuery,
} from '@choi-canh/shared/cameras';
import { idSchema } from '@choi-canh/shared/common';
import type { Response } from 'express';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { CameraAdditions } from './camera-additions.js';
import type { DevicesService } from './devices.service.js';

const feature = 'cameras';
const one = z.object({ deviceId: idSchema });

export function devicesRoutes(service: DevicesService, additions: CameraAdditions): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/devices/:deviceId',
      access: 'camera.view',
      summary: 'A device with its cameras of the scope, by channel',
      feature,
      params: one,
      response: deviceDetailResponse,
      handler: ({ actor, params }) => service.get(actor.scope, params.deviceId),
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices/:deviceId/channels',
      access: 'camera.manage',
      summary: 'Asks a known device for its channels, with the password that it has',
      feature,
      params: one,
      response: deviceOffer,
      handler: ({ actor, params, signal }) => service.channels(actor, params.deviceId, signal),
    }),
    defineRoute({
      method: 'post',
      path: '/api/devices/:deviceId/cameras',
      access: 'camera.manage',
      summary: 'Adds channels of a known device as cameras',
      feature,
      params: one,
      body: channelAddRequest,
      response: deviceDetailResponse,
      handler: async ({ actor, params, body, signal }) => {
        await service.add(actor, params.deviceId, body, signal);
        return service.get(actor.scope, params.deviceId);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/devices/:deviceId/picture',
      access: 'camera.manage',
      summary: 'A picture of a channel of a known device, made by the device',
      feature,
      params: one,
      query: channelPictureQuery,
      produces: 'image/jpeg',
      trail: 'camera.channels',
      handler: async ({ actor, params, query, response, signal }) =>
        sendPicture(response, await service.picture(actor, params.deviceId, query.sourceToken, signal)),
    }),
    defineRoute({
      method: 'put',
      path: '/api/cameras/:cameraId/profiles',
      access: 'camera.manage',
      summary: "Which of its channel's profiles a camera is recorded and shown by",
      feature,
      params: z.object({ cameraId: idSchema }),
      body: cameraProfilesRequest,
      response: cameraResponse,
      handler: ({ actor, params, body, signal }) => service.setProfiles(actor, params.cameraId, body, signal),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/additions/:id/picture',
      access: 'camera.manage',
      summary: 'A picture of a channel that is offered, made by the device',
      feature,
      params: z.object({ id: idSchema }),
      query: offeredPictureQuery,
      produces: 'image/jpeg',
      trail: 'camera.channels',
      handler: async ({ actor, params, query, response, signal }) =>
        sendPicture(response, await additions.picture(actor, params.id, query, signal)),
    }),
  ];
}

function sendPicture(response: Response, jpeg: Buffer): void {
  response.setHeader('content-type', 'image/jpeg');
  response.setHeader('cache-control', 'no-store');
  response.end(jpeg);
}
