/** Marked range, UTC ms, half-open; either end may be missing. */
export interface Marks {
  inMs?: number | undefined;
  outMs?: number | undefined;
}

/** The marks after a change, or why there is none: an end must come after its start, and neither is dropped for it. */
export type MarkResult = { marks: Marks } | { refused: 'in_after_out' | 'out_before_in'; otherMs: number };

/**
 * Sets the start, at the start of a picture. Instants are whole milliseconds, cut off: then the picture lies in the
 * range, and the one before it does not.
 */
export function withMarkIn(marks: Marks, wallMs: number): MarkResult {
  const inMs = Math.floor(wallMs);
  if (marks.outMs !== undefined && marks.outMs <= inMs) return { refused: 'in_after_out', otherMs: marks.outMs };
  return { marks: { ...marks, inMs } };
}

/** Sets the end, at the end of a picture; cut off likewise, so that the picture after it lies outside. */
export function withMarkOut(marks: Marks, wallMs: number): MarkResult {
  const outMs = Math.floor(wallMs);
  if (marks.inMs !== undefined && marks.inMs >= outMs) return { refused: 'out_before_in', otherMs: marks.inMs };
  return { marks: { ...marks, outMs } };
}

export function markedRange(marks: Marks): { fromMs: number; toMs: number } | undefined {
  if (marks.inMs === undefined || marks.outMs === undefined || marks.inMs >= marks.outMs) return undefined;
  return { fromMs: marks.inMs, toMs: marks.outMs };
}
