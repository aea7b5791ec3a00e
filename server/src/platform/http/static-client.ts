import express, { type Router } from 'express';
import { join } from 'node:path';

const YEAR_MS = 365 * 24 * 3600_000;

/**
 * The built browser application. Files under /assets carry a hash in their name and never change; every other file is
 * asked for again; any other page address is answered with the application, which does its own routing.
 */
export function staticClient(folder: string): Router {
  const router = express.Router();
  router.use('/assets', express.static(join(folder, 'assets'), { immutable: true, maxAge: YEAR_MS, index: false }));
  router.use('/assets', (_request, response) => {
    response.status(404).type('text').send('no such file');
  });
  router.use(express.static(folder, { index: false, cacheControl: false, setHeaders: askAgain }));
  router.get('/{*page}', (request, response, next) => {
    if (!request.accepts('html')) {
      next();
      return;
    }
    askAgain(response);
    response.sendFile('index.html', { root: folder, cacheControl: false }, (error) => {
      if (error === undefined || error === null) return;
      if (response.headersSent) response.destroy();
      else response.status(503).type('text').send('The browser application is not built yet: npm run build');
    });
  });
  return router;
}

function askAgain(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('cache-control', 'no-cache');
}
