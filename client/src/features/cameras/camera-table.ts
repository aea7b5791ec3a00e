import type { CameraResponse } from '@choi-canh/shared/cameras';
import { cameraStates, type CameraState } from '@choi-canh/shared/health';
import { cameraTexts, matchesCamera } from '../../lib/camera-search.js';
import { compareNatural } from '../../lib/natural-sort.js';

export const sortKeys = ['state', 'name', 'place', 'area', 'since'] as const;
export type SortKey = (typeof sortKeys)[number];

/** What the list shows, as its address carries it. */
export interface CameraTableView {
  text: string;
  states: CameraState[];
  sort: SortKey;
  descending: boolean;
}

export function readCameraTableView(search: URLSearchParams): CameraTableView {
  const states = (search.get('state') ?? '').split(',');
  const sort = sortKeys.find((key) => key === search.get('sort')) ?? 'state';
  return {
    text: search.get('q') ?? '',
    states: cameraStates.filter((state) => states.includes(state)),
    sort,
    descending: search.get('dir') === 'desc',
  };
}

/** What to look at first, first. */
const urgency: Record<CameraState, number> = {
  down: 0,
  degraded: 1,
  unknown: 2,
  maintenance: 3,
  paused: 4,
  alive: 5,
};

export function countStates(cameras: readonly CameraResponse[]): Record<CameraState, number> {
  const counts: Record<CameraState, number> = {
    alive: 0,
    degraded: 0,
    down: 0,
    paused: 0,
    unknown: 0,
    maintenance: 0,
  };
  for (const camera of cameras) counts[camera.state] += 1;
  return counts;
}

/** The rows to show, in their order; ties by urgency, then by name as people count. */
export function cameraRows(
  cameras: readonly CameraResponse[],
  view: CameraTableView,
  areaName: (areaId: string) => string,
  /** State and reason, as the list shows them. */
  stateWords: (camera: CameraResponse) => string,
): CameraResponse[] {
  const byName = (a: CameraResponse, b: CameraResponse) => compareNatural(a.name, b.name) || (a.id < b.id ? -1 : 1);
  const since = (a: CameraResponse, b: CameraResponse) => Date.parse(a.sinceAt) - Date.parse(b.sinceAt);
  const compare: Record<SortKey, (a: CameraResponse, b: CameraResponse) => number> = {
    // Longest first within a state that needs somebody; alive ones by name, for their "since" says little.
    state: (a, b) => urgency[a.state] - urgency[b.state] || (a.state === 'alive' ? 0 : since(a, b)),
    name: byName,
    place: (a, b) => compareNatural(a.place, b.place),
    area: (a, b) => compareNatural(areaName(a.areaId), areaName(b.areaId)),
    since: (a, b) => since(a, b),
  };
  const sign = view.descending ? -1 : 1;
  return cameras
    .filter(
      (camera) =>
        (view.states.length === 0 || view.states.includes(camera.state)) &&
        matchesCamera(cameraTexts(camera, areaName(camera.areaId), stateWords(camera)), view.text),
    )
    .sort((a, b) => sign * compare[view.sort](a, b) || byName(a, b));
}
