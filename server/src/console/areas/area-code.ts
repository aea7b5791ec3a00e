const MAX_CODE_CHARS = 12;
/** Words for the kind of place, which everybody leaves out of an abbreviation. */
const kinds = /^(tỉnh|thành phố|tp\.?|huyện|quận|thị xã|thị trấn|phường|xã)\s+(?=\S)/iu;

/** The mark people would use: "xã Chí Đám" → "CĐ", "Phường 12" → "12". Never empty. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .normalize('NFC')
    .replace(kinds, '')
    .split(/[\s\-–]+/u);
  const initials = words.map((word) => /^\d+$/.exec(word)?.[0] ?? /[\p{L}\d]/u.exec(word)?.[0].toUpperCase() ?? '');
  return initials.join('').slice(0, MAX_CODE_CHARS) || 'X';
}

/** `wanted`, or with the first number behind it that nobody has: the mark distinguishes incident numbers. */
export function freeCode(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const code = `${wanted.slice(0, MAX_CODE_CHARS - String(number).length)}${number}`;
    if (!taken.has(code)) return code;
  }
}
