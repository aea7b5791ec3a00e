import { roleMay } from '@choi-canh/shared/permissions';
import express, { type RequestHandler, type Response, type Router } from 'express';
import type { IncomingMessage } from 'node:http';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { z } from 'zod';
import type { Actor } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import { withRequestSignal } from '../../lib/request-signal.js';
import type { Answers } from './answers.js';
import { checkInputText } from './input-text.js';
import { invalidInput } from './error-response.js';
import { isListOf, longListJson, ReadyList } from './list-answer.js';
import { bodyLimitOf, readJsonBody } from './request-body.js';
import type { Access, Route } from './route.js';

export type Authenticate = (request: IncomingMessage) => Promise<Actor | undefined>;

/** A router of all routes; the more specific path wins, whatever the order they were given in. */
export function mountRoutes(routes: Route[], authenticate: Authenticate, answers: Answers): Router {
  const router = express.Router({ caseSensitive: true });
  for (const route of [...routes].sort(bySpecificity)) {
    router[route.method](route.path, handle(route, authenticate, answers));
  }
  return router;
}

function handle(route: Route, authenticate: Authenticate, answers: Answers): RequestHandler {
  return async (request, response) => {
    const actor = await authenticate(request);
    checkAccess(route.access, actor);
    const own = answers.of(request);
    if (actor !== undefined) answers.assign(own, actor.sessionId);
    const params = parseParams(route.params, request.params);
    checkInputText(request.query);
    const query = parse(route.query, request.query);
    const json = route.body && (await readJsonBody(request, response, bodyLimitOf(route)));
    checkInputText(json);
    const body = parse(route.body, json ?? {});
    const result: unknown = await withRequestSignal(own.signal, () =>
      route.handler({ params, query, body, actor: actor as Actor, request, response, signal: own.signal }),
    );
    if (response.headersSent || response.destroyed) return;
    if (route.response === undefined) {
      if (route.produces === undefined) response.status(route.status ?? 204).end();
      return;
    }
    if (result instanceof ReadyList) {
      if (!isListOf(route.response, result.item)) throw badAnswer(route, 'the list was made for another schema');
      await sendParts(response.status(route.status ?? 200), result.parts());
      return;
    }
    const check = (schema: z.ZodType, value: unknown) => answer(route, schema, value);
    const parts = await longListJson(route.response, result, check);
    if (response.destroyed) return;
    response.status(route.status ?? 200);
    if (parts === undefined) response.json(check(route.response, result));
    else await sendParts(response, parts);
  };
}

/** In turns of the loop: a list of thousands is some megabytes. */
async function sendParts(response: Response, parts: Iterable<string>): Promise<void> {
  response.type('application/json');
  for (const part of parts) {
    response.write(part);
    await turnOfTheLoop();
    if (response.destroyed) return;
  }
  response.end();
}

function checkAccess(access: Access, actor: Actor | undefined): void {
  if (access === 'public') return;
  if (actor === undefined) throw new AppError('unauthenticated', 'not_signed_in', 'sign in first');
  if (access !== 'signed_in' && !roleMay(actor.role, access)) {
    throw new AppError('forbidden', 'not_allowed', `this needs the permission ${access}`);
  }
}

function parse(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidInput(parsed.error);
  return parsed.data;
}

/** An address whose id is none names nothing: not found, and no matter of what was typed into a form. */
function parseParams(schema: z.ZodType | undefined, value: unknown): unknown {
  const parsed = schema?.safeParse(value);
  if (parsed?.success === false) throw new AppError('not_found', 'not_found', 'there is nothing of that name');
  return parsed?.data;
}

/** Only what the schema names leaves the server, so a forgotten column (a password hash, say) cannot. */
function answer(route: Route, schema: z.ZodType, result: unknown): unknown {
  const parsed = schema.safeParse(result);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw badAnswer(route, fields.join('; '));
}

function badAnswer({ method, path }: Route, why: string): AppError {
  return new AppError('internal', 'bad_answer', `${method} ${path} broke its schema: ${why}`);
}

function bySpecificity(a: Route, b: Route): number {
  const left = a.path.split('/').map(vagueness);
  const right = b.path.split('/').map(vagueness);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function vagueness(segment: string): number {
  if (segment.includes('*')) return 3;
  if (segment.startsWith(':') && /^:\w+$/.test(segment)) return 2;
  return segment.includes(':') ? 1 : 0;
}
