import { idSchema, instantFromMs } from '@choi-canh/shared/common';
import { z } from 'zod';
import type { StreamName } from '../lib/fragment.js';
import type { Live, LiveAnswer } from './live/live.js';
import { parseInput, type RecorderRequest, type RecorderRoute } from './recorder-http.js';
import { sendBytes } from './send-bytes.js';

export interface LiveRoom {
  live: Live;
  /** @throws AppError not_found `no_such_camera` */
  requireCamera(cameraId: string): void;
}

const params = z.object({ id: idSchema, stream: z.enum(['main', 'sub']) });
const initParams = params.extend({ initId: z.string().regex(/^[0-9a-f]{1,64}$/) });
const segmentParams = params.extend({
  sequence: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
});
const pictureQuery = z.object({ width: z.coerce.number().int().min(16).max(4096).optional() });

/** What cameras show now: HLS of the main or the sub stream, and a still picture. */
export function liveRoutes({ live, requireCamera }: LiveRoom): RecorderRoute[] {
  const route = (
    name: string,
    answer: (request: RecorderRequest, cameraId: string, stream: StreamName) => Promise<LiveAnswer>,
  ): RecorderRoute => ({
    method: 'GET',
    path: `/v1/cameras/:id/live/:stream/${name}`,
    handle: async (request) => {
      const { id, stream } = parseInput(params, request.params);
      requireCamera(id);
      const { contentType, body } = await answer(request, id, stream);
      sendBytes(request.response, contentType, body);
    },
  });
  return [
    route('playlist.m3u8', ({ signal }, id, stream) => live.playlist(id, stream, signal)),
    route('picture.jpg', async ({ query, signal, response }, id, stream) => {
      const { width } = parseInput(pictureQuery, query);
      const picture = await live.picture(id, stream, { signal, ...(width === undefined ? {} : { width }) });
      response.setHeader('x-picture-at', instantFromMs(picture.pictureAtMs));
      return picture;
    }),
    route('init-:initId.mp4', (request, id, stream) =>
      live.init(id, stream, parseInput(initParams, request.params).initId),
    ),
    route(':sequence.m4s', (request, id, stream) =>
      live.segment(id, stream, parseInput(segmentParams, request.params).sequence),
    ),
  ];
}
