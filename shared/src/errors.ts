import { z } from 'zod';

export const errorKinds = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'precondition',
  'unavailable',
  'too_many',
  'internal',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** HTTP status of each kind. */
export const httpStatusOfKind: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  too_many: 429,
  internal: 500,
  unavailable: 503,
};

/** Body of every answer with a status of 400 or above. */
export const errorResponse = z.object({
  error: z.object({
    kind: z.enum(errorKinds),
    /** Key of the sentence shown to people: `errors.<code>` in the browser's locales. */
    code: z.string(),
    /** English, for logs and for programs; never shown where the browser knows the code. */
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    /** For kind `invalid`: which fields, and a sentence each. */
    fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    /** To find the request in the server's log. */
    requestId: z.string(),
  }),
});
export type ErrorResponse = z.infer<typeof errorResponse>;
