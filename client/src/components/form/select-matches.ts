import { foldText } from '@choi-canh/shared/text-folding';

/**
 * Options whose label has every word of the query, in any order, without regard to marks and case. Best first: marks as
 * they were typed, then the whole label, its beginning, then the beginning of its words; otherwise the order of the list.
 */
export function selectMatches<Option extends { label: string }>(options: readonly Option[], query: string): Option[] {
  const words = foldText(query).split(/\s+/).filter(Boolean);
  return options
    .map((option, index) => ({ option, index, rank: rankOf(option.label, query, words) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.index - b.index)
    .map(({ option }) => option);
}

function rankOf(label: string, query: string, words: readonly string[]): number | undefined {
  const folded = foldText(label);
  if (!words.every((word) => folded.includes(word))) return undefined;
  const typed = query.normalize('NFC').toLowerCase().split(/\s+/).filter(Boolean);
  const marked = label.normalize('NFC').toLowerCase();
  // A word without marks says nothing of them.
  const asTyped = typed.every((word) => foldText(word) === word || marked.includes(word));
  const parts = folded.split(/[\s(/–-]+/);
  const beginning = words.join(' ');
  const place =
    folded === beginning
      ? 0
      : folded.startsWith(beginning)
        ? 1
        : words.every((word) => parts.some((part) => part.startsWith(word)))
          ? 2
          : 3;
  return (asTyped ? 0 : 10) + place;
}
