import { describe, expect, it } from 'vitest';
import { deviceKindOf, groupChannels, readVideoSources } from './device-channels.js';
import { readProfiles } from './media-profiles.js';
import { parseEnvelope, type XmlElement } from './soap-xml.js';

const soap = (body: string): XmlElement =>
  parseEnvelope(
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" ' +
      `xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>${body}</s:Body></s:Envelope>`,
  ).body;

interface Given {
  token: string;
  source: string | null;
  size: readonly [number, number];
  kbps?: number;
  name?: string;
}
/** A profile as Media (ver10) lists it. */
const profile = ({ token, source, size: [width, height], kbps = 1000, name = 'VideoSourceConfig' }: Given) =>
  `<trt:Profiles token="${token}" fixed="true"><tt:Name>${token}</tt:Name>` +
  (source === null
    ? ''
    : `<tt:VideoSourceConfiguration token="VSC_${source}"><tt:Name>${name}</tt:Name><tt:UseCount>1</tt:UseCount>` +
      `<tt:SourceToken>${source}</tt:SourceToken></tt:VideoSourceConfiguration>`) +
  `<tt:VideoEncoderConfiguration token="VEC_${token}"><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>${width}` +
  `</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit>` +
  `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${kbps}</tt:BitrateLimit></tt:RateControl>` +
  '</tt:VideoEncoderConfiguration></trt:Profiles>';
const profiles = (given: readonly Given[]) =>
  readProfiles(soap(`<trt:GetProfilesResponse>${given.map(profile).join('')}</trt:GetProfilesResponse>`));
const sources = (given: readonly string[]) =>
  readVideoSources(soap(`<trt:GetVideoSourcesResponse>${given.join('')}</trt:GetVideoSourcesResponse>`));
const source = (token: string, width = 1920, height = 1080, rate = 25) =>
  `<trt:VideoSources token="${token}"><tt:Framerate>${rate}</tt:Framerate><tt:Resolution><tt:Width>${width}</tt:Width>` +
  `<tt:Height>${height}</tt:Height></tt:Resolution></trt:VideoSources>`;
const streamsOf = (channels: ReturnType<typeof groupChannels>) =>
  channels.map(({ number, main, sub }) => [number, main?.profileToken ?? null, sub?.profileToken ?? null]);

describe('channels of a device', () => {
  it('have main and sub of one video source, never of another', () => {
    // The smallest of all is of the fourth source, the largest of the second.
    const given = ['VS1', 'VS2', 'VS3', 'VS4'].flatMap((token, at): Given[] => [
      { token: `M${at + 1}`, source: token, size: at === 1 ? [2560, 1440] : [1920, 1080], kbps: 4096 },
      { token: `S${at + 1}`, source: token, size: at === 3 ? [352, 288] : [704, 576], kbps: 512 },
    ]);
    expect(streamsOf(groupChannels(profiles(given), []))).toEqual([
      [1, 'M1', 'S1'],
      [2, 'M2', 'S2'],
      [3, 'M3', 'S3'],
      [4, 'M4', 'S4'],
    ]);
  });

  it('are read of a recorder with more than 64 profiles', () => {
    const given = Array.from({ length: 64 }, (_, at): Given[] => [
      { token: `M${at}`, source: `VideoSource_${at + 1}`, size: [1920, 1080] },
      { token: `S${at}`, source: `VideoSource_${at + 1}`, size: [704, 576] },
    ]).flat();
    const channels = groupChannels(profiles(given), []);
    expect(channels).toHaveLength(64);
    expect(channels.at(-1)).toMatchObject({ number: 64, main: { profileToken: 'M63' }, sub: { profileToken: 'S63' } });
  });

  it('are bounded whatever a device lists', () => {
    const given = Array.from({ length: 1000 }, (_, at): Given => ({
      token: `M${at}`,
      source: `s${at}`,
      size: [640, 360],
    }));
    expect(groupChannels(profiles(given), [])).toHaveLength(256);
  });

  it('are empty where a source has no profile, no size or no pictures', () => {
    const channels = groupChannels(
      profiles([
        { token: 'M1', source: 'V1', size: [960, 576] },
        { token: 'M2', source: 'V2', size: [960, 576] },
        { token: 'M4', source: 'V4', size: [960, 576] },
      ]),
      sources([source('V1'), source('V2', 0, 0), source('V3'), source('V4', 960, 576, 0)]),
    );
    expect(channels.map(({ number, signal }) => [number, signal])).toEqual([
      [1, null],
      [2, false],
      [3, false],
      [4, false],
    ]);
    expect(channels[2]).toMatchObject({ main: null, sub: null, profiles: [] });
  });

  it.each([
    [
      ['VideoSource_1', 'VideoSource_3', 'VideoSource_16'],
      [1, 3, 16],
    ],
    [
      ['00000', '00001', '00002'],
      [1, 2, 3],
    ],
    [
      ['left', 'right'],
      [1, 2],
    ],
    [['VideoSource_5'], [1]],
    [
      ['a1', 'b1'],
      [1, 2],
    ],
    [
      ['cam-2024', 'cam-2025'],
      [1, 2],
    ],
  ])('%j are counted as the device counts them', (tokens, numbers) => {
    const given = tokens.map((token, at): Given => ({ token: `P${at}`, source: token, size: [640, 360] }));
    expect(groupChannels(profiles(given), []).map(({ number }) => number)).toEqual(numbers);
  });

  it('are called as the device calls them, where that tells them apart', () => {
    const named = (names: string[]) =>
      groupChannels(
        profiles(names.map((name, at) => ({ token: `P${at}`, source: `V${at}`, size: [640, 360], name }))),
        [],
      ).map(({ name }) => name);
    expect(named(['Cổng chợ', 'Ngã ba'])).toEqual(['Cổng chợ', 'Ngã ba']);
    expect(named(['VideoSourceConfig', 'VideoSourceConfig'])).toEqual(['', '']);
  });

  it('are one where the device tells no source, as before devices had channels', () => {
    const channels = groupChannels(
      profiles([
        { token: 'a', source: null, size: [1280, 720] },
        { token: 'b', source: null, size: [640, 360], kbps: 200 },
      ]),
      [],
    );
    expect(channels).toMatchObject([{ sourceToken: '', main: { profileToken: 'a' }, sub: { profileToken: 'b' } }]);
  });
});

describe('deviceKindOf', () => {
  const channel = (height: number) => ({ main: { ...stream, height, width: height === 576 ? 960 : 1920 } });
  const stream = { profileToken: 'm', codec: 'H264', width: 1920, frameRate: 25, bitrateKbps: 1000 };
  it.each([
    ['one source', [1080], 'IPC-F22P', false, 'camera'],
    ['two lenses', [1080, 1080], 'IPC-S7UP', false, 'camera'],
    ['sources beside a recording service', [1080, 1080, 1080, 1080], 'N1', true, 'nvr'],
    ['a recorder by its name', [1080], 'KX-4K8216NVR', false, 'nvr'],
    ['a recorder of Hikvision', [1080, 1080], 'DS-7616NI-K2', false, 'nvr'],
    ['analogue inputs', [576, 576, 576, 1080], 'VS8041', false, 'encoder'],
  ] as const)('%s', (_, heights, model, hasRecordings, kind) => {
    expect(deviceKindOf(heights.map(channel), { model, hasRecordings })).toBe(kind);
  });
});
