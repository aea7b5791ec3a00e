// Fast play: which keyframes are shown, and for how long. Several cameras at ×8 need few pictures a second each.
import { AppError } from '../../lib/errors.js';
import type { PlaylistSegment } from '../../lib/hls/media-playlist.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import { mapAhead } from './map-ahead.js';
import { timescaleOf, type NeededFootage } from './needed-footage.js';
import type { PlaybackFootage, PlaybackFragment } from './playback-footage.js';
import type { PictureGroup } from './stretches.js';
import type { IsConverted } from './vod-segments.js';

/** At ×8 a picture every two seconds of footage is four pictures a second. */
export const closestStepMs = 2000;
const mostSteps = 20_000;

export interface KeyframeStep {
  readonly fragment: PlaybackFragment;
  readonly discontinuity: boolean;
  /** How long the picture stands on the media timeline. */
  readonly durationTicks: number;
  readonly presentationTime: bigint;
  readonly timescale: number;
  /** UTC, ms, of the picture. */
  readonly atMs: number;
}

/** Pictures are at least about this far apart, so that any range stays a playlist of bounded length. */
export function stepMsOf(rangeMs: number): number {
  return Math.max(closestStepMs, Math.ceil((rangeMs * 1.05) / mostSteps));
}

/** One keyframe for each cell of a fixed grid of wall time, so that every range picks the same ones. */
function chosen(groups: readonly PictureGroup[], stepMs: number): { group: PictureGroup; breaks: boolean }[] {
  const picks: { group: PictureGroup; breaks: boolean }[] = [];
  let cell = NaN;
  for (const group of groups) {
    const first = group.fragments[0];
    if (first === undefined || !first.independent) continue;
    const groupCell = Math.floor(first.startAtMs / stepMs);
    if (groupCell === cell && !group.breaksBefore) continue;
    cell = groupCell;
    picks.push({ group, breaks: group.breaksBefore });
  }
  return picks;
}

/** End of what is shown before the next break after `group`, on its media timeline. */
async function endOfStretch(
  groups: readonly PictureGroup[],
  group: PictureGroup,
  facts: FragmentFactsReader,
): Promise<bigint> {
  let index = groups.indexOf(group);
  while (groups[index + 1]?.breaksBefore === false) index++;
  const last = groups[index]?.fragments.at(-1) as PlaybackFragment;
  return last.baseMediaDecodeTime + BigInt((await facts.of(last)).endTicks);
}

export async function keyframeSteps(
  needed: NeededFootage,
  facts: FragmentFactsReader,
  stepMs: number,
): Promise<KeyframeStep[]> {
  const picks = chosen(needed.groups, stepMs);
  const fragments = picks.map(({ group }) => group.fragments[0] as PlaybackFragment);
  const shown = await mapAhead(fragments, async (fragment) => (await facts.of(fragment)).keyframe?.ticks ?? 0);
  const pictures = picks.map(({ group, breaks }, index) => {
    const fragment = fragments[index] as PlaybackFragment;
    const ticks = shown[index] ?? 0;
    const timescale = timescaleOf(needed.files, fragment.fileId);
    return {
      ...{ fragment, group, timescale, discontinuity: breaks },
      presentationTime: fragment.baseMediaDecodeTime + BigInt(ticks),
      atMs: fragment.startAtMs + (ticks * 1000) / timescale,
    };
  });
  const steps = pictures.map(async ({ group, ...picture }, index) => {
    const next = pictures[index + 1];
    const end =
      next === undefined || next.discontinuity
        ? await endOfStretch(needed.groups, group, facts)
        : next.presentationTime;
    return { ...picture, durationTicks: Math.max(1, Number(end - picture.presentationTime)) };
  });
  return Promise.all(steps);
}

/** So many pictures are converted at once: a process for each would cost more than its picture. */
const convertedTogether = 8;

/** Steps in order, those of converted files put together. */
function together(steps: readonly KeyframeStep[], converted: IsConverted, most: number): KeyframeStep[][] {
  const groups: KeyframeStep[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const joins =
      last !== undefined &&
      converted(step.fragment.fileId) &&
      last[0]?.fragment.fileId === step.fragment.fileId &&
      !step.discontinuity &&
      last.length < most;
    if (joins) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

export function keyframeSegments(
  steps: readonly KeyframeStep[],
  converted: IsConverted = () => false,
  stepMs = closestStepMs,
): PlaylistSegment[] {
  const own = steps.filter(({ fragment }) => !converted(fragment.fileId));
  if (own.length === steps.length) return plainSegments(steps);
  // Which ones belong together must be the same for every range that was opened.
  const most = stepMs === closestStepMs ? convertedTogether : 1;
  return together(steps, converted, most).flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return [];
    const { fileId, offset } = first.fragment;
    if (!converted(fileId)) return plainSegments(group);
    return {
      uri: `converted-keyframes/${fileId}-${offset}-${last.fragment.offset}.m4s`,
      durationSeconds: group.reduce((sum, { durationTicks }) => sum + durationTicks, 0) / first.timescale,
      programDateTimeMs: first.atMs,
      discontinuity: first.discontinuity,
      map: { uri: `converted/${fileId}.mp4` },
    };
  });
}

function plainSegments(steps: readonly KeyframeStep[]): PlaylistSegment[] {
  return steps.map(({ fragment, ...step }) => ({
    uri: `keyframes/${fragment.fileId}-${fragment.offset}.m4s`,
    durationSeconds: step.durationTicks / step.timescale,
    programDateTimeMs: step.atMs,
    discontinuity: step.discontinuity,
    map: { uri: `inits/${fragment.fileId}.mp4` },
  }));
}

/** The bytes of one keyframe as a fragment of its own. @throws AppError not_found */
export async function keyframeBytes(
  footage: PlaybackFootage,
  facts: FragmentFactsReader,
  picture: Pick<KeyframeStep, 'fragment' | 'presentationTime' | 'durationTicks'>,
): Promise<Buffer> {
  const { fragment } = picture;
  const { keyframe } = await facts.of(fragment);
  const { trackId } = await facts.file(fragment.fileId);
  if (keyframe === undefined) throw new AppError('not_found', 'no_footage', 'the fragment holds no keyframe');
  return buildKeyframeFragment({
    sequenceNumber: 1,
    trackId,
    presentationTime: picture.presentationTime,
    durationTicks: picture.durationTicks,
    accessUnit: await footage.read(fragment.fileId, fragment.offset + keyframe.offset, keyframe.size),
  });
}
