/** A stretch of time, Unix milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Disjoint, by time; what overlaps or touches is one. */
export function unionOf(spans: readonly Span[]): Span[] {
  const union: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...spans].sort((one, other) => one.fromMs - other.fromMs)) {
    const last = union.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else union.push({ fromMs, toMs });
  }
  return union;
}

/** What of `wanted` none of `had` covers. */
function uncovered(wanted: readonly Span[], had: readonly Span[]): Span[] {
  const covered = unionOf(had);
  return wanted.flatMap((span) => {
    const pieces: Span[] = [];
    let fromMs = span.fromMs;
    for (const one of covered) {
      if (one.toMs <= fromMs || one.fromMs >= span.toMs) continue;
      if (one.fromMs > fromMs) pieces.push({ fromMs, toMs: one.fromMs });
      fromMs = Math.max(fromMs, one.toMs);
    }
    if (fromMs < span.toMs) pieces.push({ fromMs, toMs: span.toMs });
    return pieces;
  });
}

/**
 * How the ranges that a recorder keeps come to cover exactly what is needed: ranges are put and released, never changed.
 * One that reaches beyond what is needed goes, and what it covered of that is put anew.
 */
export function planRanges<Range extends Span>(
  kept: readonly Range[],
  needed: readonly Span[],
): { put: Span[]; release: Range[] } {
  const union = unionOf(needed);
  const isNeeded = (range: Range): boolean =>
    union.some((span) => span.fromMs <= range.fromMs && range.toMs <= span.toMs);
  const staying = kept.filter(isNeeded);
  return { put: uncovered(union, staying), release: kept.filter((range) => !isNeeded(range)) };
}
