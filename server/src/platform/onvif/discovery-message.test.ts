import { describe, expect, it } from 'vitest';
import { readProbeMatches } from './discovery-message.js';
import { expandRanges } from './ip-range.js';

const match = (change: { types?: string; scopes?: string; xaddrs?: string; reference?: string } = {}) =>
  `<wsd:ProbeMatch><wsa:EndpointReference><wsa:Address>${change.reference ?? 'urn:uuid:1'}</wsa:Address>` +
  `</wsa:EndpointReference><wsd:Types>${change.types ?? 'dn:NetworkVideoTransmitter tds:Device'}</wsd:Types>` +
  `<wsd:Scopes>${change.scopes ?? ''}</wsd:Scopes><wsd:XAddrs>${change.xaddrs ?? 'http://10.0.0.5/onvif/device_service'}` +
  `</wsd:XAddrs><wsd:MetadataVersion>1</wsd:MetadataVersion></wsd:ProbeMatch>`;
const packet = (matches: string) =>
  Buffer.from(
    `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"><SOAP-ENV:Body>` +
      `<wsd:ProbeMatches>${matches}</wsd:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
  );
const read = (...parameters: Parameters<typeof match>) => readProbeMatches(packet(match(...parameters)), '10.0.0.5');

describe('an answer to a probe', () => {
  it.each<[string, string, object]>([
    [
      'Hikvision',
      'onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/DS-2CD1021-I onvif://www.onvif.org/name/HIKVISION%20DS-2CD1021-I onvif://www.onvif.org/location/city/hangzhou',
      { name: 'HIKVISION DS-2CD1021-I', hardware: 'DS-2CD1021-I', locationHint: 'hangzhou' },
    ],
    [
      'Dahua',
      'onvif://www.onvif.org/location/country/china onvif://www.onvif.org/name/Dahua onvif://www.onvif.org/hardware/IPC-HFW1230S',
      { name: 'Dahua', hardware: 'IPC-HFW1230S', locationHint: '' },
    ],
    [
      'a name in Vietnamese, with underscores',
      'onvif://www.onvif.org/name/Ng%C3%A3_ba_ch%E1%BB%A3 onvif://www.onvif.org/location/Ch%C3%AD%20%C4%90%C3%A1m',
      { name: 'Ngã ba chợ', locationHint: 'Chí Đám' },
    ],
    ['a lone percent sign', 'onvif://www.onvif.org/name/100%', { name: '100%' }],
  ])('of %s is understood', (_brand, scopes, expected) => {
    expect(read({ scopes })).toMatchObject([{ endpointReference: 'urn:uuid:1', ...expected }]);
  });

  it.each<[string, string, string]>([
    [
      'its own address among several',
      'http://[fe80::1]/o http://169.254.1.1/o http://10.0.0.5:8000/o',
      'http://10.0.0.5:8000/o',
    ],
    ['the factory address', 'http://192.168.1.108/onvif/device_service', 'http://10.0.0.5/onvif/device_service'],
    ['https and http', 'https://10.0.0.5/o http://10.0.0.5/o', 'http://10.0.0.5/o'],
    ['https alone', 'https://10.0.0.5/o', 'https://10.0.0.5/o'],
  ])('that tells %s is reached where it came from', (_what, xaddrs, expected) => {
    expect(read({ xaddrs })?.[0]?.deviceAddress).toBe(expected);
  });

  it.each<[string, Buffer]>([
    ['an empty one', packet(match({ reference: '' }))],
    [
      'none',
      Buffer.from(
        packet(match())
          .toString()
          .replace(/<\w+:EndpointReference>.*?<\/\w+:EndpointReference>/s, ''),
      ),
    ],
  ])('with %s for a reference is known by its address', (_what, sent) => {
    expect(sent.toString()).not.toContain('urn:uuid:1<');
    expect(readProbeMatches(sent, '10.0.0.5')).toMatchObject([
      { endpointReference: '', deviceAddress: expect.stringContaining('10.0.0.5') as string },
    ]);
  });

  it.each<[string, Buffer]>([
    ['noise', Buffer.from([0, 255, 1, 254])],
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['a DTD', Buffer.from(`<!DOCTYPE a [<!ENTITY b "c">]>${packet(match()).toString()}`)],
    ['truncated XML', packet(match()).subarray(0, 300)],
    ['a printer', packet(match({ types: 'wprt:PrintDeviceType', scopes: 'ldap:///ou=x' }))],
    ['no address', packet(match({ xaddrs: '' }))],
    ['an address with a password', packet(match({ xaddrs: 'http://a:b@10.0.0.5/' }))],
    ['a script', packet(match({ xaddrs: 'javascript:alert(1)' }))],
    ['a reference without end', packet(match({ reference: 'x'.repeat(300) }))],
    ['too large a packet', packet(match({ scopes: 'x '.repeat(40_000) }))],
  ])('that is %s is junk', (_what, junk) => {
    expect(readProbeMatches(junk, '10.0.0.5')).toBeUndefined();
  });
});

describe('ranges', () => {
  it.each<[string, number, string, string]>([
    ['192.168.1.0/24', 254, '192.168.1.1:3702', '192.168.1.254:3702'],
    ['10.1.4.77/22', 1022, '10.1.4.1:3702', '10.1.7.254:3702'],
    ['10.0.0.7', 1, '10.0.0.7:3702', '10.0.0.7:3702'],
    ['10.0.0.6/31:4000', 2, '10.0.0.6:4000', '10.0.0.7:4000'],
  ])('%s are %i hosts', (range, count, first, last) => {
    const targets = expandRanges([range, range], 3702).map(({ host, port }) => `${host}:${port}`);
    expect([targets.length, targets[0], targets.at(-1)]).toEqual([count, first, last]);
  });

  it.each([
    '10.0.0.0/21',
    '10.0.0.0/8',
    '256.1.1.1',
    '224.0.0.1',
    '0.0.0.0',
    '10.0.0.1/33',
    '10.0.0.1:0',
    '::1',
    '',
    'x',
  ])('"%s" is refused', (range) => {
    expect(() => expandRanges([range], 3702)).toThrowError(expect.objectContaining({ code: 'bad_range' }));
  });

  it('more than sixteen are refused', () => {
    const ranges = Array.from({ length: 17 }, (_, index) => `10.0.${index}.0/24`);
    expect(() => expandRanges(ranges, 3702)).toThrowError(expect.objectContaining({ code: 'too_many_ranges' }));
  });
});
