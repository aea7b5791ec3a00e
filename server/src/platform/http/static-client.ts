import express, { type Request, type RequestHandler, type Response } from 'express';
import { extname, join } from 'node:path';

const YEAR_MS = 365 * 24 * 3600_000;
/** Twins that the build wrote beside each text file, the smallest first. */
const twins = [
  { encoding: 'br', suffix: '.br' },
  { encoding: 'gzip', suffix: '.gz' },
] as const;
const contentTypes: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};

/**
 * The built browser application, compressed as the build left it. Files under /assets carry a hash in their name and
 * never change; every other file is asked for again; any other page address is answered with the application, which
 * does its own routing.
 */
export function staticClient(folder: string): RequestHandler {
  // An application of its own, because the API's sends no ETags and these files do.
  const router = express().disable('x-powered-by');
  const assets = join(folder, 'assets');
  router.use('/assets', compressed(assets, { immutable: true, maxAge: YEAR_MS }));
  router.use('/assets', express.static(assets, { immutable: true, maxAge: YEAR_MS, index: false }));
  router.use('/assets', (_request, response) => {
    response.status(404).type('text').send('no such file');
  });
  router.use(askAgain, compressed(folder, { cacheControl: false }));
  router.use(express.static(folder, { index: false, cacheControl: false }));
  router.get('/{*page}', (request, response, next) => {
    if (!request.accepts('html')) {
      next();
      return;
    }
    void sendTwin(request, response, { root: folder, cacheControl: false }, 'index.html').then((sent) => {
      if (sent) return;
      response.sendFile('index.html', { root: folder, cacheControl: false }, (error) => {
        if (error === undefined || error === null) return;
        if (response.headersSent) response.destroy();
        else response.status(503).type('text').send('The browser application is not built yet: npm run build');
      });
    });
  });
  return router;
}

interface SendOptions {
  cacheControl?: boolean;
  immutable?: boolean;
  maxAge?: number;
}

/** Answers with the compressed twin of a file where there is one that the browser takes. */
function compressed(root: string, options: SendOptions): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      next();
      return;
    }
    void sendTwin(request, response, { ...options, root }, request.path.slice(1)).then((sent) => {
      if (!sent) next();
    });
  };
}

/** Resolves with whether it answered. A twin is a representation of its own: its ETag is not that of the file. */
async function sendTwin(
  request: Request,
  response: Response,
  options: SendOptions & { root: string },
  path: string,
): Promise<boolean> {
  const contentType = contentTypes[extname(path)];
  if (contentType === undefined) return false;
  response.vary('Accept-Encoding');
  for (const { encoding, suffix } of twins) {
    if (request.acceptsEncodings(encoding) === encoding) {
      response.setHeader('content-type', contentType);
      response.setHeader('content-encoding', encoding);
      // Ranges would be of the compressed bytes, which nobody asks for.
      if (await send(response, `${path}${suffix}`, { ...options, acceptRanges: false })) return true;
      response.removeHeader('content-type');
      response.removeHeader('content-encoding');
    }
  }
  return false;
}

/** Resolves with false, and nothing sent, where there is no such file. */
function send(response: Response, path: string, options: Parameters<Response['sendFile']>[1]): Promise<boolean> {
  return new Promise((resolve) => {
    response.sendFile(path, { ...options, dotfiles: 'ignore' }, (error) => {
      if (error === undefined || error === null) resolve(true);
      else if (response.headersSent) {
        response.destroy();
        resolve(true);
      } else resolve(false);
    });
  });
}

const askAgain: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-cache');
  next();
};
