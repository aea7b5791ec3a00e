import { idSchema, instantFromMs } from '@choi-canh/shared/common';
import { multiplexAsks } from '@choi-canh/shared/live-multiplex';
import { z } from 'zod';
import type { Clock } from '../lib/clock.js';
import { AppError } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { liveStreams, type Live, type LiveAnswer, type LiveStream } from './live/live.js';
import { multiplex } from './live/multiplex.js';
import { parseInput, parseParams, written, type RecorderRequest, type RecorderRoute } from './recorder-http.js';
import { sendBytes } from './send-bytes.js';

export interface LiveRoom {
  live: Live;
  /** @throws AppError not_found `no_such_camera` */
  requireCamera(cameraId: string): void;
  clock: Clock;
  logger: Logger;
}

const params = z.object({ id: idSchema, stream: z.enum(liveStreams) });
const initParams = params.extend({ initId: z.string().regex(/^[0-9a-f]{1,64}$/) });
const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const segmentParams = params.extend({ sequence: number });
const partParams = params.extend({
  sequence: number,
  part: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number),
});
/** `_HLS_msn` and `_HLS_part`: rfc8216bis 6.2.5.2. */
const plays = z
  .string()
  .regex(/^(h264|h265)(,(h264|h265))?$/)
  .transform((text) => text.split(',') as ('h264' | 'h265')[])
  .optional();
const playlistQuery = z.object({
  latency: z.enum(['low']).optional(),
  plays,
  _HLS_msn: number.optional(),
  _HLS_part: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .optional(),
});
const multiplexQuery = z.object({ streams: multiplexAsks, plays });
const pictureQuery = z.object({ width: z.coerce.number().int().min(16).max(4096).optional() });

/** What cameras show now: HLS of the main or the sub stream, and a still picture. */
export function liveRoutes({ live, requireCamera, clock, logger }: LiveRoom): RecorderRoute[] {
  const route = (
    name: string,
    answer: (request: RecorderRequest, cameraId: string, stream: LiveStream) => Promise<LiveAnswer>,
    more: { waits?: boolean } = {},
  ): RecorderRoute => ({
    method: 'GET',
    path: `/v1/cameras/:id/live/:stream/${name}`,
    ...more,
    handle: async (request) => {
      const { id, stream } = parseParams(params, request.params);
      requireCamera(id);
      const { contentType, body } = await answer(request, id, stream);
      sendBytes(request.response, contentType, body);
    },
  });
  const multiplexRoute: RecorderRoute = {
    method: 'GET',
    path: '/v1/live',
    waits: true,
    handle: async ({ query, response, signal }) => {
      const { streams: asks, plays } = parseInput(multiplexQuery, query);
      response.setHeader('content-type', 'application/octet-stream');
      response.setHeader('cache-control', 'no-store');
      response.flushHeaders();
      const write = (frame: Buffer) => written(response, frame);
      await multiplex({ live, asks, plays, requireCamera, write, signal, clock, logger });
      response.end();
    },
  };
  return [
    multiplexRoute,
    route(
      'playlist.m3u8',
      ({ query, signal }, id, stream) => {
        const { latency, plays, _HLS_msn: sequence, _HLS_part: part } = parseInput(playlistQuery, query);
        if (part !== undefined && sequence === undefined)
          throw new AppError('invalid', 'bad_reload', '_HLS_part needs _HLS_msn');
        return live.playlist(id, stream, { signal, lowLatency: latency === 'low', sequence, part, plays });
      },
      { waits: true },
    ),
    route('picture.jpg', async ({ query, signal, response }, id, stream) => {
      const { width } = parseInput(pictureQuery, query);
      const picture = await live.picture(id, stream, { signal, ...(width === undefined ? {} : { width }) });
      response.setHeader('x-picture-at', instantFromMs(picture.pictureAtMs));
      return picture;
    }),
    route('init-:initId.mp4', (request, id, stream) =>
      live.init(id, stream, parseParams(initParams, request.params).initId),
    ),
    route(
      ':sequence-:part.m4s',
      ({ params: names, signal }, id, stream) => {
        const { sequence, part } = parseParams(partParams, names);
        return live.part(id, stream, sequence, part, signal);
      },
      { waits: true },
    ),
    route(':sequence.m4s', (request, id, stream) =>
      live.segment(id, stream, parseParams(segmentParams, request.params).sequence),
    ),
  ];
}
