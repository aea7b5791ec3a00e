import { AppError } from '../../lib/errors.js';

export interface ProbeTarget {
  host: string;
  port: number;
}

export const maxRanges = 16;
/** A /22. */
export const smallestPrefix = 22;

const pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?(?::(\d{1,5}))?$/;

function invalid(range: string): AppError {
  return new AppError(
    'invalid',
    'bad_range',
    `not an IPv4 range of at most a /${smallestPrefix}: ${range.slice(0, 40)}`,
    {
      details: { range: range.slice(0, 40) },
    },
  );
}

/**
 * Hosts of an IPv4 range in CIDR, e.g. `192.168.1.0/24` or `10.0.0.7/32:3702`; without the network and broadcast
 * addresses of ranges that have them.
 * @throws AppError invalid `bad_range` for anything else, for more than a /22 and for multicast or reserved addresses.
 */
export function expandRange(range: string, defaultPort: number): ProbeTarget[] {
  const match = pattern.exec(range);
  if (match === null) throw invalid(range);
  const octets = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  const port = match[6] === undefined ? defaultPort : Number(match[6]);
  const first = octets[0] ?? 0;
  if (octets.some((octet) => octet > 255) || first === 0 || first >= 224) throw invalid(range);
  if (prefix < smallestPrefix || prefix > 32 || port < 1 || port > 65_535) throw invalid(range);
  const size = 2 ** (32 - prefix);
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const base = address - (address % size);
  const edge = prefix <= 30 ? 1 : 0;
  return Array.from({ length: size - 2 * edge }, (_, index) => {
    const value = base + edge + index;
    const host = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
    return { host, port };
  });
}

/** All targets of all ranges, each once. @throws AppError invalid `bad_range`, `too_many_ranges`. */
export function expandRanges(ranges: readonly string[], defaultPort: number): ProbeTarget[] {
  if (ranges.length > maxRanges) {
    throw new AppError('invalid', 'too_many_ranges', `at most ${maxRanges} ranges`, { details: { max: maxRanges } });
  }
  const targets = new Map<string, ProbeTarget>();
  for (const range of ranges) {
    for (const target of expandRange(range, defaultPort)) targets.set(`${target.host}:${target.port}`, target);
  }
  return [...targets.values()];
}
