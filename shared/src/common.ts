import { z } from 'zod';

/** Identifier made by us: UUIDv4 text. */
export const idSchema = z.uuid();

/**
 * An instant on the wire: ISO-8601 UTC with milliseconds, e.g. `2026-11-22T07:30:00.000Z`. Any offset is accepted. For
 * answers and for what a recorder reports, whose clock may be anywhere.
 */
export const instantSchema = z.iso.datetime({ offset: true });

/** Before this no camera recorded, after this no plan reaches. */
export const earliestGivenMs = Date.UTC(2000, 0, 1);
export const latestGivenMs = Date.UTC(2100, 0, 1);
/** An instant that somebody gives: of every request to the console. */
export const givenInstantSchema = instantSchema
  .refine((text) => Date.parse(text) >= earliestGivenMs && Date.parse(text) < latestGivenMs, {
    message: 'must lie between the years 2000 and 2099',
  })
  .meta({ 'x-years': [2000, 2099] });

export function instantFromMs(ms: number): string {
  return new Date(ms).toISOString();
}
export function msFromInstant(instant: string): number {
  return Date.parse(instant);
}

/** A half-open range of wall time: `from` inclusive, `to` exclusive, `from < to`. */
export const timeRangeSchema = z
  .object({ from: givenInstantSchema, to: givenInstantSchema })
  .refine((range) => Date.parse(range.from) < Date.parse(range.to), {
    message: 'to must be after from',
    path: ['to'],
  });
export type TimeRange = z.infer<typeof timeRangeSchema>;

/** Page of a list; `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
