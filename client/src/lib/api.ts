import { errorResponse, httpStatusOfKind, type ErrorKind } from '@choi-canh/shared/errors';
import type { z } from 'zod';
import { ApiError } from './api-error.js';
import { freshness } from './freshness.js';

export type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions<S extends z.ZodType | undefined> {
  /** Schema of the answer. Absent: the answer is not read. */
  schema?: S;
  body?: unknown;
  /** Undefined, null and '' are left out. */
  query?: Record<string, QueryValue>;
  signal?: AbortSignal;
}

type Answer<S> = S extends z.ZodType ? z.output<S> : undefined;
type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

const unauthenticatedListeners = new Set<() => void>();

/** Calls back when any request finds that the session has ended. Returns a function that stops it. */
export function onUnauthenticated(listener: () => void): () => void {
  unauthenticatedListeners.add(listener);
  return () => unauthenticatedListeners.delete(listener);
}

export function withQuery(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function kindOfStatus(status: number): ErrorKind {
  const match = Object.entries(httpStatusOfKind).find(([, value]) => value === status);
  if (match !== undefined) return match[0] as ErrorKind;
  if (status === 502 || status === 504) return 'unavailable';
  return status >= 500 ? 'internal' : 'invalid';
}

/** Reads an answer with status ≥ 400, also one that did not come from our server (a proxy's HTML page). */
export async function errorOfResponse(response: Response): Promise<ApiError> {
  const parsed = errorResponse.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    const kind = kindOfStatus(response.status);
    return new ApiError({ kind, code: kind, message: `HTTP ${response.status}`, status: response.status });
  }
  return new ApiError({ ...parsed.data.error, fields: parsed.data.error.fields ?? [], status: response.status });
}

async function request<S extends z.ZodType | undefined>(
  method: Method,
  path: string,
  options: RequestOptions<S>,
): Promise<Answer<S>> {
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } };
  if (method !== 'GET') {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
    init.body = JSON.stringify(options.body ?? {});
  }
  if (options.signal !== undefined) init.signal = options.signal;

  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), init);
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause;
    freshness.unanswered(performance.now());
    throw new ApiError({ kind: 'network', code: 'network', message: `no answer to ${method} ${path}`, cause });
  }
  if (!response.ok) {
    const error = await errorOfResponse(response);
    // Without a request number the answer is a proxy's, for a server that is not there.
    const byProxy = error.kind === 'unavailable' && error.requestId === '';
    if (byProxy) freshness.unanswered(performance.now());
    else freshness.answered(performance.now());
    if (error.kind === 'unauthenticated') for (const listener of unauthenticatedListeners) listener();
    throw error;
  }
  freshness.answered(performance.now());
  if (options.schema === undefined) return undefined as Answer<S>;
  const parsed = options.schema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    throw new ApiError({
      kind: 'bad_answer',
      code: 'bad_answer',
      message: `${method} ${path}: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
      status: response.status,
      cause: parsed.error,
    });
  }
  return parsed.data as Answer<S>;
}

type Call = <S extends z.ZodType | undefined = undefined>(
  path: string,
  options?: RequestOptions<S>,
) => Promise<Answer<S>>;

/** The console's REST API. Answers are checked against their schema; whatever fails throws an `ApiError`. */
export const api: Record<'get' | 'post' | 'patch' | 'put' | 'delete', Call> = {
  get: (path, options = {}) => request('GET', path, options),
  post: (path, options = {}) => request('POST', path, options),
  patch: (path, options = {}) => request('PATCH', path, options),
  put: (path, options = {}) => request('PUT', path, options),
  delete: (path, options = {}) => request('DELETE', path, options),
};
