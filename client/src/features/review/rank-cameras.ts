import type { CameraResponse } from '@choi-canh/shared/cameras';
import { hasMarks, isGeneric, placeWords, type WordForm } from './place-words.js';

export interface CameraHints {
  areaId?: string | undefined;
  /** Where the incident happened, in words. */
  place?: string | undefined;
  /** Cameras of its tags and holds. */
  knownIds?: ReadonlySet<string> | undefined;
}
export interface RankedCamera {
  camera: CameraResponse;
  /** Why it is proposed: it belongs to the incident already, or its name is like the place. Nothing is known of distance. */
  proposedFor: 'incident' | 'name' | undefined;
}

/** Share of the typed place, or of the camera's own name, that has to be shared for a proposal. */
const LIKE_ENOUGH = 0.5;
/** A word for a kind of place (gate, road) beside a word of the same rarity that names one (market). */
const GENERIC_WEIGHT = 0.15;

/** Cameras of the incident, then those whose name is like its place come first; otherwise the given order stays. */
export function rankCameras(cameras: readonly CameraResponse[], hints: CameraHints): RankedCamera[] {
  const isHere = (camera: CameraResponse) => hints.areaId === undefined || camera.areaId === hints.areaId;
  const likeness = placeLikeness(cameras.filter(isHere), hints.place ?? '');
  const scored = cameras.map((camera, index) => {
    const known = hints.knownIds?.has(camera.id) ?? false;
    const like = likeness.get(camera.id);
    const score = (like?.score ?? 0) * 100 + (known ? 1000 : 0) + (isHere(camera) ? 0.001 : 0);
    const proposedFor: RankedCamera['proposedFor'] = known ? 'incident' : like?.enough ? 'name' : undefined;
    return { camera, index, score, proposedFor };
  });
  return scored
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ camera, proposedFor }) => ({ camera, proposedFor }));
}

interface Likeness {
  /** 0 to 1, for the order. */
  score: number;
  /** Good enough to be proposed. */
  enough: boolean;
}

/**
 * How like the cameras' names are to a place. A word weighs by how few of these cameras have it; kinds of places weigh
 * little and never suffice alone. Marks count where they were typed.
 */
function placeLikeness(cameras: readonly CameraResponse[], place: string): Map<string, Likeness> {
  const result = new Map<string, Likeness>();
  if (place.trim() === '') return result;
  const bothForms = hasMarks(place) ? (['marked', 'folded'] as const) : (['folded'] as const);
  const wanted = new Map<WordForm, Set<string>>(bothForms.map((form) => [form, placeWords(place, form)]));
  const named = cameras.map((camera) => {
    const text = `${withoutNumber(camera.name)}, ${camera.place}`;
    // A camera that somebody named without marks can only be compared so.
    const form: WordForm = bothForms[0] === 'marked' && hasMarks(text) ? 'marked' : 'folded';
    return { id: camera.id, form, words: placeWords(text, form) };
  });
  const counts = new Map<string, number>();
  for (const { words } of named) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const weigh = (word: string, form: WordForm) =>
    Math.log(1 + named.length / ((counts.get(word) ?? 0) + 0.5)) * (isGeneric(word, form) ? GENERIC_WEIGHT : 1);

  for (const { id, form, words } of named) {
    const typed = wanted.get(form) ?? new Set<string>();
    const sum = (of: Iterable<string>) => [...of].reduce((total, word) => total + weigh(word, form), 0);
    const shared = [...typed].filter((word) => words.has(word));
    if (shared.length === 0) continue;
    const ofTyped = sum(shared) / sum(typed);
    const ofCamera = sum(shared) / sum(words);
    result.set(id, {
      score: 0.7 * ofTyped + 0.3 * ofCamera,
      enough: shared.some((word) => !isGeneric(word, form)) && Math.max(ofTyped, ofCamera) >= LIKE_ENOUGH,
    });
  }
  return result;
}

/** "Cam 5 – Ngã ba chợ": its number is no part of the place. */
const withoutNumber = (name: string) => name.replace(/^\s*(cam|camera|c)[\s.\-_]*\d+/iu, '');
