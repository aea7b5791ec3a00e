import { z } from 'zod';

/** Identifier made by us: UUIDv4 text. */
export const idSchema = z.uuid();

/** An instant on the wire: ISO-8601 UTC with milliseconds, e.g. `2026-11-22T07:30:00.000Z`. Any offset is accepted. */
export const instantSchema = z.iso.datetime({ offset: true });

export function instantFromMs(ms: number): string {
  return new Date(ms).toISOString();
}
export function msFromInstant(instant: string): number {
  return Date.parse(instant);
}

/** A half-open range of wall time: `from` inclusive, `to` exclusive, `from < to`. */
export const timeRangeSchema = z
  .object({ from: instantSchema, to: instantSchema })
  .refine((range) => Date.parse(range.from) < Date.parse(range.to), {
    message: 'to must be after from',
    path: ['to'],
  });
export type TimeRange = z.infer<typeof timeRangeSchema>;

/** Page of a list; `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
