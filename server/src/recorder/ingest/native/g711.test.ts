// Which sound of a description is recorded, and the packets of G.711.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTrackDefaults } from '../../../lib/isobmff/moof.js';
import { describeFragment } from '../../footage/scan-fragments.js';
import { TimeAnchor } from '../time-anchor.js';
import { G711Depacketizer } from './g711-depacketizer.js';
import { buildInitSegment, fragmentHeadBytes, writeFragmentHead } from './mp4-writer.js';
import { emptyPacket, parseRtp, TimestampUnwrapper } from './rtp-packet.js';
import { findMedia } from './session-description.js';
import { SoundStream } from './sound-stream.js';
import type { SoundUnit } from './sound-timeline.js';

const video = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n';

/** What is recorded of the sound that a description offers. */
function recorded(sdp: string) {
  const { audio, sound } = findMedia(video + sdp);
  const stream =
    audio === undefined
      ? undefined
      : SoundStream.of({
          ...{ media: audio, videoAnchor: new TimeAnchor(90_000), nowMs: () => 0, monotonicMs: () => 0 },
        });
  return { sound, format: stream?.format };
}

describe('sound beside the picture', () => {
  const alaw = { codec: 'alaw', channels: 1, clockRate: 8000 };
  const ulaw = { ...alaw, codec: 'ulaw' };
  const aac =
    'm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=fmtp:97 mode=AAC-hbr;config=1408\r\na=control:x\r\n';

  it.each([
    ['8', 'm=audio 0 RTP/AVP 8\r\na=control:a', 'PCMA', alaw],
    ['0', 'm=audio 0 RTP/AVP 0\r\na=control:a', 'PCMU', ulaw],
    ['a type that is given a name', 'm=audio 0 RTP/AVP 104\r\na=rtpmap:104 pcmu/8000', 'PCMU', ulaw],
    [
      '16 kHz of two channels',
      'm=audio 0 RTP/AVP 98\r\na=rtpmap:98 PCMA/16000/2',
      'PCMA',
      { codec: 'alaw', channels: 2, clockRate: 16_000 },
    ],
    ['AAC behind it', `m=audio 0 RTP/AVP 8\r\n${aac}`, 'MPEG4-GENERIC', { codec: 'aac', clockRate: 16_000 }],
    ['a rate that AAC has not', 'm=audio 0 RTP/AVP 98\r\na=rtpmap:98 PCMA/6000', 'PCMA', undefined],
    ['six channels', 'm=audio 0 RTP/AVP 98\r\na=rtpmap:98 PCMU/8000/6', 'PCMU', undefined],
    ['G.726', 'm=audio 0 RTP/AVP 99\r\na=rtpmap:99 G726-32/8000', 'G726-32', undefined],
    ['G.726 of old', 'm=audio 0 RTP/AVP 2', 'G726-32', undefined],
    ['LPCM', 'm=audio 0 RTP/AVP 11', 'L16', undefined],
    ['AAC-LATM', 'm=audio 0 RTP/AVP 99\r\na=rtpmap:99 MP4A-LATM/16000', 'MP4A-LATM', undefined],
    ['none', '', undefined, undefined],
  ])('%s', (_, sdp, sound, format) => {
    const found = recorded(sdp);
    expect(found.sound).toBe(sound);
    if (format === undefined) expect(found.format).toBeUndefined();
    else expect(found.format).toMatchObject(format);
  });
});

describe('G711Depacketizer', () => {
  function pushed(channels: number, packets: readonly { sequence: number; ticks: number; data: Buffer }[]) {
    const units: SoundUnit[] = [];
    const depacketizer = new G711Depacketizer(channels, new TimestampUnwrapper(), (unit) => units.push(unit));
    for (const { sequence, ticks, data } of packets) {
      const bytes = Buffer.concat([Buffer.from([0x80, 8]), Buffer.alloc(10), data]);
      bytes.writeUInt16BE(sequence, 2);
      bytes.writeUInt32BE(ticks >>> 0, 4);
      const packet = emptyPacket();
      expect(parseRtp(packet, bytes)).toBe(true);
      depacketizer.push(packet);
      bytes.fill(0); // the socket reads the next ones into the same place
    }
    return { units, depacketizer };
  }

  it('keeps the bytes of each packet, over the ends of sequence and time', () => {
    const data = [1, 2, 3].map((value) => Buffer.alloc(160, value));
    const { units } = pushed(1, [
      { sequence: 65_535, ticks: 2 ** 32 - 160, data: data[0]! },
      { sequence: 0, ticks: 0, data: data[1]! },
      { sequence: 0, ticks: 0, data: data[1]! },
      { sequence: 1, ticks: 160, data: data[2]! },
    ]);
    expect(units.map((unit) => unit.data)).toEqual(data);
    expect(units.map(({ durationTicks }) => durationTicks)).toEqual([160, 160, 160]);
    expect(units.map(({ ticks }) => ticks - units[0]!.ticks)).toEqual([0, 160, 320]);
  });

  it('counts what is missing and leaves out what is no whole sample', () => {
    const { units, depacketizer } = pushed(2, [
      { sequence: 10, ticks: 0, data: Buffer.alloc(8) },
      { sequence: 13, ticks: 12, data: Buffer.alloc(7) },
      { sequence: 14, ticks: 16, data: Buffer.alloc(0) },
      { sequence: 15, ticks: 20, data: Buffer.alloc(40_000) },
    ]);
    expect(units.map(({ durationTicks }) => durationTicks)).toEqual([4]);
    expect(depacketizer).toMatchObject({ lostPackets: 2, badPackets: 2 });
  });
});

describe('a fragment that a power cut may have torn', () => {
  const sps = Buffer.from('6742c01ed9005005bb0110000003001000000303c0f1832e', 'hex');
  const sets = { vps: [], sps: [sps], pps: [Buffer.from('68cb8cb2', 'hex')] };
  const init = buildInitSegment({ codec: 'h264', sets }, { codec: 'ulaw', channels: 1, clockRate: 8000 });
  const defaults = parseTrackDefaults(init.bytes, init.trackId);

  function fragment(sound: Buffer): Buffer {
    const picture = Buffer.concat([Buffer.from([0, 0, 4, 0, 0x65]), Buffer.alloc(1023, 7)]);
    const samples = [{ byteLength: picture.length, isKey: true, duration: 3600, compositionOffset: 0 }];
    const audio = { baseMediaDecodeTime: 0n, samples: [{ data: sound, duration: sound.length }] };
    const bytes = Buffer.concat([Buffer.alloc(fragmentHeadBytes(samples, audio)), picture]);
    writeFragmentHead(bytes, 1, 0n, samples, audio);
    return bytes;
  }

  it('is kept where a camera sends nothing but zeros as sound, and not where its picture is zeros', () => {
    const whole = fragment(Buffer.alloc(2000));
    expect(describeFragment(whole, init, defaults, true)).toMatchObject({
      sha256: createHash('sha256').update(whole).digest(),
    });
    const torn = Buffer.from(whole).fill(0, whole.length - 600, whole.length - 1);
    expect(() => describeFragment(torn, init, defaults, true)).toThrow('zeros');
  });
});
