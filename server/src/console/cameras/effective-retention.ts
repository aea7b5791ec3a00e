import { nearestRetention, type AreaRetention } from '../../platform/db/area-retention.js';

/** Days that a camera's footage is kept, and whose choice that is. */
export interface EffectiveRetention {
  days: number;
  source: 'camera' | 'area' | 'default';
  areaId: string | null;
}

/** `own`: the camera's choice; `path`: of the area that it is in. */
export function effectiveRetention(
  own: number | null,
  path: string,
  choices: readonly AreaRetention[],
  defaultDays: number,
): EffectiveRetention {
  if (own !== null) return { days: own, source: 'camera', areaId: null };
  const nearest = nearestRetention(path, choices);
  return nearest === undefined
    ? { days: defaultDays, source: 'default', areaId: null }
    : { days: nearest.days, source: 'area', areaId: nearest.areaId };
}
