import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from '../camera-media.js';
import { startSimulator, type SimulatedCamera, type Simulator } from '../simulator.js';
import { callOnvif, digestHeader, type OnvifAnswer, type OnvifCall } from '../testing/onvif-client.js';
import { conversationFleet, converse } from '../testing/onvif-conversations.js';
import { RtspTestClient, until } from '../testing/rtsp-client.js';

const goldens = new URL('../../../test/fixtures/onvif/', import.meta.url);
let simulator: Simulator;

const ofBrand = (manufacturer: string): SimulatedCamera => {
  const camera = simulator.cameras.find((candidate) => candidate.manufacturer === manufacturer);
  if (!camera) throw new Error(`no ${manufacturer}`);
  return camera;
};

function information(
  camera: SimulatedCamera,
  kind?: 'token' | 'digest',
  auth: Partial<NonNullable<OnvifCall['auth']>> = {},
): Promise<OnvifAnswer> {
  const { username, password } = camera;
  const call = { url: camera.deviceAddress, service: 'tds', operation: 'GetDeviceInformation' } as const;
  return callOnvif(kind ? { ...call, auth: { kind, username, password, ...auth } } : call);
}

beforeAll(async () => {
  simulator = await startSimulator({ ...conversationFleet, media: tinyMedia });
});
afterAll(() => simulator?.stop());

describe('answers', () => {
  it('are those that were validated against the ONVIF schemas', async () => {
    const conversations = await converse(simulator);
    for (const { path, golden } of conversations) {
      expect(golden, path).toBe(await readFile(new URL(path, goldens), 'utf8'));
    }
    const kept = (await readdir(goldens, { recursive: true })).filter((path) => path.endsWith('.xml'));
    expect(conversations.map(({ path }) => path).sort()).toEqual(kept.sort());
    expect(kept.length).toBe(9 * 22 + 6 + 3);
  });
});

describe('authentication', () => {
  it.each([
    ['HIKVISION', 'token', 200],
    ['HIKVISION', 'digest', 200],
    ['Imou', 'digest', 200],
    ['Imou', 'token', 401],
    ['EZVIZ', 'token', 401],
    ['Yoosee', 'token', 200],
    ['Yoosee', 'digest', 400],
  ] as const)('%s takes %s: %i', async (manufacturer, kind, status) => {
    const answer = await information(ofBrand(manufacturer), kind);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.text).toContain('ter:NotAuthorized');
  });

  it('asks for a password, and challenges where HTTP Digest is known', async () => {
    const hikvision = await information(ofBrand('HIKVISION'));
    expect(hikvision.status).toBe(401);
    expect(hikvision.challenge).toMatch(/^Digest realm=".*", nonce="\w+", qop="auth"/);
    const yoosee = await information(ofBrand('Yoosee'));
    expect([yoosee.status, yoosee.challenge]).toEqual([400, null]);
  });

  it.each(['token', 'digest'] as const)('refuses a wrong password by %s', async (kind) => {
    const answer = await information(ofBrand('HIKVISION'), kind, { password: 'wrong' });
    expect(answer.status).toBe(kind === 'token' ? 400 : 401);
  });

  it('tells its time, its services and its name to anybody', async () => {
    const url = ofBrand('Dahua').deviceAddress;
    for (const operation of ['GetSystemDateAndTime', 'GetCapabilities', 'GetServices', 'GetHostname']) {
      expect((await callOnvif({ url, service: 'tds', operation })).status, operation).toBe(200);
    }
    expect((await callOnvif({ url, service: 'tds', operation: 'GetScopes' })).status).toBe(401);
  });

  it('refuses a token that was seen before, or is older or newer than five minutes', async () => {
    const camera = ofBrand('HIKVISION');
    const token = { createdAtMs: Date.now(), nonce: randomBytes(16).toString('base64') };
    expect((await information(camera, 'token', token)).status).toBe(200);
    expect((await information(camera, 'token', token)).status).toBe(400);
    for (const minutes of [-6, 6]) {
      const stale = await information(camera, 'token', { createdAtMs: Date.now() + minutes * 60_000 });
      expect(stale.status).toBe(400);
    }
    expect((await information(camera, 'token', { createdAtMs: Date.now() - 240_000 })).status).toBe(200);
  });

  it('refuses a digest that is used again', async () => {
    const camera = ofBrand('HIKVISION');
    const { challenge } = await information(camera);
    const headers = { Authorization: digestHeader(challenge ?? '', 'POST', new URL(camera.deviceAddress), camera) };
    const body =
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>' +
      '<GetDeviceInformation xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>';
    const status = async () => (await fetch(camera.deviceAddress, { method: 'POST', headers, body })).status;
    expect([await status(), await status()]).toEqual([200, 401]);
  });

  it('differs on five cameras of the fleet only', async () => {
    const whole = await startSimulator({ media: tinyMedia, network: '127.83.0.0' });
    const passwords = whole.cameras.map(({ password }) => password);
    await whole.stop();
    expect(passwords.length).toBe(66);
    expect(new Set(passwords).size).toBe(6);
    expect(passwords.filter((password) => password !== passwords[0]).length).toBe(5);
  });

  it('judges by the wrong clock of the camera', async () => {
    const camera = ofBrand('KBVISION');
    const offsetMs = -3 * 3_600_000;
    await simulator.setFault(camera.number, { kind: 'wrong-clock', offsetMs });
    expect((await information(camera, 'token')).status).toBe(400);
    expect((await information(camera, 'token', { createdAtMs: Date.now() + offsetMs })).status).toBe(200);
    const url = camera.deviceAddress;
    const { text } = await callOnvif({ url, service: 'tds', operation: 'GetSystemDateAndTime' });
    const utc = /<tt:UTCDateTime>(.*)<\/tt:UTCDateTime>/.exec(text)?.[1] ?? '';
    const [hour, minute, second, year, month, day] = [...utc.matchAll(/>(\d+)</g)].map((match) => Number(match[1]));
    const told = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
    expect(Math.abs(told - (Date.now() + offsetMs))).toBeLessThan(2500);
    await simulator.clearFault(camera.number);
    expect((await information(camera, 'token')).status).toBe(200);
  });
});

describe('requests that are wrong', () => {
  it.each([
    ['<not xml', 400, 'ter:WellFormed'],
    ['<a/>', 400, 'ter:WellFormed'],
    ['', 400, 'ter:WellFormed'],
  ])('%s', async (body, status, subcode) => {
    const response = await fetch(ofBrand('HIKVISION').deviceAddress, { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(subcode);
  });

  it('to nowhere, by another method, or too long', async () => {
    const { deviceAddress } = ofBrand('HIKVISION');
    expect((await fetch(new URL('/elsewhere', deviceAddress))).status).toBe(404);
    expect((await fetch(deviceAddress)).status).toBe(405);
    const tooLong = await fetch(deviceAddress, { method: 'POST', body: 'x'.repeat(300_000) });
    expect(tooLong.status).toBe(413);
  });
});

describe('media', () => {
  const media = async (camera: SimulatedCamera, operation: string, parameters = '') => {
    const { username, password } = camera;
    const services = await callOnvif({ url: camera.deviceAddress, service: 'tds', operation: 'GetServices' });
    const url = /media\/wsdl<\/tds:Namespace><tds:XAddr>([^<]*)</.exec(services.text)?.[1] ?? '';
    const auth = { kind: 'digest', username, password } as const;
    return (await callOnvif({ url, service: 'trt', operation, parameters, auth })).text;
  };
  const tokenOf = (profiles: string) => /<trt:Profiles token="([^"]*)"/.exec(profiles)?.[1] ?? '';

  it('gives a snapshot that is a JPEG of the right size, to who knows the password', async () => {
    const camera = ofBrand('Dahua');
    const token = tokenOf(await media(camera, 'GetProfiles'));
    const answer = await media(camera, 'GetSnapshotUri', `<trt:ProfileToken>${token}</trt:ProfileToken>`);
    const uri = (/<tt:Uri>([^<]*)</.exec(answer)?.[1] ?? '').replaceAll('&amp;', '&');
    const refused = await fetch(uri);
    expect(refused.status).toBe(401);
    const Authorization = digestHeader(refused.headers.get('www-authenticate') ?? '', 'GET', new URL(uri), camera);
    const response = await fetch(uri, { headers: { Authorization } });
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    const jpeg = Buffer.from(await response.arrayBuffer());
    expect(jpeg.subarray(0, 3)).toEqual(Buffer.of(0xff, 0xd8, 0xff));
    expect(jpeg.subarray(-2)).toEqual(Buffer.of(0xff, 0xd9));
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    expect([jpeg.readUInt16BE(frame + 7), jpeg.readUInt16BE(frame + 5)]).toEqual([160, 90]);
  });

  it('makes a keyframe when asked for a synchronisation point', async () => {
    const camera = ofBrand('HIKVISION');
    const token = tokenOf(await media(camera, 'GetProfiles'));
    const client = await RtspTestClient.open(camera.rtspMainUrl, camera);
    await client.play(camera.rtspMainUrl);
    const [first] = await client.waitForUnits(1);
    await media(camera, 'SetSynchronizationPoint', `<trt:ProfileToken>${token}</trt:ProfileToken>`);
    const asked = client.units.length;
    const units = await client.waitForUnits(asked + 3);
    client.close();
    expect(first?.keyframe).toBe(true);
    // Those that come anyway come every ten pictures.
    expect(asked).toBeLessThan(8);
    expect(units.slice(1).some(({ keyframe }) => keyframe)).toBe(true);
    const counters = units.map(({ stamp }) => Number(stamp?.frameCounter));
    expect(counters).toEqual(counters.map((_, index) => (counters[0] ?? 0) + index));
  });

  it('makes a keyframe when asked, also where it sends no other any more', async () => {
    const camera = ofBrand('HIKVISION');
    const token = tokenOf(await media(camera, 'GetProfiles'));
    const client = await RtspTestClient.open(camera.rtspMainUrl, camera);
    await client.play(camera.rtspMainUrl);
    await client.waitForUnits(1);
    await simulator.setFault(camera.number, { kind: 'no-keyframes', connected: 'kept', onRequest: true });
    const before = client.units.length + 1;
    const keyframes = () => client.units.slice(before).filter(({ keyframe }) => keyframe).length;
    await client.waitForUnits(before + 12);
    expect(keyframes()).toBe(0);
    await media(camera, 'SetSynchronizationPoint', `<trt:ProfileToken>${token}</trt:ProfileToken>`);
    await until(() => keyframes() === 1, 'the keyframe that was asked for');
    await client.waitForUnits(client.units.length + 12);
    expect(keyframes()).toBe(1);
    await simulator.clearFault(camera.number);
    await until(() => keyframes() > 1, 'the keyframes that come anyway');
    client.close();
  });
});
