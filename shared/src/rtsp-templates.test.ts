import { describe, expect, it } from 'vitest';
import { rtspUrlSchema } from './rtsp-address.js';
import { asksForChannel, rtspBrands, rtspTemplates, rtspUrls, type RtspBrand } from './rtsp-templates.js';

describe('addresses of streams by brand', () => {
  it.each<[RtspBrand, number, string, string]>([
    ['hikvision', 1, '/Streaming/Channels/101', '/Streaming/Channels/102'],
    ['hikvision', 12, '/Streaming/Channels/1201', '/Streaming/Channels/1202'],
    ['dahua', 7, '/cam/realmonitor?channel=7&subtype=0', '/cam/realmonitor?channel=7&subtype=1'],
    ['ezviz', 1, '/h264/ch1/main/av_stream', '/h264/ch1/sub/av_stream'],
    ['uniview', 2, '/unicast/c2/s0/live', '/unicast/c2/s1/live'],
    ['tiandy', 3, '/3/1', '/3/2'],
    ['tapo', 1, '/stream1', '/stream2'],
    ['yoosee', 1, '/onvif1', '/onvif2'],
    ['vivotek', 1, '/live1s1.sdp', '/live1s2.sdp'],
  ])('%s, channel %i', (brand, channel, main, sub) => {
    expect(rtspUrls(brand, { host: '10.0.0.9', channel })[0]).toEqual({
      mainUrl: `rtsp://10.0.0.9:554${main}`,
      subUrl: `rtsp://10.0.0.9:554${sub}`,
    });
  });

  it('are addresses, each once, for every brand but plain', () => {
    expect(rtspTemplates.map(({ brand }) => brand)).toEqual(rtspBrands);
    for (const { brand } of rtspTemplates) {
      const urls = rtspUrls(brand, { host: 'fe00::1', port: 8554, channel: 4 });
      expect(urls.length > 0).toBe(brand !== 'plain');
      const each = urls.flatMap(({ mainUrl, subUrl }) => (subUrl === null ? [mainUrl] : [mainUrl, subUrl]));
      for (const url of each) expect(rtspUrlSchema.parse(url)).toMatch(/^rtsp:\/\/\[fe00::1\]:8554\//);
      expect(new Set(each).size).toBe(each.length);
    }
    expect(['dahua', 'tapo', 'plain'].map((brand) => asksForChannel(brand as RtspBrand))).toEqual([true, false, false]);
  });

  it.each([
    'http://10.0.0.9/',
    'rtsp://u:p@10.0.0.9/',
    'rtsp://10.0.0.9/a b',
    'rtsp://10.0.0.9/a\r\nX: y',
    'rtsp:///live',
    'rtsp://10.0.0.9:65536/',
    'rtsp://10.0.0.9:0/',
    `rtsp://10.0.0.9/${'a'.repeat(1000)}`,
    '',
  ])('%s is none', (text) => {
    expect(rtspUrlSchema.safeParse(text).success).toBe(false);
  });
});
