import { z } from 'zod';
import { docsPage, docsScript, docsStyle } from './api-docs-page.js';
import { openApiDocument } from './openapi.js';
import { defineRoute, type Route } from './route.js';

/** `/api/openapi.json` and a page that shows it without any request to another host. */
export function apiDocsRoutes({ routes, version }: { routes: Route[]; version: string }): Route[] {
  let document: Record<string, unknown> | undefined;
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
      response: z.record(z.string(), z.unknown()),
      handler: async () => (document ??= openApiDocument([...routes, ...pages], version)),
    }),
    file('/api/docs', 'text/html', docsPage, 'This document as a page'),
    file('/api/docs/page.js', 'text/javascript', docsScript, 'Script of that page'),
    file('/api/docs/page.css', 'text/css', docsStyle, 'Style of that page'),
  ];
  return pages;
}
