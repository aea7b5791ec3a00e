import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AppError } from './errors.js';

/** Addresses that no camera and no recorder has, unless the configuration says so. */
export type SpecialAddress = 'unspecified' | 'loopback' | 'link_local' | 'multicast' | 'broadcast' | 'reserved';

/** RFC 6890, RFC 1112, RFC 919. */
const special4: readonly [SpecialAddress, string, number][] = [
  ['unspecified', '0.0.0.0', 8],
  ['loopback', '127.0.0.0', 8],
  ['link_local', '169.254.0.0', 16],
  ['multicast', '224.0.0.0', 4],
  ['broadcast', '255.255.255.255', 32],
  ['reserved', '240.0.0.0', 4],
];

const lists4 = special4.map(([kind, network, prefix]) => {
  const list = new BlockList();
  list.addSubnet(network, prefix, 'ipv4');
  return { kind, list };
});

const dotted = (high: number, low: number) => [high >> 8, high & 255, low >> 8, low & 255].join('.');

/** The eight groups of an IPv6 address, its zone left out. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/%.*$/, '');
  // As `URL` writes it: compressed, without a dotted part.
  const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const read = (text: string | undefined) =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => parseInt(group, 16));
  const first = read(head);
  const last = read(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** The IPv4 address that an IPv6 address leads to: mapped, translated (RFC 6052, RFC 2765), 6to4, IPv4-compatible. */
function embedded4(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const zeros = a === 0 && b === 0 && c === 0 && d === 0;
  if (zeros && ((e === 0 && f === 0xffff) || (e === 0xffff && f === 0))) return dotted(g, h);
  if (zeros && e === 0 && f === 0 && (g !== 0 || h > 1)) return dotted(g, h);
  if (a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0) return dotted(g, h);
  return a === 0x2002 ? dotted(b, c) : undefined;
}

function special6(groups: readonly number[]): SpecialAddress | undefined {
  if (groups.slice(0, 7).every((group) => group === 0)) {
    if (groups[7] === 0) return 'unspecified';
    if (groups[7] === 1) return 'loopback';
  }
  const first = groups[0] ?? 0;
  if ((first & 0xffc0) === 0xfe80) return 'link_local';
  return (first & 0xff00) === 0xff00 ? 'multicast' : undefined;
}

/** Which special address this is; undefined for what a device may have. `address` must be an IP address. */
export function specialAddress(address: string): SpecialAddress | undefined {
  if (isIP(address) === 6) {
    const groups = groupsOf(address);
    const inner = embedded4(groups);
    return inner === undefined ? special6(groups) : specialAddress(inner);
  }
  return lists4.find(({ list }) => list.check(address, 'ipv4'))?.kind;
}

/** A host without brackets, as a network writes it: `0x7f.1`, `2130706433` and `0177.0.0.1` are 127.0.0.1. */
export function plainHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, '');
  try {
    return new URL(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}/`).hostname
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '');
  } catch {
    return bare.toLowerCase();
  }
}

/** `a.b.c.d`, `a.b.c.d/nn` or the same of IPv6. @throws AppError invalid `bad_address_range` */
function addRange(list: BlockList, range: string): void {
  const [address = '', bits] = range.split('/');
  const family = isIP(address);
  const prefix = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
  if (family === 0 || !/^\d{0,3}$/.test(bits ?? '') || prefix > (family === 6 ? 128 : 32)) {
    throw new AppError('invalid', 'bad_address_range', `not an address or a range: ${range.slice(0, 60)}`);
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Which addresses cameras and recorders may have. Loopback, link-local, multicast, broadcast and unspecified ones are
 * refused, whatever way they are written, unless they lie in what is allowed: a device address that somebody types must
 * not reach services of the machine itself. Names are judged by what they resolve to, again at each connection.
 */
export class AddressRules {
  readonly #allowed = new BlockList();
  readonly #resolve: typeof systemLookup;

  /** `allowed`: addresses and ranges in CIDR; `resolve` is for tests. @throws AppError invalid `bad_address_range` */
  constructor(allowed: readonly string[] = [], resolve: typeof systemLookup = systemLookup) {
    this.#resolve = resolve;
    for (const range of allowed) addRange(this.#allowed, range);
  }

  /** Why an IP address is refused; undefined where it is not. */
  refusalOf(address: string): SpecialAddress | undefined {
    const kind = specialAddress(address);
    if (kind === undefined) return undefined;
    const family = isIP(address);
    if (this.#allowed.check(address.replace(/%.*$/, ''), family === 6 ? 'ipv6' : 'ipv4')) return undefined;
    const inner = family === 6 ? embedded4(groupsOf(address)) : undefined;
    return inner !== undefined && this.#allowed.check(inner, 'ipv4') ? undefined : kind;
  }

  /** Judges what a person typed. A name that is not `localhost` passes. @throws AppError invalid `address_not_allowed` */
  checkHost(host: string): void {
    const plain = plainHost(host);
    const literal = plain === 'localhost' || plain.endsWith('.localhost') ? '127.0.0.1' : plain;
    if (isIP(literal) === 0) return;
    const kind = this.refusalOf(literal);
    if (kind !== undefined) throw notAllowed(kind);
  }

  /** Judges also what a name resolves to; one that does not resolve passes. @throws AppError invalid `address_not_allowed` */
  async checkResolved(host: string): Promise<void> {
    this.checkHost(host);
    const plain = plainHost(host);
    if (isIP(plain) !== 0) return;
    const found = await new Promise<LookupAddress[]>((resolve) =>
      this.#resolve(plain, { all: true }, (error, addresses) => resolve(error === null ? addresses : [])),
    );
    for (const { address } of found) this.checkHost(address);
  }

  /**
   * Host and resolver for `net.connect` and `http.request`: no connection is made to a refused address, also where a
   * name resolves to another one than before. @throws AppError invalid `address_not_allowed`
   */
  connectOptions(host: string): { host: string; lookup: LookupFunction } {
    this.checkHost(host);
    return { host: plainHost(host), lookup: this.#lookup };
  }

  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const usable = addresses.filter(({ address }) => this.refusalOf(address) === undefined);
      const first = usable[0];
      if (first === undefined)
        return callback(notAllowed(specialAddress(addresses[0]?.address ?? '') ?? 'reserved'), '');
      if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

const notAllowed = (kind: SpecialAddress) =>
  new AppError('invalid', 'address_not_allowed', `no device may have such an address (${kind})`, {
    details: { kind, reason: 'address_refused' },
  });
