import { pipeline } from 'node:stream/promises';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import { byteRange } from './byte-range.js';
import { clipFileKey } from './clip-response.js';
import type { ClipsService } from './clips.service.js';
import { attachment } from './download-name.js';
import type { DownloadRecords } from './download-records.js';
import type { ClipStore } from './evidence-interfaces.js';

export function clipDownloadRoutes(
  service: ClipsService,
  store: ClipStore,
  downloads: DownloadRecords,
  logger: Logger,
): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/clips/:clipId/files/:index',
      access: 'clip.download',
      summary: 'A file of a clip; entered in the audit trail',
      feature: 'evidence',
      params: z.object({ clipId: idSchema, index: z.coerce.number().int().min(0).max(9999) }),
      produces: 'video/mp4',
      trail: 'clip.download',
      handler: async ({ actor, params, request, response, signal }) => {
        const { view, file } = await service.file(actor.scope, params.clipId, params.index);
        const etag = `"${file.sha256}"`;
        const ifRange = request.headers['if-range'];
        const asked = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
        const range = byteRange(asked, file.bytes);
        response.setHeader('accept-ranges', 'bytes');
        response.setHeader('cache-control', 'private, no-store');
        if (range === 'unsatisfiable') {
          response.status(416).setHeader('content-range', `bytes */${file.bytes}`);
          response.end();
          return;
        }
        const { start, end } = range ?? { start: 0, end: file.bytes };
        response.status(range === undefined ? 200 : 206);
        response.setHeader('content-type', 'video/mp4');
        response.setHeader('content-length', end - start);
        if (range !== undefined) response.setHeader('content-range', `bytes ${start}-${end - 1}/${file.bytes}`);
        response.setHeader('etag', etag);
        response.setHeader('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
        response.setHeader('content-disposition', attachment(file.fileName));
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        const { stream } = await store.get(clipFileKey(view.row.id, file.index), range);
        let ended: () => void;
        try {
          const key = `${actor.sessionId}/${view.row.id}/${file.index}`;
          ended = await downloads.begin(key, () => service.downloaded(actor, view, file));
        } catch (error) {
          stream.destroy();
          throw error;
        }
        try {
          await pipeline(stream, response, { signal });
        } catch (error) {
          response.destroy();
          if (!signal.aborted) logger.warn({ clipId: view.row.id, err: errorMessage(error) }, 'a download broke off');
        } finally {
          ended();
        }
      },
    }),
  ];
}
