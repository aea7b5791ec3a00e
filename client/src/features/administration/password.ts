/** Without 0/O, 1/l/I: it is read from a screen and typed by hand. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of four from the browser's secure random source: 79 bits. */
export function generatePassword(): string {
  const take = () => {
    // 248 is the largest multiple of 31 within a byte: values above it would favour some letters.
    for (;;) {
      const value = crypto.getRandomValues(new Uint8Array(1))[0] ?? 255;
      if (value < 248) return letters[value % letters.length] ?? '';
    }
  };
  return Array.from({ length: 4 }, () => Array.from({ length: 4 }, take).join('')).join('-');
}
