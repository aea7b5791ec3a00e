import { describe, expect, it } from 'vitest';
import { AddressRules } from './address-rules.js';
import { addedNetwork, normalNetwork, ownNetworks, rangeOutside, requireAllowed } from './ipv4-networks.js';

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

  it('are added to those of a recorder up to a /22 each, of addresses that cameras may have', () => {
    const rules = new AddressRules([]);
    expect(addedNetwork('10.20.7.1/22', rules)).toBe('10.20.4.0/22');
    const refusal = (text: string) => {
      try {
        return addedNetwork(text, rules);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    for (const text of ['0.0.0.0/0', '10.0.0.0/21', 'nonsense', '10.0.0.256/24'])
      expect(refusal(text)).toBe('bad_range');
    for (const text of ['127.0.0.0/24', '169.254.0.0/24', '239.0.0.1'])
      expect(refusal(text)).toBe('address_not_allowed');
  });

  it('of this machine are those of the chosen interfaces, else of all but loopback', () => {
    expect(ownNetworks(['127.0.0.1'])).toEqual(['127.0.0.0/8']);
    expect(ownNetworks(['192.0.2.254'])).toEqual([]);
    expect(ownNetworks([]).filter((network) => network.startsWith('127.'))).toEqual([]);
  });
});
