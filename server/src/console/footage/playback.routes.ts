import { givenInstantSchema, idSchema, instantFromMs } from '@choi-canh/shared/common';
import type { Response } from 'express';
import { z } from 'zod';
import type { Actor } from '../../lib/actor.js';
import { AppError, isAppError } from '../../lib/errors.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { FootageMedia } from './footage-interfaces.js';
import type { FootageService, OpenCamera } from './footage.service.js';

const base = '/api/openings/:openingId/cameras/:cameraId';
const ids = { openingId: idSchema, cameraId: idSchema };
const playlistQuery = z.object({
  from: givenInstantSchema.optional(),
  to: givenInstantSchema.optional(),
  mode: z.enum(['keyframes']).optional(),
  /** With the sound that was recorded; else the picture alone. */
  sound: z.literal('1').optional(),
  /** What the browser can play; the rest is converted. */
  plays: z
    .string()
    .regex(/^(h264|h265)(,(h264|h265))?$/)
    .optional(),
});
const thumbnailQuery = z.object({
  at: givenInstantSchema,
  width: z.coerce.number().int().min(32).max(1920).optional(),
});

/** Folders of media that a playlist names, and what a file of each is called. */
const folders = {
  files: /^[A-Za-z0-9_-]{1,80}\.mp4$/,
  sound: /^[A-Za-z0-9_-]{1,80}\.mp4$/,
  inits: /^[A-Za-z0-9_-]{1,80}\.mp4$/,
  keyframes: /^[A-Za-z0-9_-]{1,100}\.m4s$/,
  converted: /^[A-Za-z0-9_-]{1,120}\.(mp4|m4s)$/,
  'converted-keyframes': /^[A-Za-z0-9_-]{1,120}\.m4s$/,
};

/**
 * Pictures of the past, always under an opening: its camera, its range, its account. URIs in a playlist are relative
 * and carry no range, hence the opening's own is what the recorder is told to stay in.
 */
export function playbackRoutes(service: FootageService, media: FootageMedia): Route[] {
  interface Ask {
    actor: Actor;
    params: { openingId: string; cameraId: string };
    response: Response;
    signal: AbortSignal;
  }
  async function forward(
    ask: Ask,
    open: OpenCamera,
    path: string,
    query: Record<string, string | number | undefined>,
    cacheControl: string,
    range?: string,
  ): Promise<void> {
    const { camera } = open;
    const { response, signal } = ask;
    try {
      await media.forward({
        recorderId: camera.recorderId,
        cameraId: camera.id,
        path,
        query,
        range,
        cacheControl,
        response,
        signal,
      });
    } catch (error) {
      if (!isAppError(error) || error.code !== 'no_footage') throw error;
      const bounds = await service.bounds(camera, open.fromMs, open.toMs);
      throw new AppError('not_found', 'no_footage', 'there is no footage of this time', {
        details: { ...error.details, ...bounds, cameraName: camera.name },
        cause: error,
      });
    }
  }

  const mediaRoutes = Object.entries(folders).map(([folder, name]) =>
    defineRoute({
      method: 'get',
      path: `${base}/${folder}/:file`,
      access: 'footage.open',
      summary: `Media of a playlist (${folder})`,
      feature: 'footage',
      params: z.object({ ...ids, file: z.string().regex(name) }),
      produces: 'video/mp4',
      trail: 'footage.open',
      handler: async (ask) => {
        const open = await service.openCamera(ask.actor, ask.params.openingId, ask.params.cameraId);
        const guard = { from: instantFromMs(open.fromMs), to: instantFromMs(open.toMs) };
        const range = ask.request.headers.range;
        // A file grows while it is written, but what a range of it holds never changes.
        await forward(ask, open, `${folder}/${ask.params.file}`, guard, 'private, max-age=300', range);
      },
    }),
  );

  return [
    defineRoute({
      method: 'get',
      path: `${base}/playlist.m3u8`,
      access: 'footage.open',
      summary: 'HLS playlist of a range inside the opening; default all of it',
      feature: 'footage',
      params: z.object(ids),
      query: playlistQuery,
      produces: 'application/vnd.apple.mpegurl',
      trail: 'footage.open',
      handler: async (ask) => {
        const open = await service.openCamera(ask.actor, ask.params.openingId, ask.params.cameraId);
        const { from, to, mode, sound, plays } = ask.query;
        const fromMs = from === undefined ? open.fromMs : Date.parse(from);
        const toMs = to === undefined ? open.toMs : Date.parse(to);
        if (!(fromMs < toMs)) throw new AppError('invalid', 'bad_range', 'from must be before to');
        if (fromMs < open.fromMs || toMs > open.toMs) throw outside();
        const query = { from: instantFromMs(fromMs), to: instantFromMs(toMs), mode, sound, plays };
        await forward(ask, open, 'playlist.m3u8', query, 'no-store');
      },
    }),
    defineRoute({
      method: 'get',
      path: `${base}/thumbnail.jpg`,
      access: 'footage.open',
      summary: 'The picture at or just before an instant inside the opening',
      feature: 'footage',
      params: z.object(ids),
      query: thumbnailQuery,
      produces: 'image/jpeg',
      trail: 'footage.open',
      handler: async (ask) => {
        const open = await service.openCamera(ask.actor, ask.params.openingId, ask.params.cameraId);
        const atMs = Date.parse(ask.query.at);
        if (atMs < open.fromMs || atMs >= open.toMs) throw outside();
        const query = { at: instantFromMs(atMs), width: ask.query.width };
        await forward(ask, open, 'thumbnail.jpg', query, 'private, max-age=60');
      },
    }),
    ...mediaRoutes,
  ];
}

function outside(): AppError {
  return new AppError('forbidden', 'outside_opening', 'the opening does not cover this time');
}
