import { idSchema } from '@choi-canh/shared/common';
import type { Response } from 'express';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { CamerasService } from './cameras.service.js';

/** The way to a recorder's media. */
export interface LiveMedia {
  forward(request: {
    recorderId: string;
    cameraId: string;
    path: string;
    cacheControl: string;
    response: Response;
    signal: AbortSignal;
  }): Promise<void>;
}

/** `playlist.m3u8`, `picture.jpg`, init segments and media segments; nothing with a slash or a second dot. */
const fileSchema = z.string().regex(/^(playlist\.m3u8|picture\.jpg|[A-Za-z0-9_-]{1,80}\.(mp4|m4s))$/);

export function liveRoutes(service: CamerasService, media: LiveMedia): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId/live/:stream/:file',
      access: 'camera.live',
      summary: 'Live pictures as HLS (playlist.m3u8 and what it names), or the newest one (picture.jpg)',
      feature: 'cameras',
      params: z.object({ cameraId: idSchema, stream: z.enum(['main', 'sub']), file: fileSchema }),
      produces: 'application/vnd.apple.mpegurl, video/mp4, image/jpeg',
      handler: async ({ actor, params, response, signal }) => {
        const { row } = await service.require(actor.scope, params.cameraId);
        const changing = params.file.endsWith('.m3u8') || params.file.endsWith('.jpg');
        await media.forward({
          recorderId: row.recorderId,
          cameraId: row.id,
          path: `live/${params.stream}/${params.file}`,
          cacheControl: changing ? 'no-store' : 'private, max-age=60',
          response,
          signal,
        });
      },
    }),
  ];
}
