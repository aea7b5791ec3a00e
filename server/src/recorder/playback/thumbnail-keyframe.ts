import type { FragmentFactsReader } from './fragment-facts.js';
import type { PlaybackFootage, PlaybackFragment } from './playback-footage.js';

const lookMs = 60_000;

/** The keyframe shown last at or before `atMs`, at most 60 s back; else the first one shown after it, at most 60 s on. */
export async function findThumbnail(
  footage: PlaybackFootage,
  facts: FragmentFactsReader,
  cameraId: string,
  atMs: number,
): Promise<{ fragment: PlaybackFragment; atMs: number } | undefined> {
  const shownAtMs = async (fragment: PlaybackFragment): Promise<number> => {
    const { timescale } = await facts.file(fragment.fileId);
    return fragment.startAtMs + (((await facts.of(fragment)).keyframe?.ticks ?? 0) * 1000) / timescale;
  };
  const before = await footage.fragments(cameraId, atMs - lookMs, atMs + 1);
  for (const fragment of before.toReversed()) {
    if (!fragment.independent) continue;
    const shown = await shownAtMs(fragment);
    if (shown <= atMs && shown >= atMs - lookMs) return { fragment, atMs: shown };
  }
  for (const fragment of await footage.fragments(cameraId, atMs - 2000, atMs + lookMs)) {
    if (!fragment.independent) continue;
    const shown = await shownAtMs(fragment);
    if (shown > atMs) return { fragment, atMs: shown };
  }
  return undefined;
}
