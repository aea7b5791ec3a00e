import { idSchema } from '@choi-canh/shared/common';
import { rtspAddRequest, rtspAddResponse, rtspProbeRequest, rtspProbeResponse } from '@choi-canh/shared/rtsp-cameras';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { RtspAdditions } from './rtsp-additions.js';
import type { RtspProbes } from './rtsp-probes.js';

const feature = 'cameras';

export function rtspRoutes(probes: RtspProbes, additions: RtspAdditions): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/cameras/rtsp-probes',
      access: 'camera.manage',
      summary: 'Has a recorder try a camera without ONVIF: codec, size, rate, sound, or why it gives no picture',
      feature,
      body: rtspProbeRequest,
      response: rtspProbeResponse,
      handler: ({ actor, body, signal }) => probes.try(actor, body, signal),
    }),
    defineRoute({
      method: 'post',
      path: '/api/cameras/rtsp-additions',
      access: 'camera.manage',
      summary: 'Adds cameras without ONVIF by their addresses, in the background',
      feature,
      body: rtspAddRequest,
      response: rtspAddResponse,
      status: 202,
      handler: ({ actor, body }) => additions.start(actor, body),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/rtsp-additions/:id',
      access: 'camera.manage',
      summary: 'How far such an addition is',
      feature,
      params: z.object({ id: idSchema }),
      response: rtspAddResponse,
      handler: async ({ actor, params }) => additions.get(actor, params.id),
    }),
  ];
}
