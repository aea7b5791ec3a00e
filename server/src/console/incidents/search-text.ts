/** A text as it is searched: lower case, without diacritics ("Ngã ba Chợ" → "nga ba cho"), single spaces. */
export function searchText(...parts: string[]): string {
  return parts
    .join(' ')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** For `LIKE … ESCAPE '!'`: the words anywhere, wildcards in them meant literally. */
export function likePattern(text: string): string {
  return `%${searchText(text).replace(/[!%_]/g, (sign) => `!${sign}`)}%`;
}
