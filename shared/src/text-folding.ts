/**
 * How texts are compared wherever somebody searches: lower case, without diacritics, "Ngã ba Chợ" → "nga ba cho".
 * Composed and decomposed writing (NFC, NFD) fold to the same.
 */
export function foldText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/[đĐ]/g, 'd').toLowerCase();
}

/** Words and numbers of a text in their order, folded: "2026/CĐ-0147" → 2026, cd, 0147. */
export function foldedTokens(text: string): string[] {
  return foldText(text).match(/\p{L}+|\d+/gu) ?? [];
}
