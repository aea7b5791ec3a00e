// Which fragments a player needs to show a range: no group of pictures that ends before it, none that begins after it.
import { AppError } from '../../lib/errors.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import { mapAhead } from './map-ahead.js';
import type { PlaybackFile, PlaybackFootage } from './playback-footage.js';
import { groupPictures, type PictureGroup } from './stretches.js';

/** Fragments are found by when they are decoded; frames are shown up to this much later. */
const reorderMarginMs = 2000;

export interface NeededFootage {
  readonly groups: PictureGroup[];
  readonly files: ReadonlyMap<string, PlaybackFile>;
}

export function timescaleOf(files: ReadonlyMap<string, PlaybackFile>, fileId: string): number {
  const file = files.get(fileId);
  if (file === undefined) throw new AppError('not_found', 'footage_gone', `footage file ${fileId} is gone`);
  return file.timescale;
}

/** UTC, ms, of the frame of the group that is shown first. */
export async function shownFromMs(group: PictureGroup, facts: FragmentFactsReader, timescale: number): Promise<number> {
  const first = group.fragments[0];
  if (first === undefined) throw new RangeError('empty group of pictures');
  return first.startAtMs + ((await facts.of(first)).firstTicks * 1000) / timescale;
}

/** The groups of pictures that [fromMs, toMs) needs. May be empty. */
export async function neededFootage(
  footage: PlaybackFootage,
  facts: FragmentFactsReader,
  cameraId: string,
  fromMs: number,
  toMs: number,
): Promise<NeededFootage> {
  const fragments = await footage.fragments(cameraId, fromMs - reorderMarginMs, toMs, { preRoll: true });
  const fileIds = [...new Set(fragments.map(({ fileId }) => fileId))];
  const files = new Map<string, PlaybackFile>(
    await mapAhead(fileIds, async (fileId) => [fileId, await facts.file(fileId)] as const),
  );
  const groups = groupPictures(fragments, (fragment) => timescaleOf(files, fragment.fileId));
  const shownFrom = async (group: PictureGroup): Promise<number> => {
    const [first] = group.fragments;
    return first === undefined ? Infinity : shownFromMs(group, facts, timescaleOf(files, first.fileId));
  };
  let start = 0;
  for (; start < groups.length; start++) {
    const group = groups[start] as PictureGroup;
    const next = groups[start + 1];
    const from = await shownFrom(group);
    const ownEnd = from + group.fragments.reduce((sum, fragment) => sum + fragment.durationMs, 0);
    const end = next === undefined || next.breaksBefore || next.stepsBefore ? ownEnd : await shownFrom(next);
    if (end > fromMs) break;
    // A group that only steps needs the keyframe of the group before it.
    if (next?.stepsBefore === true && (await shownFrom(next)) < toMs) break;
  }
  let end = groups.length;
  while (end > start && (await shownFrom(groups[end - 1] as PictureGroup)) >= toMs) end--;
  const kept = groups.slice(start, end);
  if (kept[0] !== undefined) kept[0] = { ...kept[0], breaksBefore: false };
  return { groups: kept, files };
}
