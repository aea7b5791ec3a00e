import { z } from 'zod';

/** Of `GET /v1/events`. */
export const eventQuery = z.object({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  waitMs: z.coerce.number().int().min(0).max(25_000).default(0),
});
