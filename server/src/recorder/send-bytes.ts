import type { ServerResponse } from 'node:http';

/** Answers 200 with a small body; HEAD without it. */
export function sendBytes(response: ServerResponse, contentType: string, body: Buffer | string): void {
  const payload = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  response.statusCode = 200;
  response.setHeader('content-type', contentType);
  response.setHeader('content-length', payload.length);
  response.setHeader('cache-control', 'no-store');
  response.end(response.req.method === 'HEAD' ? undefined : payload);
}
