import type { CameraCoverage } from '@choi-canh/shared/footage';
import { footageWithin } from './coverage-lookup.js';

/** Those of `ids` that have footage in [fromMs, toMs), in the order of the page; all of them while there is no range. */
export function withFootage(
  coverages: readonly CameraCoverage[],
  ids: readonly string[],
  fromMs: number | undefined,
  toMs: number | undefined,
): string[] {
  return coverages
    .filter((coverage) => ids.includes(coverage.cameraId))
    .filter(
      (coverage) =>
        fromMs === undefined ||
        toMs === undefined ||
        fromMs >= toMs ||
        footageWithin(coverage, fromMs, toMs).pieces > 0,
    )
    .map((coverage) => coverage.cameraId);
}

/** Ticked when the form opens: the enlarged camera, else every camera with footage in the range. */
export function camerasAtFirst(
  coverages: readonly CameraCoverage[],
  fromMs: number,
  toMs: number,
  focusedId: string | undefined,
): string[] {
  return withFootage(
    coverages,
    focusedId === undefined ? coverages.map((coverage) => coverage.cameraId) : [focusedId],
    fromMs,
    toMs,
  );
}
