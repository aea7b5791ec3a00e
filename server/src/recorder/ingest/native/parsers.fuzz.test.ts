// Whatever a camera sends: nothing but an IngestFailure comes of it, in bounded time and memory.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/clock.js';
import { stderrFailure } from '../ffmpeg/stderr-reason.js';
import { IngestFailure } from '../ingest-failure.js';
import { SteadyClock } from '../recorded-clock.js';
import { videoParametersFrom } from './made-video-parameters.js';
import { buildInitSegment } from './mp4-writer.js';
import { NativeStream } from './native-stream.js';
import { baseAddress, controlAddresses, rtspAddress } from './rtsp-address.js';
import { authorizerFor } from './rtsp-authorization.js';
import { Packetizer, rtp, smallVideo } from './rtsp.test-harness.js';
import { parseH264Sps, parseH265Sps } from './sequence-parameters.js';
import { findMedia } from './session-description.js';
import type { VideoCodec } from './video-codec.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** Runs; an IngestFailure is an answer too. */
function bounded<T>(work: () => T): T | IngestFailure {
  try {
    return work();
  } catch (error) {
    if (error instanceof IngestFailure) return error;
    throw error;
  }
}

function stream(codec: VideoCodec, hasOrderNumbers = false) {
  const fragments: Buffer[] = [];
  const ignore = () => undefined;
  const one = new NativeStream({
    media: {
      video: {
        codec,
        payloadType: 96,
        clockRate: 90_000,
        control: '',
        parameterSets: [],
        hasOrderNumbers,
      },
      audio: undefined,
      control: '',
    },
    audio: false,
    clock: systemClock,
    sendRtcp: ignore,
    pull: {
      signal: new AbortController().signal,
      nextRun: () => 1,
      onFragment: ({ bytes: written }) => fragments.push(written),
      recordedClock: new SteadyClock(systemClock),
      requestKeyframe: ignore,
      hints: { udp: false, otherWithoutKeyframes: false },
      report: { frame: ignore, codec: ignore, packets: ignore, time: ignore, trouble: ignore, audio: ignore },
    },
  });
  return { one, fragments };
}

describe('session descriptions', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'v=0',
      'm=video 0 RTP/AVP 96',
      'm=video 0/2 RTP/AVP 26 96 97',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:96 H264/90000',
      'a=rtpmap:96 H265',
      'a=rtpmap:97 MPEG4-GENERIC/16000/2',
      'a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IAHg==,aM4C;;=;x',
      'a=control:trackID=1',
      'a=control:',
    ),
    fc.string({ maxLength: 200 }),
    fc.string({ maxLength: 60 }).map((text) => `a=fmtp:96 ${text}`),
    fc.string({ maxLength: 60 }).map((text) => `m=${text}`),
    fc.string({ maxLength: 60 }).map((text) => `a=rtpmap:${text}`),
  );

  it('of any kind are read or refused', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.boolean(), (lines, begins) => {
        const media = bounded(() => findMedia((begins ? ['v=0', ...lines] : lines).join('\r\n')));
        if (!(media instanceof IngestFailure)) expect(['h264', 'h265']).toContain(media.video.codec);
      }),
      { numRuns: 500 },
    );
  });

  it('of a quarter of a megabyte take no time', () => {
    for (const text of [
      'a=fmtp:96 ',
      'a=rtpmap:96 H264/90000 ',
      'm=video 0 RTP/AVP ',
      'a=control:',
      'v=0\r\n',
      ' = ; ',
    ]) {
      const startedAt = performance.now();
      bounded(() => findMedia(`v=0\r\nm=video 0 RTP/AVP 96\r\n${text.repeat(250_000 / text.length)}`));
      bounded(() => findMedia(`v=0\r\n${`${text}x\r\n`.repeat(250_000 / text.length)}`));
      expect(performance.now() - startedAt).toBeLessThan(3000);
    }
  });

  const head = 'v=0\r\ns=x\r\nm=audio 0 RTP/AVP 8\r\na=control:a\r\n';
  it.each<[string, string, object]>([
    [
      'no rate and static types',
      'm=video 0 RTP/AVP 26 96\r\na=rtpmap:96 H264\r\na=control:t\r\n',
      { codec: 'h264', payloadType: 96, clockRate: 90_000, control: 't' },
    ],
    [
      'the second video, its sets behind blanks',
      'm=video 0 RTP/AVP 26\r\nm=video 0/2 RTP/AVP 97\r\na=rtpmap:97 h264/90000\r\na=fmtp:97 a=b; sprop-parameter-sets=Z0IAHg==,aM4CAA==\r\na=control:u\r\n',
      {
        payloadType: 97,
        control: 'u',
        parameterSets: [Buffer.from('Z0IAHg==', 'base64'), Buffer.from('aM4CAA==', 'base64')],
      },
    ],
    [
      'H.265',
      'm=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000\r\na=fmtp:98 sprop-vps=QAEMAf//;sprop-sps=QgEBAQ==;sprop-pps=RAHA8w==\r\n',
      { codec: 'h265', payloadType: 98, control: '', parameterSets: { length: 3 } },
    ],
  ])('find the video: %s', (_name, sdp, expected) => {
    expect(findMedia(head + sdp).video).toMatchObject(expected);
  });

  it.each<[string, string, object]>([
    [
      'that begins with its media',
      'm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:trackID=0\n',
      { codec: 'h264', payloadType: 96, control: 'trackID=0' },
    ],
    [
      'with blanks where none belong',
      'v=0\r\n m=video 0 RTP/AVP 96\r\na=rtpmap: 96 H265/90000\r\na=control: t\r\n',
      { codec: 'h265', control: 't' },
    ],
    [
      'whose map names another payload type',
      'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 sprop-parameter-sets=Z0IAHg==\r\n',
      { codec: 'h264', payloadType: 96, parameterSets: [Buffer.from('Z0IAHg==', 'base64')] },
    ],
    ['without a map', 'v=0\r\nm=video 0 RTP/AVP 96\r\na=fmtp:96 packetization-mode=1\r\n', { codec: 'h264' }],
    ['without a map, of H.265', 'v=0\r\nm=video 0 RTP/AVP 96\r\na=fmtp:96 sprop-sps=QgEBAQ==\r\n', { codec: 'h265' }],
    [
      'with order numbers',
      'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-max-don-diff=1\r\nm=application 0 RTP/AVP 107\r\n',
      { hasOrderNumbers: true, otherTypes: [107] },
    ],
  ])('are read: %s', (_name, sdp, expected) => {
    expect(findMedia(sdp).video).toMatchObject(expected);
  });

  it('of interleaved mode are refused, by name', () => {
    const sdp = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\n';
    expect(bounded(() => findMedia(head + sdp))).toMatchObject({
      reason: 'not_video',
      other: undefined,
      detail: expect.stringContaining('interleaved') as string,
    });
  });

  it('find AAC beside the video', () => {
    const sdp =
      'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/2\r\n' +
      'a=fmtp:97 streamtype=5; Config=1408; SizeLength=13\r\na=control:track2\r\n';
    const { audio } = findMedia(head + sdp);
    expect(audio).toMatchObject({ payloadType: 97, clockRate: 16_000, channels: 2, control: 'track2' });
    expect(audio!.parameters.get('config')).toBe('1408');
    expect(audio!.parameters.get('sizelength')).toBe('13');
  });

  it.each<[string, string | undefined]>([
    ['m=video 0 RTP/AVP 26\r\n', 'mjpeg'],
    ['m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n', 'mpeg4'],
    ['m=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n', undefined],
    ['', undefined],
  ])('refuse %j; the other engine has %s', (sdp, codec) => {
    const refused = bounded(() => findMedia(head + sdp));
    expect(refused).toMatchObject({ reason: 'not_video' });
    expect((refused as IngestFailure).other).toEqual(codec === undefined ? undefined : { because: 'codec', codec });
  });
});

describe('addresses and challenges', () => {
  it('that begin like another host, which is none, are taken as a path', () => {
    expect(controlAddresses('rtsp://h/s', '//|')).toEqual(['rtsp://h/s/|']);
  });

  it('of any kind are read or refused, and never break a request', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 300 }), (one, two) => {
        const base = baseAddress([one], 'rtsp://h/s');
        const found = bounded(() => [base, ...controlAddresses(base, two), rtspAddress(`rtsp://h/${one}`).href]);
        if (!(found instanceof IngestFailure)) for (const address of found) expect(address).not.toMatch(/[\s\0]/);
        const answer = authorizerFor([`Digest ${one}`, two], { username: one, password: two })?.('PLAY', base);
        expect(answer ?? '').not.toMatch(/[\r\n]/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('packets', () => {
  it.each<VideoCodec>(['h264', 'h265'])('of any kind make fragments of %s or none', (codec) => {
    const packet = fc.oneof(
      bytes(80).map((payload) => rtp({ sequence: 0, timestamp: 0 }, payload)),
      fc
        .record({
          sequence: fc.nat(40),
          timestamp: fc.constantFrom(0, 3000, 6000, 2 ** 31, 2 ** 32 - 1),
          marker: fc.boolean(),
          ssrc: fc.nat(2),
          payload: bytes(60),
        })
        .map(({ payload, ...fields }) => rtp(fields, payload)),
      fc
        .record({
          sequence: fc.nat(40),
          timestamp: fc.nat(9),
          type: fc.nat(63),
          flags: fc.nat(255),
          payload: bytes(40),
        })
        .map(({ sequence, timestamp, type, flags, payload }) => {
          const head = codec === 'h264' ? [type, flags] : [type << 1, 1, flags];
          return rtp(
            { sequence, timestamp: timestamp * 3000, marker: flags > 128 },
            Buffer.concat([Buffer.from(head), payload]),
          );
        }),
      bytes(60),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(packet, fc.boolean()), { maxLength: 120 }), fc.boolean(), (packets, numbered) => {
        const { one } = stream(codec, numbered && codec === 'h265');
        bounded(() => {
          for (const [data, isRtcp] of packets) one.packet('video', isRtcp, data);
          one.tick();
          one.end();
        });
      }),
      { numRuns: 300 },
    );
  });

  it('damaged anywhere never make a fragment that is not whole', () => {
    const pictures = smallVideo();
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(5000), to: fc.nat(255), place: fc.nat(400) }), { maxLength: 20 }),
        (damages) => {
          const { one, fragments } = stream('h264');
          const packetizer = new Packetizer();
          const packets = pictures.flatMap((nals) => packetizer.picture(nals)).map((packet) => Buffer.from(packet));
          for (const { at, to, place } of damages) {
            const packet = packets[at % packets.length]!;
            packet[place % packet.length] = to;
          }
          bounded(() => {
            for (const packet of packets) one.packet('video', false, packet);
            one.end();
          });
          for (const fragment of fragments) {
            expect(fragment.toString('latin1', 4, 8)).toBe('moof');
            const moof = fragment.readUInt32BE(0);
            expect(moof + fragment.readUInt32BE(moof)).toBe(fragment.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of a frame without end are refused before they fill the memory', () => {
    const { one } = stream('h264');
    const big = Buffer.alloc(60_000, 1);
    const refused = bounded(() => {
      for (let sequence = 0; sequence < 400; sequence += 1)
        one.packet('video', false, rtp({ sequence, timestamp: 1 }, big));
    });
    expect(refused).toMatchObject({ reason: 'bad_answer' });
  });
});

describe('parameter sets', () => {
  it('of any kind are read or refused', () => {
    const sets = [smallVideo()[0]!.find((nal) => (nal[0]! & 31) === 7)!];
    fc.assert(
      fc.property(bytes(100), fc.nat(40), fc.nat(255), (random, place, to) => {
        const damaged = Buffer.from(sets[0]!);
        damaged[place % damaged.length] = to;
        for (const sps of [random, damaged]) {
          bounded(() => parseH264Sps(sps));
          bounded(() => parseH265Sps(sps));
          bounded(() => buildInitSegment({ codec: 'h264', sets: { vps: [], sps: [sps], pps: [random] } }));
          bounded(() => buildInitSegment({ codec: 'h265', sets: { vps: [random], sps: [sps], pps: [random] } }));
          const made = bounded(() => videoParametersFrom(sps));
          if (!(made instanceof IngestFailure)) expect(made.length).toBeLessThan(2 * sps.length + 100);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the last words of a child', () => {
  it('of any kind become a reason, short', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 6000 }), fc.boolean(), (text, framesCame) => {
        const { reason, detail } = stderrFailure(text, framesCame);
        expect(reason).toMatch(/^[a-z_]+$/);
        expect(detail.length).toBeLessThanOrEqual(200);
      }),
      { numRuns: 300 },
    );
  });
});
