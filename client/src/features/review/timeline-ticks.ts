import type { TimelineView } from './timeline-scale.js';

export interface Tick {
  wallMs: number;
  /** Empty on the small ones. */
  label: string;
  major: boolean;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** Step between labels and between the small ticks within. */
const steps: readonly (readonly [number, number])[] = [
  [second, second / 5],
  [2 * second, second],
  [5 * second, second],
  [10 * second, 2 * second],
  [15 * second, 5 * second],
  [30 * second, 10 * second],
  [minute, 15 * second],
  [2 * minute, 30 * second],
  [5 * minute, minute],
  [10 * minute, 2 * minute],
  [15 * minute, 5 * minute],
  [30 * minute, 10 * minute],
  [hour, 15 * minute],
  [2 * hour, 30 * minute],
  [3 * hour, hour],
  [6 * hour, hour],
  [12 * hour, 3 * hour],
  [24 * hour, 6 * hour],
];

/** Asia/Ho_Chi_Minh has had this offset, and no summer time, since 1975. */
const localOffsetMs = 7 * hour;
const two = (value: number) => String(value).padStart(2, '0');

function labelOf(wallMs: number, stepMs: number): string {
  const local = new Date(wallMs + localOffsetMs);
  const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  if (stepMs < minute) return `${clock}:${two(local.getUTCSeconds())}`;
  if (clock === '00:00') return `${two(local.getUTCDate())}/${two(local.getUTCMonth() + 1)}`;
  return clock;
}

/** Ticks at round local times, with labels at least `labelPx` apart. At most a few hundred. */
export function timelineTicks(view: TimelineView, widthPx: number, labelPx = 84): Tick[] {
  const msPerPx = (view.toMs - view.fromMs) / Math.max(1, widthPx);
  const [majorMs, minorMs] = steps.find(([step]) => step >= labelPx * msPerPx) ?? steps[steps.length - 1]!;
  const ticks: Tick[] = [];
  const first = Math.ceil((view.fromMs + localOffsetMs) / minorMs) * minorMs - localOffsetMs;
  for (let wallMs = first; wallMs <= view.toMs && ticks.length < 2000; wallMs += minorMs) {
    const major = Math.round(wallMs + localOffsetMs) % majorMs === 0;
    ticks.push({ wallMs, major, label: major ? labelOf(wallMs, majorMs) : '' });
  }
  return ticks;
}
