import { idSchema, instantFromMs, instantSchema, msFromInstant } from '@choi-canh/shared/common';
import { z } from 'zod';
import { AppError } from '../lib/errors.js';
import { hurried } from '../lib/turn-pacer.js';
import { playlistContentType, type Playback } from './playback/playback.js';
import { parseInput, parseParams, sendPieces, type RecorderRoute } from './recorder-http.js';
import { sendBytes } from './send-bytes.js';

/** Identifiers of footage files are the footage room's; here only their alphabet and length are checked. */
const fileId = z.string().regex(/^[A-Za-z0-9_.-]{1,120}$/);
const byteNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const range = { from: instantSchema.transform(msFromInstant), to: instantSchema.transform(msFromInstant) };
const playlistQuery = z.object({
  ...range,
  mode: z.enum(['full', 'keyframes']).default('full'),
  sound: z.literal('1').optional(),
  plays: z
    .string()
    .regex(/^(h264|h265)(,(h264|h265))?$/)
    .transform((text) => text.split(',') as ('h264' | 'h265')[])
    .optional(),
});
const guardQuery = z.object(range);
const thumbnailQuery = z.object({
  at: instantSchema.transform(msFromInstant),
  width: z.coerce.number().int().min(16).max(4096).optional(),
});
const cameraParams = z.object({ id: idSchema });
const fileParams = z.object({ id: idSchema, fileId });
const keyframeParams = z.object({ id: idSchema, fileId, offset: byteNumber });
const stretchParams = z.object({ id: idSchema, fileId, start: byteNumber, end: byteNumber });

/** `bytes=<first>-<last>`, which is what a playlist's byte ranges become. */
function exactRange(header: string | undefined): { startByte: number; endByte: number } {
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header?.trim() ?? '');
  const startByte = Number(match?.[1]);
  const endByte = Number(match?.[2]) + 1;
  if (match === null || endByte <= startByte) {
    throw new AppError('invalid', 'range_required', 'a Range header of the form bytes=<first>-<last> is required');
  }
  return { startByte, endByte };
}

/** Recorded footage: playlists, what they point to, thumbnails. */
export function playbackRoutes(playback: Playback): RecorderRoute[] {
  const fileRoute = (folder: string, sound: boolean): RecorderRoute => ({
    method: 'GET',
    path: `/v1/cameras/:id/${folder}/:fileId.mp4`,
    waits: true,
    handle: async ({ params, query, headers, response, signal, hurry }) => {
      const { id, fileId } = parseParams(fileParams, params);
      const { from, to } = parseInput(guardQuery, query);
      const { startByte, endByte } = exactRange(headers.range);
      const guard = { fromMs: from, toMs: to };
      const part = await hurry(() => playback.fileRange(id, fileId, startByte, endByte, guard, sound));
      response.statusCode = 206;
      response.setHeader('content-type', part.contentType);
      response.setHeader('accept-ranges', 'bytes');
      response.setHeader('content-length', part.endByte - part.startByte);
      response.setHeader('content-range', `bytes ${part.startByte}-${part.endByte - 1}/${part.totalBytes}`);
      response.setHeader('cache-control', 'no-store');
      if (response.req.method === 'HEAD') {
        response.end();
        return;
      }
      await sendPieces(response, hurried(part.pieces, hurry), signal);
    },
  });
  const convertedRoute = (folder: string, kind: 'stretch' | 'keyframes'): RecorderRoute => ({
    method: 'GET',
    path: `/v1/cameras/:id/${folder}/:fileId-:start-:end.m4s`,
    handle: async ({ params, query, response, signal }) => {
      const { id, fileId, start, end } = parseParams(stretchParams, params);
      const { from, to } = parseInput(guardQuery, query);
      const guard = { fromMs: from, toMs: to };
      const { contentType, body } = await playback.converted(id, fileId, kind, start, end, guard, signal);
      sendBytes(response, contentType, body);
    },
  });
  return [
    convertedRoute('converted', 'stretch'),
    convertedRoute('converted-keyframes', 'keyframes'),
    {
      method: 'GET',
      path: '/v1/cameras/:id/converted/:fileId.mp4',
      handle: async ({ params, query, response, signal }) => {
        const { id, fileId } = parseParams(fileParams, params);
        const { from, to } = parseInput(guardQuery, query);
        const { contentType, body } = await playback.convertedInit(id, fileId, { fromMs: from, toMs: to }, signal);
        sendBytes(response, contentType, body);
      },
    },
    {
      method: 'GET',
      path: '/v1/cameras/:id/playlist.m3u8',
      handle: async ({ params, query, response }) => {
        const { id } = parseParams(cameraParams, params);
        const { from, to, mode, sound, plays } = parseInput(playlistQuery, query);
        const text = await playback.playlist(id, from, to, mode, { sound: sound === '1', plays });
        sendBytes(response, playlistContentType, text);
      },
    },
    fileRoute('files', false),
    fileRoute('sound', true),
    {
      method: 'GET',
      path: '/v1/cameras/:id/inits/:fileId.mp4',
      handle: async ({ params, response }) => {
        const { id, fileId } = parseParams(fileParams, params);
        const { contentType, body } = await playback.init(id, fileId);
        sendBytes(response, contentType, body);
      },
    },
    {
      method: 'GET',
      path: '/v1/cameras/:id/keyframes/:fileId-:offset.m4s',
      handle: async ({ params, query, response }) => {
        const { id, fileId, offset } = parseParams(keyframeParams, params);
        const { from, to } = parseInput(guardQuery, query);
        const { contentType, body } = await playback.keyframe(id, fileId, offset, { fromMs: from, toMs: to });
        sendBytes(response, contentType, body);
      },
    },
    {
      method: 'GET',
      path: '/v1/cameras/:id/thumbnail.jpg',
      handle: async ({ params, query, response, signal }) => {
        const { id } = parseParams(cameraParams, params);
        const { at, width } = parseInput(thumbnailQuery, query);
        const picture = await playback.thumbnail(id, at, width, signal);
        response.setHeader('x-picture-at', instantFromMs(picture.pictureAtMs));
        sendBytes(response, picture.contentType, picture.body);
      },
    },
  ];
}
