import { foldText } from '@choi-canh/shared/text-folding';

const collator = new Intl.Collator('vi', { numeric: true, sensitivity: 'base' });

/** As people count: "Cam 2" before "Cam 10", letters in the order of the Vietnamese alphabet. */
export function compareNatural(a: string, b: string): number {
  return collator.compare(a, b);
}

/** Whether every word of the query is in the text, without regard to marks and case. */
export function matchesText(text: string, query: string): boolean {
  const folded = foldText(text);
  return foldText(query)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}
