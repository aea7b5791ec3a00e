import { errorResponse } from '@choi-canh/shared/errors';
import { z } from 'zod';

/** An answer of the console with a status of 400 or above. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly body: unknown,
  ) {
    super(message);
  }
}

/** A person's browser as far as the REST API can tell: keeps the session cookie and sends the Origin. */
export class ApiClient {
  cookie = '';

  constructor(readonly origin: string) {}

  /** The raw answer, whatever its status. */
  async fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const response = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        origin: this.origin,
        ...(this.cookie === '' ? {} : { cookie: this.cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      if (/^(__Host-)?choi_canh_session=/.test(line)) this.cookie = line.split(';', 1)[0] ?? '';
    }
    return response;
  }

  /** The parsed answer. @throws ApiFailure */
  async request<S extends z.ZodType>(method: string, path: string, schema: S, body?: unknown): Promise<z.output<S>> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) {
      const known = errorResponse.safeParse(json);
      const error = known.success ? known.data.error : { code: 'unknown', message: text.slice(0, 300) };
      throw new ApiFailure(response.status, error.code, `${method} ${path}: ${response.status} ${error.message}`, json);
    }
    return schema.parse(json);
  }

  get<S extends z.ZodType>(path: string, schema: S) {
    return this.request('GET', path, schema);
  }
  post<S extends z.ZodType>(path: string, schema: S, body: unknown = {}) {
    return this.request('POST', path, schema, body);
  }
  patch<S extends z.ZodType>(path: string, schema: S, body: unknown) {
    return this.request('PATCH', path, schema, body);
  }
  delete(path: string, body?: unknown) {
    return this.request('DELETE', path, z.unknown(), body);
  }

  signIn(username: string, password: string) {
    return this.request('POST', '/api/session', z.unknown(), { username, password });
  }
}
