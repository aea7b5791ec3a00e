import type { CameraResponse } from '@choi-canh/shared/cameras';
import { foldText } from '../../lib/natural-sort.js';

export interface CameraHints {
  areaId?: string | undefined;
  /** Where the incident happened, in words. */
  place?: string | undefined;
  /** Cameras of its tags and holds. */
  knownIds?: ReadonlySet<string> | undefined;
}
export interface RankedCamera {
  camera: CameraResponse;
  /** Stands where it happened, or belongs to the incident already. */
  likely: boolean;
}

/** Words of place names that say nothing about where. */
const commonWords = new Set([
  'xa',
  'thon',
  'xom',
  'khu',
  'duong',
  'pho',
  'to',
  'so',
  'gan',
  'tai',
  'doi',
  'dien',
  'nga',
]);
const wordsOf = (text: string) =>
  foldText(text)
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !commonWords.has(word));

/** Cameras likely to have seen it come first; otherwise the given order stays. */
export function rankCameras(cameras: readonly CameraResponse[], hints: CameraHints): RankedCamera[] {
  const wanted = new Set(wordsOf(hints.place ?? ''));
  const scored = cameras.map((camera, index) => {
    const words = new Set([...wordsOf(camera.place), ...wordsOf(camera.name)]);
    const shared = [...wanted].filter((word) => words.has(word)).length;
    const here = hints.areaId === undefined || camera.areaId === hints.areaId;
    const matches = here && wanted.size > 0 && shared / wanted.size >= 0.5;
    const known = hints.knownIds?.has(camera.id) ?? false;
    const score = (known ? 10 : 0) + (matches ? 100 * (shared / wanted.size) : 0) + (here ? 1 : 0);
    return { camera, index, score, likely: matches };
  });
  return scored
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ camera, likely, score }) => ({ camera, likely: likely || score >= 10 }));
}
