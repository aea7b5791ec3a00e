// Cameras that speak ONVIF oddly, through the recorder's own client: each is identified, and tells its own stream address.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../server/src/lib/clock.js';
import { loopbackRules } from '../../server/src/lib/loopback.test-harness.js';
import { silentLogger } from '../../server/src/lib/logger.js';
import { createOnvif, type DiscoveredCamera } from '../../server/src/platform/onvif/onvif.js';
import type { CameraKindInput } from './camera-kind.js';
import { tinyMedia } from './camera-media.js';
import { startSimulator, type SimulatedCamera, type Simulator } from './simulator.js';

type Manner = NonNullable<CameraKindInput['onvif']>;
const manners: Record<number, Manner> = {
  1: { soap: '1.2-action', authentication: 'token' },
  2: { soap: '1.1', faultStatus: 500 },
  3: { authentication: 'basic' },
  4: { transport: 'https', endpointReference: 'none' },
  5: { transport: 'old-tls', authentication: 'digest' },
  6: { transport: 'redirects', authentication: 'token' },
  7: { time: 'local', authentication: 'token', twoAddresses: true },
  8: { streamUris: 'raw-ampersand', around: 'two-namespaces' },
  9: { streamUris: 'escaped-twice', around: 'bytes-behind' },
  10: { streamUris: 'with-password', around: 'two-declarations', endpointReference: 'empty' },
  11: { media2: true, faultStatus: 200 },
  12: { absent: true },
};

let simulator: Simulator;
beforeAll(async () => {
  const kinds = Object.fromEntries(Object.entries(manners).map(([number, onvif]) => [number, { onvif }]));
  simulator = await startSimulator({ cameras: 12, network: '127.95.0.0', media: tinyMedia, kinds });
});
afterAll(() => simulator?.stop());

const onvif = () =>
  createOnvif({
    ...{ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces: ['127.0.0.1'] },
    ...{ discoveryPort: simulator.discovery.port, timeoutMs: 2000, answerTimeoutMs: 1000 },
  });
const cameraAt = (number: number): SimulatedCamera => {
  const camera = simulator.cameras.find((one) => one.number === number);
  if (camera === undefined) throw new Error(`no camera ${number}`);
  return camera;
};
const account = ({ username, password, host }: SimulatedCamera) => ({
  ...{ username, password, confirmedHosts: [host], plainPassword: true },
});

describe('a camera', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    '%i of its own manner is identified, and says where it streams',
    async (number) => {
      const camera = cameraAt(number);
      const facts = await onvif().identify(camera.deviceAddress, account(camera));
      expect(facts).toMatchObject({ manufacturer: camera.manufacturer, main: { width: 160 }, sub: { width: 96 } });
      expect(Math.abs(facts.clockOffsetMs ?? 1e9)).toBeLessThan(2500);
      const address = facts.deviceAddress ?? '';
      expect(await onvif().streamUri(address, account(camera), facts.main.profileToken)).toBe(camera.rtspMainUrl);
      const isSecure = [4, 5, 6].includes(number);
      expect(address.startsWith('https:')).toBe(isSecure);
      expect(typeof facts.tlsKey).toBe(isSecure ? 'string' : 'object');
      expect(facts.oldTls).toBe(number === 5);
    },
  );

  it.each([1, 2, 3, 5, 7, 11])('%i of its own manner refuses a wrong password as such', async (number) => {
    const camera = cameraAt(number);
    const wrong = { ...account(camera), password: 'wrong' };
    await expect(onvif().identify(camera.deviceAddress, wrong)).rejects.toMatchObject({ code: 'wrong_password' });
  });

  it('without ONVIF says nothing over HTTP, and is in no search; others without a reference are, by their address', async () => {
    const absent = cameraAt(12);
    await expect(onvif().identify(absent.deviceAddress, account(absent))).rejects.toMatchObject({ code: 'bad_answer' });
    const found: DiscoveredCamera[] = [];
    const listener = { onDevice: (one: DiscoveredCamera) => found.push(one), onRejected: () => undefined };
    await onvif().discover([], { ...listener, onProgress: () => undefined }, new AbortController().signal);
    expect(found.map(({ host }) => host).sort()).toEqual(
      simulator.cameras.flatMap(({ number, host }) => (number === 12 ? [] : [host])).sort(),
    );
    const unnamed = found.filter(({ endpointReference }) => endpointReference === '');
    expect(unnamed.map(({ deviceAddress }) => deviceAddress).sort()).toEqual(
      [4, 10].map((number) => cameraAt(number).deviceAddress).sort(),
    );
  });

  it('changes its manner while it runs', async () => {
    const camera = cameraAt(1);
    await simulator.setKind(1, { onvif: { transport: 'https' } });
    await expect(onvif().identify(camera.deviceAddress, account(camera))).rejects.toThrow();
    const secure = camera.deviceAddress.replace('http:', 'https:');
    expect(await onvif().identify(secure, account(camera))).toMatchObject({ manufacturer: camera.manufacturer });
    await simulator.setKind(1, { onvif: {} });
    expect(await onvif().identify(camera.deviceAddress, account(camera))).toMatchObject({ tlsKey: null });
  });
});
