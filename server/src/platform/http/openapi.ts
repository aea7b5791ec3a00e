import { errorResponse } from '@choi-canh/shared/errors';
import { z } from 'zod';
import type { Route } from './route.js';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the routes, from the very schemas that check their inputs and answers. */
export function openApiDocument(routes: Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/[:*](\w+)/g, '{$1}').replace(/[{}]{2,}/g, (run) => run.slice(0, 1));
    (paths[path] ??= {})[route.method] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chòi Canh',
      version,
      description:
        'The interface the browser uses. Instants are ISO-8601; ids are UUIDs. Requests that change something must ' +
        'come from the same origin and send JSON. Whatever lies outside the area of the account is answered with 404.',
    },
    tags: [...new Set(routes.map((route) => route.feature))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Error: jsonSchema(errorResponse, 'output') },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'choi_canh_session', description: 'Made by POST /api/session' },
      },
    },
  };
}

function operation(route: Route): Json {
  const status = String(route.status ?? (route.response === undefined && route.produces === undefined ? 204 : 200));
  const content =
    route.response === undefined
      ? route.produces && Object.fromEntries(route.produces.split(/,\s*/).map((type) => [type, {}]))
      : { 'application/json': { schema: jsonSchema(route.response, 'output') } };
  return {
    summary: route.summary,
    tags: [route.feature],
    'x-access': route.access,
    security: route.access === 'public' ? [] : [{ session: [] }],
    parameters: [...parameters(route.params, route, 'path'), ...parameters(route.query, route, 'query')],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(route.body, 'input') } },
          },
        }),
    responses: {
      [status]: { description: 'Success', ...(content ? { content } : {}) },
      default: {
        description: 'Error',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

function parameters(schema: z.ZodType | undefined, route: Route, where: 'path' | 'query'): Json[] {
  if (schema === undefined) {
    if (where === 'query') return [];
    return [...route.path.matchAll(/[:*](\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
  }
  const json = jsonSchema(schema, 'input');
  const required = new Set((json['required'] as string[] | undefined) ?? []);
  return Object.entries((json['properties'] as Record<string, Json> | undefined) ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.has(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return json;
}
