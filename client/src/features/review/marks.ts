/** Marked range, UTC ms, half-open; either end may be missing. */
export interface Marks {
  inMs?: number | undefined;
  outMs?: number | undefined;
}

/** Sets the start. An end that is no longer after it is dropped. */
export function withMarkIn(marks: Marks, wallMs: number): Marks {
  const inMs = Math.round(wallMs);
  return marks.outMs !== undefined && marks.outMs > inMs ? { inMs, outMs: marks.outMs } : { inMs };
}

/** Sets the end. A start that is no longer before it is dropped. */
export function withMarkOut(marks: Marks, wallMs: number): Marks {
  const outMs = Math.round(wallMs);
  return marks.inMs !== undefined && marks.inMs < outMs ? { inMs: marks.inMs, outMs } : { outMs };
}

export function markedRange(marks: Marks): { fromMs: number; toMs: number } | undefined {
  if (marks.inMs === undefined || marks.outMs === undefined || marks.inMs >= marks.outMs) return undefined;
  return { fromMs: marks.inMs, toMs: marks.outMs };
}
