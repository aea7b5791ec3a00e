import express, { type Request, type Response } from 'express';

const strangersBodyBytes = 16 * 1024;
const bodyBytes = 1024 * 1024;

type Parser = ReturnType<typeof express.json>;
const parsers = new Map<number, Parser>();

/** Bytes of a body that a route reads, where it does not say itself: little of those who need not be signed in. */
export function bodyLimitOf(route: { access: string; maxBodyBytes?: number }): number {
  return route.maxBodyBytes ?? (route.access === 'public' ? strangersBodyBytes : bodyBytes);
}

/** The JSON of the body, `undefined` without one. Rejects with the parser's error: see `errorAnswer`. */
export function readJsonBody(request: Request, response: Response, maxBytes: number): Promise<unknown> {
  const parser = parsers.get(maxBytes) ?? express.json({ limit: maxBytes, strict: true });
  parsers.set(maxBytes, parser);
  return new Promise((resolve, reject) => {
    // A body that ends too early never calls back.
    response.once('close', () => resolve(undefined));
    parser(request, response, (error?: unknown) => {
      if (error === undefined) resolve(request.body);
      else reject(error as Error);
    });
  });
}
