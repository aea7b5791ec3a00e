// Orders fragments into what a player can take in one go. Pure.
import type { PlaybackFragment } from './playback-footage.js';

/** Wall time may step against media time, or media may be missing, by this much before it counts as a break. */
export const maxStepMs = 250;

/** From one keyframe to before the next. The first group of a stretch may lack its keyframe when footage was deleted. */
export interface PictureGroup {
  readonly fragments: PlaybackFragment[];
  /** The media timeline does not go on from the group before: another run, another init segment, a jump or a gap. */
  readonly breaksBefore: boolean;
  /** Goes on in presentation, but its wall time was corrected or its media has a hole that no keyframe follows. */
  readonly stepsBefore: boolean;
}

type Relation = 'continues' | 'steps' | 'breaks';

function relate(last: PlaybackFragment, next: PlaybackFragment, timescale: number): Relation {
  if (last.run !== next.run || last.initId !== next.initId) return 'breaks';
  if (next.baseMediaDecodeTime <= last.baseMediaDecodeTime) return 'breaks';
  const mediaMs = (Number(next.baseMediaDecodeTime - last.baseMediaDecodeTime) * 1000) / timescale;
  const wallStepMs = Math.abs(next.startAtMs - last.startAtMs - mediaMs);
  const holeMs = Math.abs(mediaMs - last.durationMs);
  if (wallStepMs <= maxStepMs && holeMs <= maxStepMs) return 'continues';
  // Without a keyframe a player could not begin anew here, but it can decode on.
  return next.independent ? 'breaks' : 'steps';
}

/**
 * Groups fragments, in order of time, into groups of pictures. What follows a break without a keyframe cannot be
 * decoded and is left out until the next keyframe.
 */
export function groupPictures(
  fragments: readonly PlaybackFragment[],
  timescaleOf: (fragment: PlaybackFragment) => number,
): PictureGroup[] {
  const groups: PictureGroup[] = [];
  let last: PlaybackFragment | undefined;
  let brokenBefore = true;
  for (const fragment of fragments) {
    const relation = last === undefined ? 'breaks' : relate(last, fragment, timescaleOf(fragment));
    last = fragment;
    if (relation === 'breaks') brokenBefore = true;
    const group = groups.at(-1);
    if (fragment.independent || (relation === 'steps' && !brokenBefore)) {
      groups.push({ fragments: [fragment], breaksBefore: brokenBefore, stepsBefore: relation === 'steps' });
      brokenBefore = false;
    } else if (!brokenBefore && group !== undefined) {
      group.fragments.push(fragment);
    }
  }
  return groups;
}
