import { AppError } from '../lib/errors.js';

/**
 * One byte range of a Range header (RFC 9110, 14.1.2) over `size` bytes, half-open. Undefined without a header, or with one
 * that a server may ignore: another unit, several ranges, bad grammar.
 * @throws AppError invalid `range_not_satisfiable` (416) when it lies outside.
 */
export function parseByteRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size || start >= end) {
    throw new AppError('invalid', 'range_not_satisfiable', `bytes ${start}-${end - 1} of ${size}`, {
      details: { size },
    });
  }
  return { start, end };
}
