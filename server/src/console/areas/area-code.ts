const MAX_CODE_CHARS = 12;
/** Words for the kind of place, which everybody leaves out of an abbreviation. */
const kinds = [
  ...['tỉnh', 'thành phố', 'tp', 'tp.', 'huyện', 'quận', 'thị xã', 'thị trấn', 'phường', 'xã', 'đặc khu'],
  ...['thôn', 'bản', 'tổ dân phố', 'khu phố', 'tổ', 'khu'],
];

/** The mark people would use: "xã Chí Đám" → "CĐ", "Phường 12" → "12". Never empty. `levels`: further kinds of place. */
export function initialsOf(name: string, levels: readonly string[] = []): string {
  const words = withoutKind(name.trim().normalize('NFC'), [...kinds, ...levels]).split(/[\s\-–]+/u);
  const initials = words.map((word) => /^\d+$/.exec(word)?.[0] ?? /[\p{L}\d]/u.exec(word)?.[0].toUpperCase() ?? '');
  return initials.join('').slice(0, MAX_CODE_CHARS) || 'X';
}

function withoutKind(name: string, words: readonly string[]): string {
  const lower = name.toLocaleLowerCase('vi');
  const kind = words
    .map((word) => `${word.trim().normalize('NFC').toLocaleLowerCase('vi')} `)
    .filter((word) => word !== ' ' && lower.startsWith(word))
    .sort((one, other) => other.length - one.length)[0];
  return kind === undefined ? name : name.slice(kind.length).trimStart();
}

/** `wanted`, or with the first number behind it that nobody has: the mark distinguishes incident numbers. */
export function freeCode(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const code = `${wanted.slice(0, MAX_CODE_CHARS - String(number).length)}${number}`;
    if (!taken.has(code)) return code;
  }
}
