import compression from 'compression';
import type { RequestHandler } from 'express';
import { constants } from 'node:zlib';

/** Below this an answer fits a few packets, and compressing it costs more than it gains. */
const thresholdBytes = 2048;
/** Brotli as quick as gzip and a fifth smaller; figures in server/design/pages.md. */
const brotliQuality = 4;
/** Answers about who is signed in: what a stranger makes them contain must not tell by its length what else they say (BREACH). */
const uncompressed = /^\/api\/(me|session|setup|accounts)(\/|$)/;

/**
 * Compresses JSON that is read, in zlib's own threads. Never media or a download, whatever their size, and never what
 * answers a change.
 */
export function compressJson(): RequestHandler {
  return compression({
    threshold: thresholdBytes,
    level: 4,
    brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } },
    filter: (request, response) =>
      request.method === 'GET' &&
      /^application\/json\b/.test(String(response.getHeader('content-type') ?? '')) &&
      !uncompressed.test(request.originalUrl.split('?')[0] ?? ''),
  });
}
