import { idSchema } from '@choi-canh/shared/common';
import { multiplexAsks } from '@choi-canh/shared/live-multiplex';
import type { Response } from 'express';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { CamerasService } from './cameras.service.js';
import type { LiveViewings } from './live-viewings.js';
import { multiplexLive } from './multiplex-live.js';

/** The way to a recorder's media. */
export interface LiveMedia {
  forward(request: {
    recorderId: string;
    cameraId: string;
    path: string;
    query?: Record<string, string | number | undefined>;
    cacheControl: string;
    response: Response;
    signal: AbortSignal;
    /** Runs once the recorder has answered, before a byte goes on. */
    opened?: () => Promise<void>;
  }): Promise<void>;
  /** Frames of shared/live-multiplex, chunk by chunk. */
  liveStreams(
    recorderId: string,
    query: { streams: string; plays?: string | undefined },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** `playlist.m3u8`, `picture.jpg`, init segments and media segments; nothing with a slash or a second dot. */
const fileSchema = z.string().regex(/^(playlist\.m3u8|picture\.jpg|[A-Za-z0-9_-]{1,80}\.(mp4|m4s))$/);

const plays = z
  .string()
  .regex(/^(h264|h265)(,(h264|h265))?$/)
  .optional();
const position = z.string().regex(/^\d{1,15}$/);
/** Of a playlist: parts and blocking reload (rfc8216bis 6.2.5.2), and what the browser can play. */
const query = z.object({
  latency: z.enum(['low']).optional(),
  plays,
  _HLS_msn: position.optional(),
  _HLS_part: z
    .string()
    .regex(/^\d{1,4}$/)
    .optional(),
  /** Of a picture: makes its address another one every few seconds. */
  at: z.string().max(20).optional(),
});

export function liveRoutes(service: CamerasService, media: LiveMedia, viewings: Pick<LiveViewings, 'begin'>): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/live',
      access: 'camera.live',
      summary: 'Live pictures of several cameras in one answer that goes on, for a wall (shared/live-multiplex)',
      feature: 'cameras',
      query: z.object({ streams: multiplexAsks, plays }),
      produces: 'application/octet-stream',
      trail: 'live.view',
      handler: ({ actor, query: { streams: asks, plays }, response, signal }) =>
        multiplexLive({
          asks,
          plays,
          recordersOf: (ids) => service.recordersOf(actor.scope, ids),
          open: (recorderId, query, ended) => media.liveStreams(recorderId, query, ended),
          watched: (ids) => viewings.begin(actor, ids),
          response,
          signal,
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/api/cameras/:cameraId/live/:stream/:file',
      access: 'camera.live',
      summary:
        'Live pictures as HLS (playlist.m3u8 and what it names; with ?latency=low in parts; the stream `sound` with the sound that is recorded), or the newest one (picture.jpg)',
      feature: 'cameras',
      params: z.object({ cameraId: idSchema, stream: z.enum(['main', 'sub', 'converted', 'sound']), file: fileSchema }),
      query,
      produces: 'application/vnd.apple.mpegurl, video/mp4, image/jpeg',
      trail: 'live.view',
      handler: async ({ actor, params, query: { at: _at, ...asked }, response, signal }) => {
        const { row } = await service.require(actor.scope, params.cameraId);
        const changing = params.file.endsWith('.m3u8') || params.file.endsWith('.jpg');
        let ended = () => {};
        const forwarded = media.forward({
          recorderId: row.recorderId,
          cameraId: row.id,
          path: `live/${params.stream}/${params.file}`,
          ...(params.file.endsWith('.m3u8') ? { query: asked } : {}),
          cacheControl: changing ? 'no-store' : 'private, max-age=60',
          response,
          signal,
          opened: async () => {
            ended = await viewings.begin(actor, [row.id]);
          },
        });
        await forwarded.finally(() => ended());
      },
    }),
  ];
}
