import type { CoverageGap, CoverageRange } from '@choi-canh/shared/footage';
import type { CameraState, CameraStateInterval } from '@choi-canh/shared/health';

/** Footage is visible some seconds after it was taken: so short an end of a camera that records is no gap. */
const openEndMs = 10_000;
const shortestMs = 250;
/** What a recorder that stops takes with it: what was not on the disk yet, which after a power cut is up to 10 s. */
const lostAtStopMs = 15_000;
/** A recorder that was started connects to its cameras and waits for a keyframe of each. */
const backAfterStartMs = 30_000;
/** The camera gives pictures, or nobody knows: no reason of its own to be missing. */
const quietStates: ReadonlySet<CameraState> = new Set(['alive', 'degraded', 'unknown']);

interface Part {
  fromMs: number;
  toMs: number;
  reason: string;
  state: CameraState;
}

/**
 * What is missing in [fromMs, min(toMs, nowMs)) and why: the complement of the recorded ranges, divided where the
 * camera's state changed. `unknown` where the camera was well, or where nothing was noted. Moments before and after the
 * recorder did not run, in which nothing was wrong with the camera, are missing for the same reason.
 */
export function footageGaps(
  recorded: readonly CoverageRange[],
  intervals: readonly CameraStateInterval[],
  range: { fromMs: number; toMs: number; nowMs: number },
): CoverageGap[] {
  const endMs = Math.min(range.toMs, range.nowMs);
  const gaps: Part[] = [];
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

function addGap(gaps: Part[], fromMs: number, toMs: number, intervals: readonly CameraStateInterval[]): void {
  if (toMs - fromMs < shortestMs) return;
  const parts: Part[] = [];
  const push = (partFromMs: number, partToMs: number, reason: string, state: CameraState) => {
    if (partToMs > partFromMs) parts.push({ fromMs: partFromMs, toMs: partToMs, reason, state });
  };
  let reachedMs = fromMs;
  for (const interval of intervals) {
    const partFromMs = Math.max(reachedMs, Date.parse(interval.sinceAt));
    const partToMs = Math.min(toMs, interval.toAt === null ? toMs : Date.parse(interval.toAt));
    if (partToMs <= partFromMs) continue;
    push(reachedMs, partFromMs, 'unknown', 'unknown');
    push(partFromMs, partToMs, interval.reason === 'ok' ? 'unknown' : interval.reason, interval.state);
    reachedMs = partToMs;
  }
  push(reachedMs, toMs, 'unknown', 'unknown');
  gaps.push(...joined(withWholeStops(parts)));
}

/** Of one gap: those parts around a stop that belong to it have its reason. */
function withWholeStops(parts: readonly Part[]): Part[] {
  const isQuiet = (part: Part | undefined): part is Part => part !== undefined && quietStates.has(part.state);
  const belonging = new Set<Part>();
  for (const [index, stop] of parts.entries()) {
    if (stop.reason !== 'recorder_stopped') continue;
    for (let at = index - 1, part = parts[at]; isQuiet(part); at -= 1, part = parts[at]) {
      if (stop.fromMs - part.fromMs <= lostAtStopMs) belonging.add(part);
      else break;
    }
    for (let at = index + 1, part = parts[at]; isQuiet(part); at += 1, part = parts[at]) {
      if (part.toMs - stop.toMs <= backAfterStartMs) belonging.add(part);
      else break;
    }
  }
  return parts.map((part) => (belonging.has(part) ? { ...part, reason: 'recorder_stopped' } : part));
}

function joined(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const before = result.at(-1);
    if (before?.reason === part.reason) before.toMs = part.toMs;
    else result.push({ ...part });
  }
  return result;
}
