// When many fragments are first shown, without opening each of thousands.
import type { FragmentFacts, FragmentFactsReader } from './fragment-facts.js';
import { mapAhead } from './map-ahead.js';
import type { PlaybackFragment } from './playback-footage.js';

/** Up to so many fragments each is read. */
const readAllUpTo = 48;

/**
 * A fact in ticks of each fragment. Of a long list only the first, middle and last fragment of each file are read: the
 * delay that reordering brings is one for a stream, so where these agree the rest is taken to; where they do not, every
 * fragment of that file is read.
 */
export async function shownTicks(
  fragments: readonly PlaybackFragment[],
  facts: FragmentFactsReader,
  pick: (facts: FragmentFacts) => number,
): Promise<number[]> {
  const read = async (fragment: PlaybackFragment) => pick(await facts.of(fragment));
  if (fragments.length <= readAllUpTo) return mapAhead(fragments, read);
  const ticks = new Array<number>(fragments.length).fill(0);
  const ofFile = new Map<string, number[]>();
  fragments.forEach(({ fileId }, index) => {
    const indexes = ofFile.get(fileId);
    if (indexes === undefined) ofFile.set(fileId, [index]);
    else indexes.push(index);
  });
  await mapAhead([...ofFile.values()], async (indexes) => {
    const at = (index: number) => fragments[index] as PlaybackFragment;
    const probes = [0, indexes.length >> 1, indexes.length - 1].map((place) => indexes[place] as number);
    const [first = 0, ...others] = await mapAhead(probes, (index) => read(at(index)));
    const values = others.every((other) => other === first)
      ? indexes.map(() => first)
      : await mapAhead(indexes, (index) => read(at(index)));
    indexes.forEach((index, place) => (ticks[index] = values[place] ?? 0));
  });
  return ticks;
}
