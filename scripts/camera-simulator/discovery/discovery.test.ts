import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tinyMedia } from '../camera-media.js';
import { startSimulator, type Simulator } from '../simulator.js';
import { until } from '../testing/rtsp-client.js';

const network = 'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"';
const device = 'xmlns:dev="http://www.onvif.org/ver10/device/wsdl"';
const discovery = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const cameras = 4;

let simulator: Simulator;
const sockets: Socket[] = [];

interface Heard {
  readonly text: string;
  readonly bytes: Buffer;
  readonly from: string;
  readonly afterMs: number;
}

/** Sends one message over the loopback interface and collects what comes back. */
async function ask(message: string, address = simulator.discovery.address): Promise<Heard[]> {
  const heard: Heard[] = [];
  const socket = createSocket('udp4');
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.setMulticastInterface('127.0.0.1');
  const sentAtMs = Date.now();
  socket.on('message', (bytes, { address: from }) => {
    heard.push({ text: bytes.toString(), bytes, from, afterMs: Date.now() - sentAtMs });
  });
  socket.send(message, simulator.discovery.port, address);
  return heard;
}

const probe = (content: string, messageId = `uuid:${randomUUID()}`) =>
  '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"' +
  ` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="${discovery}" ${network} ${device}>` +
  `<s:Header><a:Action s:mustUnderstand="1">${discovery}/Probe</a:Action><a:MessageID>${messageId}</a:MessageID>` +
  '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>' +
  `<s:Body><d:Probe>${content}</d:Probe></s:Body></s:Envelope>`;

const anyCamera = probe('<d:Types>dn:NetworkVideoTransmitter</d:Types>');
const hostsOf = (heard: Heard[]) => heard.map(({ from }) => from).sort();
const addressOf = (heard: Heard) => /<d:XAddrs>([^<]*)</.exec(heard.text)?.[1];

/** All that answer do so within 500 ms; what has not come after twice that does not come. */
async function silence(heard: Heard[]): Promise<void> {
  const end = Date.now() + 1000;
  await until(() => Date.now() > end, 'the time of all answers to pass');
  expect(heard.map(({ text }) => text)).toEqual([]);
}

beforeAll(async () => {
  simulator = await startSimulator({ cameras, media: tinyMedia, network: '127.84.0.0' });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
afterAll(() => simulator?.stop());

describe('a probe', () => {
  it('to the multicast group is answered by every camera, from its own address, within 500 ms', async () => {
    const messageId = `uuid:${randomUUID()}`;
    const heard = await ask(probe('<d:Types>dn:NetworkVideoTransmitter</d:Types>', messageId));
    await until(() => heard.length >= cameras, 'all answers');
    expect(hostsOf(heard)).toEqual(simulator.cameras.map(({ host }) => host));
    expect(heard.map(addressOf).sort()).toEqual(simulator.cameras.map(({ deviceAddress }) => deviceAddress).sort());
    for (const { text, afterMs } of heard) {
      expect(text).toContain(`<wsa:RelatesTo>${messageId}</wsa:RelatesTo>`);
      expect(text).toContain(`<wsa:Action>${discovery}/ProbeMatches</wsa:Action>`);
      expect(text).toContain('onvif://www.onvif.org/Profile/Streaming');
      expect(text).toContain('onvif://www.onvif.org/location/Ch%C3%AD%20%C4%90%C3%A1m');
      expect(afterMs).toBeLessThan(1500);
    }
  });

  it('is answered at random times and by the same names every time', async () => {
    const times = new Set<number>();
    const names = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const heard = await ask(anyCamera);
      await until(() => heard.length >= cameras, 'all answers');
      for (const { text, afterMs } of heard) {
        times.add(afterMs);
        names.add(/urn:uuid:[0-9a-f-]{36}(?=<\/wsa:Address>)/.exec(text)?.[0] ?? '');
      }
    }
    expect(names).toEqual(new Set(simulator.cameras.map(({ urn }) => urn)));
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(50);
  });

  it('to one address is answered by that camera only', async () => {
    const heard = await ask(anyCamera, '127.84.0.2');
    await until(() => heard.length > 0, 'the answer');
    const end = Date.now() + 700;
    await until(() => Date.now() > end, 'other answers');
    expect(hostsOf(heard)).toEqual(['127.84.0.2']);
  });

  it.each([
    ['without types', ''],
    ['for a device', '<d:Types>dev:Device</d:Types>'],
    ['for both types', '<d:Types> dn:NetworkVideoTransmitter dev:Device </d:Types>'],
    ['with a scope that begins theirs', '<d:Scopes>ONVIF://www.onvif.org/location/country/</d:Scopes>'],
    [
      'with a scope to the letter',
      `<d:Scopes MatchBy="${discovery}/strcmp0">onvif://www.onvif.org/Profile/Streaming</d:Scopes>`,
    ],
  ])('%s is answered', async (_name, content) => {
    const heard = await ask(probe(content));
    await until(() => heard.length >= cameras, 'all answers');
    expect(hostsOf(heard)).toEqual(simulator.cameras.map(({ host }) => host));
  });

  it.each([
    ['for another type', probe('<d:Types>dn:NetworkVideoDisplay</d:Types>')],
    ['for a type of another namespace', probe('<d:Types>dev:NetworkVideoTransmitter</d:Types>')],
    ['with a scope that only begins a word of theirs', probe('<d:Scopes>onvif://www.onvif.org/loc</d:Scopes>')],
    [
      'with a scope that is not to the letter',
      probe(`<d:Scopes MatchBy="${discovery}/strcmp0">onvif://www.onvif.org/Profile</d:Scopes>`),
    ],
    ['with a rule for scopes that nobody knows', probe('<d:Scopes MatchBy="urn:x">onvif://www.onvif.org</d:Scopes>')],
    ['that is junk', '<d:Probe'],
  ])('%s is not answered', async (_name, message) => {
    await silence(await ask(message));
  });

  it('is not answered by a camera that is off or hangs', async () => {
    await simulator.setFault(1, { kind: 'off' });
    await simulator.setFault(2, { kind: 'hang' });
    const heard = await ask(anyCamera);
    await until(() => heard.length >= 2, 'the others');
    expect(hostsOf(heard)).toEqual(['127.84.0.3', '127.84.0.4']);
    await simulator.clearFault(1);
    await simulator.clearFault(2);
    const again = await ask(anyCamera);
    await until(() => again.length >= cameras, 'all answers');
  });

  it('is answered with junk where that is the fault', async () => {
    await simulator.setFault(3, { kind: 'junk-discovery' });
    const heard = await ask(anyCamera, '127.84.0.3');
    await until(() => heard.length >= 9, 'all junk');
    await simulator.clearFault(3);
    expect(heard.some(({ bytes }) => bytes.length === 0)).toBe(true);
    expect(heard.some(({ bytes }) => bytes.length === 60_000)).toBe(true);
    expect(heard.some(({ text }) => addressOf({ text } as Heard)?.startsWith('http://127.84') ?? false)).toBe(false);
  });
});

describe('others', () => {
  it('a resolve is answered by the camera it names', async () => {
    const urn = simulator.cameras[2]?.urn ?? '';
    const heard = await ask(
      anyCamera
        .replace(`${discovery}/Probe<`, `${discovery}/Resolve<`)
        .replace(
          /<d:Probe>.*<\/d:Probe>/,
          `<d:Resolve><a:EndpointReference><a:Address>${urn}</a:Address></a:EndpointReference></d:Resolve>`,
        ),
    );
    await until(() => heard.length > 0, 'the answer');
    expect(hostsOf(heard)).toEqual(['127.84.0.3']);
    expect(heard[0]?.text).toContain(`${discovery}/ResolveMatches`);
  });

  it('junk comes on demand', async () => {
    const heard = await ask('nothing');
    const port = sockets[0]?.address().port ?? 0;
    simulator.sendJunk(1, { address: '127.0.0.1', port });
    await until(() => heard.length >= 9, 'all junk');
  });
});
