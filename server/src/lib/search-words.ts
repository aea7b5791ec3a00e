import { foldedTokens } from '@choi-canh/shared/text-folding';

/** Words that a search looks at; more of them would not narrow it. */
const MAX_QUERY_WORDS = 8;
const MAX_WORD_CHARS = 40;
/** Words of one thing that are kept; two texts of 5,000 characters have fewer. */
const MAX_INDEXED_WORDS = 3000;
/** A number of so many digits may be typed in part (telephone, licence plate); a shorter one is meant whole. */
const LONG_NUMBER_DIGITS = 5;

export interface SearchedWord {
  text: string;
  /** Also words that begin with it. */
  prefix: boolean;
}

/** Words and numbers, numbers without leading zeros: "2026/CĐ-0147" → 2026, cd, 147. */
function wordsOf(text: string): string[] {
  return foldedTokens(text).map((word) => word.replace(/^0+(?=\d)/, '').slice(0, MAX_WORD_CHARS));
}

/**
 * What an incident, say, is found by: its texts' words, each once. Of `other` numbers of one or two digits are left out,
 * but for those of a licence plate or a like mark, of letters and a long number: "36B1-23456".
 */
export function indexedWords(prominent: string, other: string): string[] {
  const kept = other.split(/\s+/u).flatMap((part) => {
    const words = wordsOf(part);
    const isMark = words.some((word) => /^\d{4}/.test(word)) && words.some((word) => !/^\d/.test(word));
    return isMark ? words : words.filter((word) => !/^\d{1,2}$/.test(word));
  });
  return [...new Set([...wordsOf(prominent), ...kept])].slice(0, MAX_INDEXED_WORDS);
}

/** The words of a search, each once. */
export function searchedWords(text: string): SearchedWord[] {
  return [...new Set(wordsOf(text))].slice(0, MAX_QUERY_WORDS).map((word) => ({
    text: word,
    prefix: !/^\d/.test(word) || word.length >= LONG_NUMBER_DIGITS,
  }));
}

/** Whether a name (of a category, a state, an area) has the word. */
export function nameHasWord(name: string, { text, prefix }: SearchedWord): boolean {
  return wordsOf(name).some((word) => (prefix ? word.startsWith(text) : word === text));
}
