import {
  cameraAddRequest,
  cameraAddResponse,
  cameraHistoryQuery,
  cameraHistoryResponse,
  cameraListQuery,
  cameraListResponse,
  cameraMoveRequest,
  cameraPatchRequest,
  cameraResponse,
  cameraRetireRequest,
  cameraRetryResponse,
  cameraReturnRequest,
  cameraRuntimeResponse,
  discoveryRequest,
  discoveryResponse,
} from '@choi-canh/shared/cameras';
import { deviceEventsResponse } from '@choi-canh/shared/device-events';
import { idSchema, msFromInstant } from '@choi-canh/shared/common';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { CameraAdditions } from './camera-additions.js';
import type { CameraMoves } from './camera-moves.js';
import type { CameraReturns } from './camera-returns.js';
import type { CamerasService } from './cameras.service.js';
import type { Discoveries } from './discoveries.js';

const feature = 'cameras';
const one = z.object({ cameraId: idSchema });
const byId = z.object({ id: idSchema });

export function camerasRoutes(
  service: CamerasService,
  additions: CameraAdditions,
  discoveries: Discoveries,
  moves: CameraMoves,
  returns: CameraReturns,
): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/cameras',
      access: 'camera.view',
      summary: 'All cameras of the scope with their state, in the order people count',
      feature,
      query: cameraListQuery,
      response: cameraListResponse,
      handler: ({ actor, query }) =>
        service.list(actor.scope, { areaId: query.areaId, retired: query.retired !== undefined }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId',
      access: 'camera.view',
      summary: 'One camera',
      feature,
      params: one,
      response: cameraResponse,
      handler: ({ actor, params }) => service.get(actor.scope, params.cameraId),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/cameras/:cameraId',
      access: 'camera.manage',
      summary: 'Changes a camera; absent keeps, null clears',
      feature,
      params: one,
      body: cameraPatchRequest,
      response: cameraResponse,
      handler: ({ actor, params, body }) => service.patch(actor, params.cameraId, body),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/:cameraId/retire',
      access: 'camera.manage',
      summary: 'Takes a camera out of use; its past stays, and a reason is asked for',
      feature,
      params: one,
      body: cameraRetireRequest,
      response: cameraResponse,
      handler: ({ actor, params, body }) => service.retire(actor, params.cameraId, body.reason),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/:cameraId/return',
      access: 'camera.manage',
      summary: 'Brings a camera out of use back as itself: the same device must answer and take the password',
      feature,
      params: one,
      body: cameraReturnRequest,
      response: cameraResponse,
      handler: ({ actor, params, body, signal }) => returns.bringBack(actor, params.cameraId, body, signal),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId/history',
      access: 'camera.view',
      summary: 'States of a camera as intervals, oldest first; of more than 5,000 the newest, and since when',
      feature,
      params: one,
      query: cameraHistoryQuery,
      response: cameraHistoryResponse,
      handler: ({ actor, params, query }) =>
        service.history(actor.scope, params.cameraId, msFromInstant(query.from), msFromInstant(query.to)),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId/events',
      access: 'camera.view',
      summary:
        'Events that the device of a camera reported: motion, tampering, line crossing, inputs, storage; newest first',
      feature,
      params: one,
      query: cameraHistoryQuery,
      response: deviceEventsResponse,
      handler: ({ actor, params, query, signal }) => service.deviceEvents(actor.scope, params.cameraId, query, signal),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId/runtime',
      access: 'camera.view',
      summary: 'What its recorder says of a camera now: engine, stream, clock; null while the recorder is lost',
      feature,
      params: one,
      response: cameraRuntimeResponse,
      handler: ({ actor, params }) => service.runtime(actor.scope, params.cameraId),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/:cameraId/retry',
      access: 'camera.manage',
      summary: 'Has its recorder try a camera at once that is down; seldom enough that no device locks the account',
      feature,
      params: one,
      response: cameraRetryResponse,
      handler: ({ actor, params, signal }) => service.retry(actor, params.cameraId, signal),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/:cameraId/address',
      access: 'camera.manage',
      summary: 'A new address and the password for it: the same device must answer there and take it',
      feature,
      params: one,
      body: cameraMoveRequest,
      response: cameraResponse,
      handler: ({ actor, params, body, signal }) => moves.move(actor, params.cameraId, body, signal),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/additions',
      access: 'camera.manage',
      summary: 'Adds found devices with one password, in the background',
      feature,
      body: cameraAddRequest,
      response: cameraAddResponse,
      status: 202,
      handler: ({ actor, body }) => additions.start(actor, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/additions/:id',
      access: 'camera.manage',
      summary: 'How far an addition is',
      feature,
      params: byId,
      response: cameraAddResponse,
      handler: async ({ actor, params }) => additions.get(actor, params.id),
    }),
    defineRoute({
      method: 'post',
      path: '/api/discoveries',
      access: 'camera.discover',
      summary: 'Starts a search for devices beside a recorder',
      feature,
      body: discoveryRequest,
      response: discoveryResponse,
      status: 202,
      handler: ({ actor, body }) => discoveries.start(actor, body.recorderId, body.ranges),
    }),
    defineRoute({
      method: 'get',
      path: '/api/discoveries/:id',
      access: 'camera.discover',
      summary: 'How far a search is, and what it found',
      feature,
      params: byId,
      response: discoveryResponse,
      handler: ({ actor, params }) => discoveries.get(actor, params.id),
    }),
  ];
}
