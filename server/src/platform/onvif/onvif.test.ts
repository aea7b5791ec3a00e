import { afterEach, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../../../scripts/camera-simulator/simulator.js';
import { AddressRules } from '../../lib/address-rules.js';
import { systemClock } from '../../lib/clock.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { silentLogger } from '../../lib/logger.js';
import { createOnvif, type DiscoveredCamera } from './onvif.js';
import {
  closing,
  credentials,
  digestOnly,
  failureOf,
  fault,
  onvif,
  profile,
  scriptedCamera,
  soap,
  tokenOnly,
  twoProfiles,
  usual,
  type Answer,
  type Responder,
} from './onvif.test-harness.js';

describe('a password', () => {
  const look = { mainProfileToken: 'main', subProfileToken: null };

  it('goes nowhere but to confirmed hosts, and nothing else does', async () => {
    const camera = await scriptedCamera(tokenOnly(usual()));
    const elsewhere = { ...credentials, confirmedHosts: ['127.0.0.2'] };
    for (const work of [onvif.identify(camera.url, elsewhere), onvif.look(camera.url, elsewhere, look)]) {
      expect(await failureOf(work)).toMatchObject({ code: 'password_withheld', reason: 'password_withheld' });
    }
    expect(camera.requests.length).toBe(0);
    await onvif.identify(camera.url, { ...credentials, confirmedHosts: ['127.0.0.1'] });
    expect(camera.requests.length).toBeGreaterThan(0);
  });

  it.each(['127.0.0.1', '2130706433', '0x7f.1', 'localhost'])(
    'and nothing goes to %s unless configured',
    async (host) => {
      const camera = await scriptedCamera(usual());
      const strict = createOnvif({
        ...{ clock: systemClock, logger: silentLogger, rules: new AddressRules() },
        ...{ interfaces: ['127.0.0.1'], timeoutMs: 1500 },
      });
      const address = camera.url.replace('127.0.0.1', host);
      const failure = await failureOf(strict.identify(address, { ...credentials, confirmedHosts: [host] }));
      expect(failure).toMatchObject({ code: 'address_not_allowed', reason: 'address_refused' });
      expect(camera.requests.length).toBe(0);
    },
  );

  it('goes over https only to the key that is pinned', async () => {
    const camera = await scriptedCamera(tokenOnly(usual()), { secure: true });
    const { tlsKey } = await onvif.identify(camera.url, credentials);
    expect(tlsKey).toMatch(/^[0-9a-f]{64}$/);
    expect(await onvif.tlsKey(camera.url)).toBe(tlsKey);
    await onvif.identify(camera.url, { ...credentials, tlsKey: tlsKey ?? null });
    const before = camera.requests.length;
    const failure = await failureOf(onvif.identify(camera.url, { ...credentials, tlsKey: 'ab'.repeat(32) }));
    expect(failure).toMatchObject({ code: 'tls_key_changed', reason: 'tls_key_changed' });
    expect(camera.requests.length).toBe(before);
  });
});

describe('identify', () => {
  it.each([
    ['WS-UsernameToken only', (inner: Responder) => tokenOnly(inner)],
    ['HTTP Digest MD5 only', (inner: Responder) => digestOnly(inner, 'MD5')],
    ['HTTP Digest SHA-256 only', (inner: Responder) => digestOnly(inner, 'SHA-256')],
  ])('reads a camera with %s', async (_name, protect) => {
    const camera = await scriptedCamera(protect(usual()));
    const facts = await onvif.identify(camera.url, credentials);
    expect(facts).toMatchObject({
      manufacturer: 'A & B',
      model: 'Cam 7',
      main: { profileToken: 'main', codec: 'H264', width: 1920, height: 1080, frameRate: 25, bitrateKbps: 2048 },
      sub: { profileToken: 'sub&1', width: 640 },
    });
    expect(Math.abs(facts.clockOffsetMs ?? 1e9)).toBeLessThan(1500);
  });

  it('dates the token by a clock that is three years off, and tells the offset', async () => {
    const behindMs = -3 * 365 * 86_400_000;
    const cameraNow = () => Date.now() + behindMs;
    const camera = await scriptedCamera(tokenOnly(usual(twoProfiles, cameraNow), cameraNow));
    const facts = await onvif.identify(camera.url, credentials);
    expect(Math.abs((facts.clockOffsetMs ?? 0) - behindMs)).toBeLessThan(1500);
  });

  it('sends a wrong password once and says so without telling it', async () => {
    const refused: string[] = [];
    const camera = await scriptedCamera(digestOnly(usual(), 'MD5', refused));
    const failure = await failureOf(onvif.identify(camera.url, { ...credentials, password: 'wrong-one' }));
    expect(failure.code).toBe('wrong_password');
    expect(failure.text).not.toContain('wrong-one');
    // Once without a password, for the challenge.
    expect(refused.length).toBe(2);
  });

  it('refuses a wrong password of a token-only camera', async () => {
    const camera = await scriptedCamera(tokenOnly(usual()));
    expect((await failureOf(onvif.identify(camera.url, { ...credentials, password: 'no' }))).code).toBe(
      'wrong_password',
    );
  });

  it('does without a clock and without a name', async () => {
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) =>
      ['GetSystemDateAndTime', 'GetDeviceInformation'].includes(operation)
        ? { status: 500, body: fault('ActionNotSupported', 'no') }
        : inner(operation, request, body),
    );
    expect(await onvif.identify(camera.url, credentials)).toMatchObject({
      clockOffsetMs: null,
      model: '',
      main: { width: 1920 },
    });
  });

  it('reads H.265 through Media2, and takes a sub-stream that browsers play', async () => {
    const media2 =
      `<tr2:GetProfilesResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl">` +
      [
        ['p0', 'H265', 2560, 1440],
        ['p1', 'H265', 320, 180],
        ['p2', 'H264', 704, 576],
      ]
        .map(
          ([token, encoding, width, height]) =>
            `<tr2:Profiles token="${token}"><tr2:Configurations><tr2:VideoEncoder token="v"><tt:Encoding>${encoding}` +
            `</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>` +
            `<tt:RateControl><tt:FrameRateLimit>20</tt:FrameRateLimit><tt:BitrateLimit>4096</tt:BitrateLimit>` +
            `</tt:RateControl></tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>`,
        )
        .join('') +
      `</tr2:GetProfilesResponse>`;
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) => {
      if (operation === 'GetServices') {
        const service = (namespace: string, path: string) =>
          `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>http://169.254.3.3${path}</tds:XAddr></tds:Service>`;
        return {
          body: soap(
            `<tds:GetServicesResponse>${service('http://www.onvif.org/ver10/media/wsdl', '/m1')}` +
              `${service('http://www.onvif.org/ver20/media/wsdl', '/m2')}</tds:GetServicesResponse>`,
          ),
        };
      }
      return request.url === '/m2' ? { body: soap(media2) } : inner(operation, request, body);
    });
    const facts = await onvif.identify(camera.url, credentials);
    expect(facts.main).toMatchObject({ profileToken: 'p0', codec: 'H265', width: 2560 });
    expect(facts.sub).toMatchObject({ profileToken: 'p2', codec: 'H264' });
  });

  const entityBomb =
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' +
    soap('<x>&b;&b;&b;</x>').replace(/^<\?xml[^>]*>/, '');
  it.each<[string, Answer, string]>([
    ['no XML', { body: 'OK' }, 'bad_answer'],
    ['a page of HTML', { body: '<html><body>login</body></html>' }, 'bad_answer'],
    ['an empty body', { body: '' }, 'bad_answer'],
    ['truncated XML', { body: soap(`<trt:GetProfilesResponse>${twoProfiles}`).slice(0, 500) }, 'bad_answer'],
    ['an entity bomb', { body: entityBomb }, 'bad_answer'],
    ['two megabytes', { body: soap('<x/>' + ' '.repeat(2 * 1024 * 1024)) }, 'bad_answer'],
    ['a thousand levels', { body: soap('<x>'.repeat(1000) + '</x>'.repeat(1000)) }, 'bad_answer'],
    ['two hundred thousand elements', { body: soap('<x/>'.repeat(200_000)) }, 'bad_answer'],
    ['a redirection', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, 'bad_answer'],
    ['no profile at all', { body: soap('<trt:GetProfilesResponse/>') }, 'no_video'],
    [
      'a codec that nobody knows alone',
      { body: soap(`<trt:GetProfilesResponse>${profile('j', 640, 480, 'MJ2')}</trt:GetProfilesResponse>`) },
      'no_video',
    ],
    [
      'sizes that are none',
      { body: soap(`<trt:GetProfilesResponse>${profile('z', 0, -4)}</trt:GetProfilesResponse>`) },
      'no_video',
    ],
  ])('tells %s as its own outcome', async (_name, answer, code) => {
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) =>
      operation === 'GetProfiles' ? answer : inner(operation, request, body),
    );
    expect((await failureOf(onvif.identify(camera.url, credentials))).code).toBe(code);
    // Without a password and with it; nothing at all in three ways of writing.
    const tries = camera.requests.filter((operation) => operation === 'GetProfiles').length;
    expect(tries).toBeLessThanOrEqual(answer.body === '' && answer.status === undefined ? 6 : 2);
  });

  it('gives up a camera that accepts and says nothing', async () => {
    const camera = await scriptedCamera(() => undefined);
    const failure = await failureOf(onvif.identify(camera.url, credentials));
    expect(failure).toMatchObject({ code: 'unreachable', reason: 'host_unreachable' });
  });

  it('tells a closed port', async () => {
    const camera = await scriptedCamera(usual());
    for (const close of closing.splice(0)) await close();
    expect(await failureOf(onvif.identify(camera.url, credentials))).toMatchObject({
      code: 'unreachable',
      reason: 'connection_refused',
    });
  });

  it.each([
    'ftp://127.0.0.1/x',
    'http://a:b@127.0.0.1/',
    'file:///etc/passwd',
    'nonsense',
    `http://x/${'a'.repeat(600)}`,
  ])('refuses %s as an address', async (address) => {
    expect((await failureOf(onvif.identify(address, credentials))).code).toBe('bad_device_address');
  });
});

describe('stream addresses', () => {
  it('are on the host we reached, keep their port and lose their credentials', async () => {
    const seen: string[] = [];
    const inner = usual();
    const camera = await scriptedCamera((operation, request, body) => {
      if (operation === 'GetStreamUri') seen.push(body);
      return inner(operation, request, body);
    });
    const sight = await onvif.look(camera.url, credentials, { mainProfileToken: 'main', subProfileToken: 'sub&1<x>' });
    expect(sight.mainUrl).toBe('rtsp://127.0.0.1:10554/live?ch=1&s=0');
    expect(sight.subUrl).toBe('rtsp://127.0.0.1:10554/live?ch=1&s=0');
    expect(seen.at(-1)).toContain('sub&#38;1&#60;x&#62;</trt:ProfileToken>');
  });
});

describe('the simulated fleet', () => {
  let simulator: Simulator | undefined;
  afterEach(async () => {
    await simulator?.stop();
    simulator = undefined;
  });

  async function scan(ranges: string[], interfaces: string[], port: number) {
    const devices: DiscoveredCamera[] = [];
    const progress: number[] = [];
    let rejected = 0;
    await createOnvif({
      ...{ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces, discoveryPort: port },
    }).discover(
      ranges,
      {
        onDevice: (device) => devices.push(device),
        onRejected: () => (rejected += 1),
        onProgress: (value) => progress.push(value),
      },
      new AbortController().signal,
    );
    return { devices, progress, rejected };
  }

  it('is found by multicast and by unicast, each once, junk aside, and identified', async () => {
    simulator = await startSimulator({
      cameras: 3,
      network: '127.91.0.0',
      media: { main: { width: 320, height: 180 }, sub: { width: 160, height: 90 } },
    });
    const { port } = simulator.discovery;
    await simulator.setFault(3, { kind: 'junk-discovery' });
    const [byMulticast, byUnicast] = await Promise.all([
      scan([], ['127.0.0.1'], port),
      scan(['127.91.0.0/29'], ['192.0.2.254'], port), // an interface that this host does not have
    ]);
    for (const found of [byMulticast, byUnicast]) {
      const expected = simulator.cameras.filter((camera) => camera.number !== 3);
      expect(found.devices.map((device) => [device.endpointReference, device.deviceAddress]).sort()).toEqual(
        expected.map((camera) => [camera.urn, camera.deviceAddress]).sort(),
      );
      expect(found.rejected).toBeGreaterThan(0);
      expect(found.progress.at(-1)).toBe(1);
      expect([...found.progress].sort((a, b) => a - b)).toEqual(found.progress);
    }
    const [first] = simulator.cameras;
    if (first === undefined) throw new Error('no camera');
    const confirmedHosts = [new URL(first.deviceAddress).hostname];
    const known = { username: first.username, password: first.password, confirmedHosts };
    const facts = await onvif.identify(first.deviceAddress, known);
    expect(facts).toMatchObject({ manufacturer: first.manufacturer, main: { width: 320 }, sub: { width: 160 } });
    expect(await onvif.streamUri(first.deviceAddress, known, facts.main.profileToken)).toBe(first.rtspMainUrl);
    const picture = await onvif.snapshotUri(first.deviceAddress, known, facts.main.profileToken);
    expect(new URL(picture).host).toBe(new URL(first.deviceAddress).host);
  });
});
