import { newId } from '../../lib/ids.js';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';

type Fact = Pick<CameraStateIntervalRow, 'state' | 'reason' | 'detail'>;

/**
 * Intervals of several cameras with `fact` in [fromMs, toMs) in place of what stood there; before it they stay as they
 * are, and what goes on behind it goes on as `after` says. What touches in the result touched before, and what has no end
 * keeps having none. `rows` overlap the range.
 */
export function laidOver(
  rows: readonly CameraStateIntervalRow[],
  fact: Fact,
  range: { fromMs: number; toMs: number },
  after: (row: CameraStateIntervalRow) => Fact = (row) => row,
): CameraStateIntervalRow[] {
  const result: CameraStateIntervalRow[] = [];
  const laid = new Map<string, CameraStateIntervalRow>();
  for (const row of [...rows].sort((one, other) => one.sinceAt - other.sinceAt)) {
    const fromMs = Math.max(row.sinceAt, range.fromMs);
    const toMs = Math.min(row.toAt ?? range.toMs, range.toMs);
    const touching = laid.get(row.cameraId);
    if (touching?.toAt === fromMs) touching.toAt = toMs;
    else {
      const one = { ...fact, id: newId(), cameraId: row.cameraId, sinceAt: fromMs, toAt: toMs };
      laid.set(row.cameraId, one);
      result.push(one);
    }
    if (row.sinceAt < fromMs) result.push({ ...row, toAt: fromMs });
    if (row.toAt === null || row.toAt > toMs) {
      const { state, reason, detail } = after(row);
      result.push({ ...row, state, reason, detail, id: newId(), sinceAt: toMs });
    }
  }
  return result;
}
