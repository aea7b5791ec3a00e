import { describe, expect, it } from 'vitest';
import { normalNetwork, ownNetworks, rangeOutside, requireAllowed } from './ipv4-networks.js';

describe('IPv4 networks', () => {
  it.each([
    ['192.168.20.9/24', '192.168.20.0/24'],
    ['10.0.0.7', '10.0.0.7/32'],
    ['10.20.7.1/22:3702', '10.20.4.0/22'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['10.0.0.256/24', undefined],
    ['10.0.0.0/33', undefined],
    ['fd00::1/64', undefined],
    ['', undefined],
  ])('%s is %s', (text, network) => expect(normalNetwork(text)).toBe(network));

  it('lie within others as a whole or not at all', () => {
    const networks = ['192.168.1.0/24', '10.20.0.0/22', 'nonsense'];
    for (const inside of ['192.168.1.0/24', '192.168.1.128/25', '10.20.3.255', '10.20.2.0/23:3702'])
      expect(rangeOutside([inside], networks), inside).toBeUndefined();
    for (const outside of ['192.168.0.0/23', '10.20.4.0/24', '10.20.0.0/21', '8.8.8.8', 'nonsense'])
      expect(rangeOutside(['10.20.0.1', outside], networks), outside).toBe(outside);
    expect(() => requireAllowed([], [])).not.toThrow();
    expect(() => requireAllowed(['10.9.0.0/24'], networks)).toThrow(
      expect.objectContaining({ code: 'range_not_allowed' }),
    );
  });

  it('of this machine are those of the chosen interfaces, else of all but loopback', () => {
    expect(ownNetworks(['127.0.0.1'])).toEqual(['127.0.0.0/8']);
    expect(ownNetworks(['192.0.2.254'])).toEqual([]);
    expect(ownNetworks([]).filter((network) => network.startsWith('127.'))).toEqual([]);
  });
});
