import { BlockList, isIP } from 'node:net';
import { AppError } from '../../lib/errors.js';
import { plainAddress } from './peer-network.js';

/** Addresses of reverse proxies whose X-Forwarded-* are believed. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** Addresses and networks, e.g. `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. @throws AppError invalid `bad_configuration`. */
  constructor(entries: readonly string[]) {
    this.isEmpty = entries.length === 0;
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address);
      const most = family === 6 ? 128 : 32;
      const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
      if (family === 0 || prefix < 0 || prefix > most || entry.split('/').length > 2) {
        throw new AppError('invalid', 'bad_configuration', `${entry} is neither an IP address nor a network`);
      }
      this.#list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
    }
  }

  includes(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}

export const noProxies = new TrustedProxies([]);
