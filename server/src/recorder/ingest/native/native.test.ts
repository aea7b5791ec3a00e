import { describe, expect, it } from 'vitest';
import type { Fragment } from '../../../lib/fragment.js';
import { parseMoof } from '../../../lib/isobmff/moof.js';
import { TimeAnchor } from '../time-anchor.js';
import { Depacketizer, type AccessUnit } from './depacketizer.js';
import { Fragmenter } from './fragmenter.js';
import { buildInitSegment } from './mp4-writer.js';
import { readRtcp, type SenderReport } from './rtcp.js';
import { TimestampUnwrapper } from './rtp-packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import { authorizerFor } from './rtsp-authorization.js';
import { RtspParser } from './rtsp-message.js';
import { decodeVideo, encodeVideo } from './rtsp.test-harness.js';
import { nalRole, type VideoCodec } from './video-codec.js';

function rtp(sequence: number, timestamp: number, marker: boolean, payload: number[] | Buffer): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = 96 | (marker ? 0x80 : 0);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  return Buffer.concat([header, Buffer.from(payload)]);
}

describe('Depacketizer', () => {
  function units(codec: VideoCodec, packets: Buffer[]): AccessUnit[] {
    const found: AccessUnit[] = [];
    const depacketizer = new Depacketizer({
      codec,
      timestamps: new TimestampUnwrapper(),
      onUnit: ({ ticks, again, nals }) => found.push({ ticks, again, nals: nals.map((nal) => Buffer.from(nal)) }),
    });
    const receiver = new RtpReceiver({
      payloadType: 96,
      clockRate: 90_000,
      onPacket: (packet) => depacketizer.push(packet),
      onLoss: () => depacketizer.lose(),
      onSourceChange: () => undefined,
    });
    for (const packet of packets) receiver.push(packet, 0);
    receiver.flushLate(1e6);
    depacketizer.finish();
    return found;
  }
  const hex = (unit: AccessUnit) => unit.nals.map((nal) => nal.toString('hex'));

  it('joins single units, aggregates and fragments of H.264', () => {
    const [unit] = units('h264', [
      rtp(1, 100, false, [24, 0, 2, 0x67, 1, 0, 2, 0x68, 2]),
      rtp(2, 100, false, [0x06, 5]),
      rtp(3, 100, false, [0x7c, 0x85, 0xaa]),
      rtp(4, 100, false, [0x7c, 0x05, 0xbb]),
      rtp(5, 100, true, [0x7c, 0x45, 0xcc]),
    ]);
    expect(hex(unit!)).toEqual(['6701', '6802', '0605', '65aabbcc']);
  });

  it('joins aggregates and fragments of H.265', () => {
    const [unit] = units('h265', [
      rtp(1, 100, false, [0x60, 1, 0, 3, 0x40, 1, 9, 0, 3, 0x42, 1, 8]),
      rtp(2, 100, false, [0x62, 1, 0x93, 0xaa]),
      rtp(3, 100, true, [0x62, 1, 0x53, 0xbb]),
    ]);
    expect(hex(unit!)).toEqual(['400109', '420108', '2601aabb']);
  });

  it('drops a fragmented unit of which a packet is missing', () => {
    const found = units('h264', [
      rtp(1, 100, false, [0x06, 5]),
      rtp(2, 100, false, [0x7c, 0x85, 0xaa]),
      rtp(4, 100, true, [0x7c, 0x45, 0xcc]),
    ]);
    expect(found.map(hex)).toEqual([['0605']]);
  });

  it('ends a frame without marker when the next begins, over the wrap of the timestamp', () => {
    const found = units('h264', [
      rtp(65535, 0xffff_fff0, false, [0x65, 1]),
      rtp(0, 0x10, false, [0x41, 2]),
      rtp(1, 0x30, false, [0x41, 3]),
    ]);
    expect(found.map(({ ticks }) => ticks)).toEqual([0xffff_fff0, 0xffff_fff0 + 0x20, 0xffff_fff0 + 0x40]);
  });

  it('refuses a frame without end', () => {
    const big = Buffer.alloc(60_000, 1);
    expect(() =>
      units(
        'h264',
        Array.from({ length: 400 }, (_, index) => rtp(index, 1, false, big)),
      ),
    ).toThrow(expect.objectContaining({ reason: 'bad_answer' }));
  });
});

describe('authorizerFor', () => {
  it('answers as RFC 2069 and RFC 7616 say', () => {
    const credentials = { username: 'Mufasa', password: 'CircleOfLife' };
    const old = authorizerFor(
      ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'],
      credentials,
    )!;
    expect(old('GET', '/dir/index.html')).toContain('response="1949323746fe6a43ef61f9606e7febea"');
    const both = authorizerFor(
      ['Basic realm="x"', 'Digest realm="x", nonce="n", qop="auth", algorithm=SHA-256'],
      credentials,
    )!;
    expect(both('DESCRIBE', 'rtsp://h/')).toMatch(/^Digest .*algorithm=SHA-256.*qop=auth, nc=00000001, cnonce="/);
    expect(both('SETUP', 'rtsp://h/')).toContain('nc=00000002');
    expect(authorizerFor(['Basic realm="x"'], credentials)!('GET', '/')).toBe('Basic TXVmYXNhOkNpcmNsZU9mTGlmZQ==');
    expect(authorizerFor(['Negotiate'], credentials)).toBeUndefined();
  });
});

describe('RtspParser', () => {
  function parse(chunks: Buffer[]) {
    const seen: string[] = [];
    const parser = new RtspParser({
      onResponse: ({ status, body }) => seen.push(`${status} ${body}`),
      onRequest: (method) => seen.push(method),
      onInterleaved: (channel, bytes, from, to) => seen.push(`$${channel} ${bytes.toString('hex', from, to)}`),
      onReadEnd: () => undefined,
    });
    for (const chunk of chunks) parser.push(chunk);
    return seen;
  }
  const stream = Buffer.concat([
    Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc'),
    Buffer.from([0x24, 0, 0, 2, 1, 2]),
    Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n'),
    Buffer.from([0x24, 1, 0, 0]),
  ]);

  it('sees the same however the bytes are cut', () => {
    const expected = ['200 abc', '$0 0102', 'OPTIONS', '$1 '];
    expect(parse([stream])).toEqual(expected);
    expect(parse([...stream].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it.each([
    ['junk', Buffer.from([0xff, 0xd8])],
    ['text without end', Buffer.from(`RTSP/1.0 200 OK\r\nX: ${'a'.repeat(20_000)}`)],
    ['another protocol', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
    ['no end', Buffer.alloc(20_000, 0x41)],
    ['an impossible length', Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n')],
  ])('refuses %s', (_name, bytes) => {
    expect(() => parse([bytes])).toThrow(expect.objectContaining({ reason: 'bad_answer' }));
  });
});

describe('readRtcp', () => {
  const found = (packet: Buffer) => {
    const reports: SenderReport[] = [];
    const byes: (readonly number[])[] = [];
    readRtcp(packet, { onSenderReport: (one) => reports.push(one), onBye: (one) => byes.push(one) });
    return { reports, byes };
  };

  it('finds report and goodbye in a compound packet and ignores a camera without a clock', () => {
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6, 0, 0, 0, 7]);
    report.writeUInt32BE(2_208_988_800 + 1000, 8);
    report.writeUInt32BE(0x8000_0000, 12);
    report.writeUInt32BE(4711, 16);
    const other = Buffer.from([0x81, 202, 0, 1, 0, 0, 0, 0]);
    const bye = Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 7]);
    const { reports, byes } = found(Buffer.concat([other, report, bye]));
    expect(reports).toMatchObject([{ ssrc: 7, utcMs: 1_000_500, rtpTimestamp: 4711 }]);
    expect(reports[0]!.middle).toBe((((2_208_988_800 + 1000) % 65536) * 65536 + 0x8000) >>> 0);
    expect(byes).toEqual([[7]]);
    report.writeUInt32BE(0, 8);
    expect(found(report).reports[0]!.utcMs).toBeUndefined();
    expect(found(Buffer.from([0x80, 200, 0, 6, 1, 2])).reports).toEqual([]);
  });

  it('knows the era after 2036', () => {
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6]);
    report.writeUInt32BE(100, 8);
    expect(new Date(found(report).reports[0]!.utcMs!).getUTCFullYear()).toBe(2036);
  });
});

interface Encoded {
  codec: VideoCodec;
  encoder: string[];
  sampleEntry: string;
}

describe('fragments of real video', () => {
  it.each<Encoded>([
    { codec: 'h264', encoder: ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10'], sampleEntry: 'avc1' },
    {
      codec: 'h265',
      encoder: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=10:bframes=0'],
      sampleEntry: 'hvc1',
    },
  ])('$codec decodes whole, with the right size', (video) => {
    // 90 lines are not a multiple of a block: the picture is cropped.
    const units = encodeVideo(video.codec, video.encoder, '160x90', 2);
    const sets = { vps: [] as Buffer[], sps: [] as Buffer[], pps: [] as Buffer[] };
    for (const nal of units[0]!) {
      const role = nalRole(video.codec, nal);
      if (role === 'vps' || role === 'sps' || role === 'pps') sets[role].push(nal);
    }
    const init = buildInitSegment({ codec: video.codec, sets });
    expect(init).toMatchObject({ width: 160, height: 90, timescale: 90_000 });
    expect(init.codec).toMatch(new RegExp(`^${video.sampleEntry}\\.`));
    const anchor = new TimeAnchor(90_000);
    anchor.observeArrival(0, 1e12);
    const fragments: Fragment[] = [];
    const fragmenter = new Fragmenter({ init, anchor, nextRun: () => 5, onFragment: (one) => fragments.push(one) });
    units.forEach((nals, index) => {
      const kept = nals.filter((nal) => ['key', 'picture', 'other'].includes(nalRole(video.codec, nal)));
      const isKey = kept.some((nal) => nalRole(video.codec, nal) === 'key');
      fragmenter.push({ ticks: index * 9000, nals: kept, isKey }, index * 100);
    });
    fragmenter.flush(undefined);
    expect(fragments.map(({ sampleCount, independent, durationMs }) => [sampleCount, independent, durationMs])).toEqual(
      [
        [10, true, 1000],
        [10, true, 1000],
      ],
    );
    expect(decodeVideo(init.bytes, fragments).length).toBe(20 * 160 * 90);
  });
});

describe('Fragmenter', () => {
  const nal = Buffer.from([0x65, 0x88, 0x80]);

  function run(pictures: [ticks: number, isKey: boolean][], atMs: (index: number) => number = (index) => index * 40) {
    const found: Fragment[] = [];
    const anchor = new TimeAnchor(90_000);
    anchor.observeArrival(0, 1e12);
    let runs = 0;
    const fragmenter = new Fragmenter({
      init: { timescale: 90_000 } as Fragment['init'],
      anchor,
      nextRun: () => ++runs,
      onFragment: (one) => found.push(one),
    });
    pictures.forEach(([ticks, isKey], index) => fragmenter.push({ ticks, nals: [nal], isKey }, atMs(index)));
    return { found, fragmenter };
  }
  const shown = (one: Fragment) => {
    let ticks = 0;
    return parseMoof(one.bytes).samples.map((sample) => {
      const at = Number(one.baseMediaDecodeTime) + ticks + sample.compositionOffset;
      ticks += sample.duration;
      return at;
    });
  };

  it('drops what comes before the first keyframe', () => {
    const { found, fragmenter } = run([
      [0, false],
      [3600, false],
      [7200, true],
      [10_800, false],
    ]);
    fragmenter.flush(undefined);
    expect(fragmenter.droppedPictures).toBe(2);
    expect(found.map(({ sampleCount }) => sampleCount)).toEqual([2]);
  });

  it('shows reordered pictures at their times and never before they are decoded', () => {
    // I P B B P B B in decoding order
    const order = [0, 3, 1, 2, 6, 4, 5].map((picture) => picture * 3600);
    const { found, fragmenter } = run(order.map((ticks, index) => [ticks, index === 0]));
    fragmenter.flush(undefined);
    const [one] = found;
    const first = shown(one!)[0]!;
    expect(shown(one!).map((at) => at - first)).toEqual(order);
    for (const { compositionOffset } of parseMoof(one!.bytes).samples)
      expect(compositionOffset).toBeGreaterThanOrEqual(0);
    expect(one!.startAtMs + first / 90).toBeCloseTo(1e12, 6);
  });

  it('keeps a hole in the timeline where frames are missing', () => {
    const { found, fragmenter } = run([
      [0, true],
      [3600, false],
      [3600 + 5 * 90_000, false],
      [7200 + 5 * 90_000, false],
    ]);
    fragmenter.flush(undefined);
    expect(
      found.map(({ baseMediaDecodeTime, durationMs, run: one }) => [baseMediaDecodeTime, durationMs, one]),
    ).toEqual([
      [0n, 80, 1],
      [BigInt(3600 + 5 * 90_000), 80, 1],
    ]);
  });

  it('does not sit on a frame for long', () => {
    const { found, fragmenter } = run([[0, true]]);
    fragmenter.flushLate(1150);
    expect(found).toHaveLength(0);
    fragmenter.flushLate(1350);
    expect(found).toHaveLength(1);
  });
});
