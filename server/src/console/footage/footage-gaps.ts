import type { CoverageGap, CoverageRange } from '@choi-canh/shared/footage';
import type { CameraStateInterval } from '@choi-canh/shared/health';

/** Footage is visible some seconds after it was taken: so short an end of a camera that records is no gap. */
const openEndMs = 10_000;
const shortestMs = 250;

/**
 * What is missing in [fromMs, min(toMs, nowMs)) and why: the complement of the recorded ranges, divided where the
 * camera's state changed. `unknown` where the camera was well, or where nothing was noted.
 */
export function footageGaps(
  recorded: readonly CoverageRange[],
  intervals: readonly CameraStateInterval[],
  range: { fromMs: number; toMs: number; nowMs: number },
): CoverageGap[] {
  const endMs = Math.min(range.toMs, range.nowMs);
  const gaps: { fromMs: number; toMs: number; reason: string }[] = [];
  let reachedMs = range.fromMs;
  for (const part of [...recorded].sort((one, other) => Date.parse(one.from) - Date.parse(other.from))) {
    addGap(gaps, reachedMs, Math.min(Date.parse(part.from), endMs), intervals);
    reachedMs = Math.max(reachedMs, Date.parse(part.to));
  }
  const last = intervals.at(-1);
  const recording = last?.toAt === null && (last.state === 'alive' || last.state === 'degraded');
  const atNow = endMs === range.nowMs && recording && endMs - reachedMs < openEndMs;
  if (!atNow) addGap(gaps, reachedMs, endMs, intervals);
  return gaps.map((gap) => ({
    from: new Date(gap.fromMs).toISOString(),
    to: new Date(gap.toMs).toISOString(),
    reason: gap.reason,
  }));
}

function addGap(
  gaps: { fromMs: number; toMs: number; reason: string }[],
  fromMs: number,
  toMs: number,
  intervals: readonly CameraStateInterval[],
): void {
  if (toMs - fromMs < shortestMs) return;
  const first = gaps.length;
  const push = (partFromMs: number, partToMs: number, reason: string) => {
    if (partToMs <= partFromMs) return;
    const before = gaps.length > first ? gaps.at(-1) : undefined;
    if (before?.reason === reason) before.toMs = partToMs;
    else gaps.push({ fromMs: partFromMs, toMs: partToMs, reason });
  };
  let reachedMs = fromMs;
  for (const interval of intervals) {
    const partFromMs = Math.max(reachedMs, Date.parse(interval.sinceAt));
    const partToMs = Math.min(toMs, interval.toAt === null ? toMs : Date.parse(interval.toAt));
    if (partToMs <= partFromMs) continue;
    push(reachedMs, partFromMs, 'unknown');
    push(partFromMs, partToMs, interval.reason === 'ok' ? 'unknown' : interval.reason);
    reachedMs = partToMs;
  }
  push(reachedMs, toMs, 'unknown');
}
