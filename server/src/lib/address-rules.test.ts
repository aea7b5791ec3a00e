import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressRules, plainHost, specialAddress } from './address-rules.js';

describe('special addresses', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['169.254.169.254', 'link_local'],
    ['224.0.0.251', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link_local'],
    ['fe80::1%eth0', 'link_local'],
    ['febf::1', 'link_local'],
    ['ff02::fb', 'multicast'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:0:7f00:1', 'loopback'],
    ['::7f00:1', 'loopback'],
    ['64:ff9b::a9fe:a9fe', 'link_local'],
    ['2002:7f00:1::', 'loopback'],
  ])('%s is %s', (address, kind) => expect(specialAddress(address)).toBe(kind));

  it.each([
    '192.168.1.64',
    '10.0.0.7',
    '172.16.3.4',
    '100.64.0.1',
    '8.8.8.8',
    'fd00::12',
    '2001:db8::1',
    '::ffff:10.0.0.7',
  ])('%s is none', (address) => expect(specialAddress(address)).toBeUndefined());
});

describe('address rules', () => {
  const rules = new AddressRules();

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:ffff:7f00:0001]',
    'localhost',
    'LOCALHOST.',
    'console.localhost',
    '169.254.1.1',
    '0',
    '239.255.255.250',
    '255.255.255.255',
  ])('refuses %s as a person types it', (host) =>
    expect(() => rules.checkHost(host)).toThrow(expect.objectContaining({ code: 'address_not_allowed' })),
  );

  it.each(['192.168.1.64', 'camera-12.lan', 'cam_cho', '[fd00::12]', '10.1'])('takes %s', (host) =>
    expect(() => rules.checkHost(host)).not.toThrow(),
  );

  it('takes what is configured, and that alone', () => {
    const some = new AddressRules(['127.0.0.0/16', '169.254.7.7', '::1']);
    for (const host of ['127.0.0.1', '127.0.255.1', '169.254.7.7', '[::1]', '[::ffff:127.0.0.1]'])
      expect(() => some.checkHost(host), host).not.toThrow();
    for (const host of ['127.1.0.1', '169.254.7.8', '[fe80::1]', '0.0.0.0'])
      expect(() => some.checkHost(host), host).toThrow();
    for (const range of ['127.0.0.0/33', 'localhost', '::1/129', '10.0.0.0/x'])
      expect(() => new AddressRules([range]), range).toThrow(expect.objectContaining({ code: 'bad_address_range' }));
  });

  it('writes one host in one way', () => {
    expect(plainHost('0x7f.1')).toBe('127.0.0.1');
    expect(plainHost('[FD00::0012]')).toBe('fd00::12');
    expect(plainHost('Camera.LAN.')).toBe('camera.lan');
  });

  it('judges a name by what it resolves to, before and at the connection', async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let resolved = '10.0.0.7';
    const resolve = ((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(null, [{ address: resolved, family: 4 }])) as unknown as typeof lookup;
    const reach = (some: AddressRules) =>
      new Promise<string>((answer) => {
        const socket = connect({ port, ...some.connectOptions('camera.lan') });
        socket.on('data', (data) => answer(data.toString()));
        socket.on('error', (error: NodeJS.ErrnoException) => answer(error.code ?? error.message));
      });
    const strict = new AddressRules([], resolve);
    await strict.checkResolved('camera.lan');
    resolved = '127.0.0.1';
    await expect(strict.checkResolved('camera.lan')).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect(await reach(strict)).toBe('address_not_allowed');
    expect(await reach(new AddressRules(['127.0.0.0/8'], resolve))).toBe('hello');
    server.close();
  });
});
