const cookieName = 'choi_canh_session';

export interface Request {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
}

/** One request by the session of this token, and how long its answer took. @throws Error where it is refused */
export async function ask(origin: string, { path, method = 'GET', body }: Request, token: string, signal: AbortSignal) {
  const startedAtMs = performance.now();
  const response = await fetch(origin + path, {
    method,
    signal,
    headers: {
      cookie: `${cookieName}=${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', origin }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.arrayBuffer();
  const tookMs = performance.now() - startedAtMs;
  const text = () => Buffer.from(answer).toString();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text().slice(0, 300)}`);
  return { tookMs, bytes: answer.byteLength, json: () => JSON.parse(text()) as Record<string, unknown> };
}
