import type { CameraCoverage } from '@choi-canh/shared/footage';

export interface Gap {
  fromMs: number;
  toMs: number;
  /** Code of `cameraReasons`, or `unknown`. */
  reason: string;
  /** The recorder is out of reach, and was heard last then; null: never. */
  awaySince?: string | null;
}

/** The gap that holds the instant, cut to [windowFromMs, windowToMs); undefined where there is footage. */
export function gapAt(
  coverage: CameraCoverage,
  wallMs: number,
  windowFromMs: number,
  windowToMs: number,
): Gap | undefined {
  let fromMs = windowFromMs;
  let toMs = windowToMs;
  for (const range of coverage.recorded) {
    const start = Date.parse(range.from);
    const end = Date.parse(range.to);
    if (wallMs >= start && wallMs < end) return undefined;
    if (end <= wallMs) fromMs = Math.max(fromMs, end);
    if (start > wallMs) toMs = Math.min(toMs, start);
  }
  const named = coverage.gaps.find((gap) => wallMs >= Date.parse(gap.from) && wallMs < Date.parse(gap.to));
  return {
    fromMs,
    toMs: Math.max(toMs, fromMs),
    reason: named?.reason ?? 'unknown',
    ...(coverage.away === undefined ? {} : { awaySince: coverage.away.since }),
  };
}

/** Whether two recordings claim the instant, because the recorder's clock was set back. */
export function isClaimedTwice(coverage: CameraCoverage, wallMs: number): boolean {
  return coverage.recorded.some(
    ({ from, to, overlap }) => overlap === true && wallMs >= Date.parse(from) && wallMs < Date.parse(to),
  );
}

/** First instant after `wallMs` at which any of the cameras has footage. */
export function nextFootageMs(coverages: readonly CameraCoverage[], wallMs: number): number | undefined {
  const starts = coverages.flatMap((coverage) => coverage.recorded.map((range) => Date.parse(range.from)));
  const later = starts.filter((start) => start > wallMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** Last stretch of footage before `wallMs`: an instant `backMs` before its end, or its start if it is shorter. */
export function previousFootageMs(
  coverages: readonly CameraCoverage[],
  wallMs: number,
  backMs: number,
): number | undefined {
  const ranges = coverages
    .flatMap((coverage) => coverage.recorded)
    .map((range) => ({ from: Date.parse(range.from), to: Date.parse(range.to) }))
    .filter((range) => range.to <= wallMs)
    .sort((a, b) => b.to - a.to);
  const last = ranges[0];
  return last && Math.max(last.from, last.to - backMs);
}

/** How much of [fromMs, toMs) is recorded, and in how many pieces. What two recordings claim counts once. */
export function footageWithin(
  coverage: CameraCoverage,
  fromMs: number,
  toMs: number,
): { pieces: number; coveredMs: number } {
  const pieces = coverage.recorded
    .map((range) => ({ from: Math.max(fromMs, Date.parse(range.from)), to: Math.min(toMs, Date.parse(range.to)) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  let coveredMs = 0;
  let coveredToMs = fromMs;
  for (const { from, to } of pieces) {
    coveredMs += Math.max(0, to - Math.max(from, coveredToMs));
    coveredToMs = Math.max(coveredToMs, to);
  }
  return { pieces: pieces.length, coveredMs };
}
