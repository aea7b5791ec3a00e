import { networkInterfaces } from 'node:os';
import type { AddressRules } from './address-rules.js';
import { AppError } from './errors.js';

const pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?(?::\d{1,5})?$/;

interface Network {
  first: number;
  last: number;
}

/** First and last address of `a.b.c.d[/nn][:port]`; undefined for anything else. */
function networkOf(text: string): Network | undefined {
  const match = pattern.exec(text);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5] ?? 32);
  if (match === null || prefix > 32 || octets.some((octet) => octet > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

/** The same network, from its first address; a port is left out. Undefined for what is no IPv4 network. */
export function normalNetwork(text: string): string | undefined {
  const network = networkOf(text);
  if (network === undefined) return undefined;
  const { first, last } = network;
  const octets = [first >>> 24, (first >>> 16) & 255, (first >>> 8) & 255, first & 255];
  return `${octets.join('.')}/${32 - Math.log2(last - first + 1)}`;
}

/** Of what administrators add: more addresses are not searched at once. */
const smallestAddedPrefix = 22;

/**
 * A network beside a recorder's own that may be searched, from its first address: at most a /22, of addresses that cameras
 * may have. @throws AppError invalid `bad_range` | `address_not_allowed`
 */
export function addedNetwork(text: string, rules: AddressRules): string {
  const network = normalNetwork(text);
  const [address = '', prefix] = network?.split('/') ?? [];
  if (network === undefined || Number(prefix) < smallestAddedPrefix) {
    const message = `not an IPv4 network of at most a /${smallestAddedPrefix}: ${text.slice(0, 40)}`;
    throw new AppError('invalid', 'bad_range', message, { details: { range: text.slice(0, 40) } });
  }
  rules.checkHost(address);
  return network;
}

/** The first range that lies in none of the networks, each in CIDR; undefined where all do. */
export function rangeOutside(ranges: readonly string[], networks: readonly string[]): string | undefined {
  const within = networks.flatMap((text) => networkOf(text) ?? []);
  return ranges.find((text) => {
    const range = networkOf(text);
    return range === undefined || !within.some(({ first, last }) => first <= range.first && range.last <= last);
  });
}

/** @throws AppError invalid `range_not_allowed` where a range lies in none of the networks, each in CIDR */
export function requireAllowed(ranges: readonly string[], networks: readonly string[]): void {
  const range = rangeOutside(ranges, networks);
  if (range === undefined) return;
  throw new AppError('invalid', 'range_not_allowed', `outside the networks that this recorder may search: ${range}`, {
    details: { range, networks: networks.slice(0, 16).join(', ') },
  });
}

/** IPv4 networks of this machine's interfaces: of those with the given addresses, or of all but loopback. */
export function ownNetworks(addresses: readonly string[]): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const chosen = all.filter((entry) =>
    entry.family !== 'IPv4' ? false : addresses.length > 0 ? addresses.includes(entry.address) : !entry.internal,
  );
  return [...new Set(chosen.flatMap(({ cidr }) => normalNetwork(cidr ?? '') ?? []))].slice(0, 32);
}
