import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { docsPage, docsScript, docsStyle } from './api-docs-page.js';
import { openApiDocument } from './openapi.js';
import { defineRoute, type Route } from './route.js';

/** `/api/openapi.json` and a page that shows it without any request to another host. */
export function apiDocsRoutes({ routes, version }: { routes: Route[]; version: string }): Route[] {
  /** Rendered once, as it is sent: many may ask for it, and nobody need be signed in. */
  let document: Rendered | undefined;
  const file = (path: string, produces: string, text: string, summary: string) =>
    defineRoute({
      method: 'get',
      path,
      access: 'public',
      summary,
      feature: 'documentation',
      produces,
      handler: async ({ response }) => {
        response.type(produces).send(text);
      },
    });
  const pages: Route[] = [
    defineRoute({
      method: 'get',
      path: '/api/openapi.json',
      access: 'public',
      summary: 'This document',
      feature: 'documentation',
      produces: 'application/json',
      handler: async ({ request, response }) => {
        document ??= render(openApiDocument([...routes, ...pages], version));
        const encoding = request.acceptsEncodings('br', 'gzip', 'identity');
        const body = document[encoding === 'br' || encoding === 'gzip' ? encoding : 'identity'];
        response.vary('accept-encoding').type('application/json');
        if (body !== document.identity) response.setHeader('content-encoding', String(encoding));
        response.setHeader('content-length', body.length);
        response.end(request.method === 'HEAD' ? undefined : body);
      },
    }),
    file('/api/docs', 'text/html', docsPage, 'This document as a page'),
    file('/api/docs/page.js', 'text/javascript', docsScript, 'Script of that page'),
    file('/api/docs/page.css', 'text/css', docsStyle, 'Style of that page'),
  ];
  return pages;
}

interface Rendered {
  identity: Buffer;
  gzip: Buffer;
  br: Buffer;
}

function render(document: Record<string, unknown>): Rendered {
  const identity = Buffer.from(JSON.stringify(document), 'utf8');
  const br = brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return { identity, gzip: gzipSync(identity), br };
}
