import type { AuditAction } from '@choi-canh/shared/audit';
import type { Permission } from '@choi-canh/shared/permissions';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../lib/actor.js';
import type { ReadyList } from './list-answer.js';

/** `public`: nobody need be signed in. `signed_in`: any account. Everything else names its permission. */
export type Access = Permission | 'signed_in' | 'public';

export interface RouteContext<P, Q, B, A> {
  params: P;
  query: Q;
  body: B;
  /** Undefined only on public routes. */
  actor: A;
  request: Request;
  response: Response;
  /** Aborts when the client goes away or its session ends; long answers must heed it. */
  signal: AbortSignal;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface RouteSpec<
  P extends z.ZodType | undefined = z.ZodType | undefined,
  Q extends z.ZodType | undefined = z.ZodType | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  R extends z.ZodType | undefined = z.ZodType | undefined,
  X extends Access = Access,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** express 5 path, e.g. `/api/cameras/:cameraId`. */
  path: string;
  access: X;
  /** One line for the OpenAPI document. */
  summary: string;
  /** Group in the OpenAPI document. */
  feature: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Of the body; default 1 MB, and 16 KB on a public route. */
  maxBodyBytes?: number;
  /** Schema of the JSON answer. Absent: the handler writes the response itself (`produces` says what), or 204. */
  response?: R;
  produces?: string;
  /**
   * What is entered in the audit trail before a byte of the answer leaves. Every route that hands out footage or evidence
   * names it; a test asks each of them.
   */
  trail?: AuditAction;
  /** Status of success; default 200, or 204 without a response schema. */
  status?: number;
  handler(
    context: RouteContext<Parsed<P>, Parsed<Q>, Parsed<B>, X extends 'public' ? Actor | undefined : Actor>,
  ): Promise<R extends z.ZodType ? z.input<R> | ReadyList : void>;
}

/** A route as data: the server mounts it with checks of access and of every input, the OpenAPI document lists it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a heterogeneous list; the spec's own types were checked by defineRoute
export type Route = RouteSpec<any, any, any, any, any>;

export function defineRoute<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
  X extends Access = Access,
>(spec: RouteSpec<P, Q, B, R, X>): Route {
  return spec as Route;
}
