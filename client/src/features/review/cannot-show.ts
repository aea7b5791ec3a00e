import type { CameraCoverage } from '@choi-canh/shared/footage';

export interface CannotShow {
  code: 'future' | 'never' | 'beforeOldest';
  /** The oldest picture of any of the cameras, UTC ms. */
  oldestMs?: number | undefined;
}

/** Why no camera can have a picture of the instant; undefined where one may. A gap is no reason: the tile explains it. */
export function cannotShow(coverages: readonly CameraCoverage[], atMs: number, nowMs: number): CannotShow | undefined {
  if (atMs > nowMs) return { code: 'future' };
  const oldest = coverages.flatMap(({ oldestAt }) => (oldestAt === null ? [] : [Date.parse(oldestAt)]));
  // Of a recorder that does not answer nothing is known.
  const isUnknown = coverages.some(({ gaps }) => gaps.some(({ reason }) => reason === 'recorder_unreachable'));
  if (isUnknown) return undefined;
  if (oldest.length === 0) return { code: 'never' };
  const oldestMs = Math.min(...oldest);
  return atMs < oldestMs ? { code: 'beforeOldest', oldestMs } : undefined;
}
