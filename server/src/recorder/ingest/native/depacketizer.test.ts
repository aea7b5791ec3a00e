// What cameras do against RFC 6184 and RFC 7798, and what becomes of it.
import { describe, expect, it } from 'vitest';
import { Depacketizer } from './depacketizer.js';
import { emptyPacket, TimestampUnwrapper } from './rtp-packet.js';
import { encodeVideo, smallVideo } from './rtsp.test-harness.js';
import type { VideoCodec } from './video-codec.js';

type Sent = readonly [timestamp: number, marker: boolean, hex: string];

function units(codec: VideoCodec, packets: readonly Sent[], options: { hasOrderNumbers?: boolean; sps?: Buffer } = {}) {
  const found: string[] = [];
  const depacketizer = new Depacketizer({
    codec,
    timestamps: new TimestampUnwrapper(),
    onUnit: ({ ticks, again, nals }) =>
      found.push(`${ticks}${again ? '+' : ''} ${nals.map((nal) => nal.toString('hex')).join(' ')}`),
    ...options,
  });
  if (options.sps !== undefined) depacketizer.learn(options.sps);
  for (const [timestamp, marker, hex] of packets) {
    const bytes = Buffer.from(hex, 'hex');
    depacketizer.push({ ...emptyPacket(), timestamp, marker, bytes, start: 0, end: bytes.length });
    depacketizer.settle();
  }
  depacketizer.end();
  return found;
}

const progressive = smallVideo()[0]!.find((nal) => (nal[0]! & 31) === 7)!;
const interlaced = () =>
  encodeVideo(
    'h264',
    ['-c:v', 'libx264', '-flags', '+ildct+ilme', '-x264-params', 'interlaced=1'],
    '64x64',
    0.2,
  )[0]!.find((nal) => (nal[0]! & 31) === 7)!;

describe('NAL units', () => {
  it.each<[string, VideoCodec, Sent[], string[]]>([
    ['with a start code', 'h264', [[1, true, '0000000141e0aa']], ['1 41e0aa']],
    ['with a short start code', 'h264', [[1, true, '00000141e0aa']], ['1 41e0aa']],
    ['of H.265 with a start code', 'h265', [[1, true, '000000010201d0aa']], ['1 0201d0aa']],
    ['with start codes in an aggregate', 'h264', [[1, true, '180006000001686601000500000168aa']], ['1 686601 68aa']],
    ['several in one packet', 'h264', [[1, true, '6764000000016801000000016588']], ['1 6764 6801 6588']],
    [
      'several in fragments, the header of the first before a start code',
      'h264',
      [
        [1, false, '7c870000000167'],
        [1, false, '7c0764000000'],
        [1, true, '7c47016588'],
      ],
      ['1 6764 6588'],
    ],
    [
      'whose first fragment is empty',
      'h265',
      [
        [1, false, '620193'],
        [1, true, '620153bb'],
      ],
      ['1 2601bb'],
    ],
    [
      'whose last fragment is empty',
      'h264',
      [
        [1, false, '7c85aa'],
        [1, true, '7c45'],
      ],
      ['1 65aa'],
    ],
    [
      'whose fragments never say that they end',
      'h264',
      [
        [1, false, '7c85aa'],
        [1, false, '7c05bb'],
        [2, false, '7c81cc'],
        [2, true, '7c01dd'],
        [3, true, '41e0'],
      ],
      ['1 65aabb', '2 61ccdd', '3 41e0'],
    ],
    [
      'of which the end is missing, where others have one',
      'h264',
      [
        [1, false, '7c85aa'],
        [1, true, '7c45bb'],
        [2, false, '7c81cc'],
        [3, true, '41e0'],
      ],
      ['1 65aabb', '3 41e0'],
    ],
    [
      'with a marker on each fragment',
      'h264',
      [
        [1, true, '7c85aa'],
        [1, true, '7c05bb'],
        [1, true, '7c45cc'],
      ],
      ['1 65aabbcc'],
    ],
    [
      'of types that do not exist',
      'h264',
      [
        [1, true, '1f00'],
        [1, true, '1e00'],
        [2, true, '41e0'],
      ],
      ['2 41e0'],
    ],
    [
      'nothing but their header',
      'h264',
      [
        [1, false, '41'],
        [1, true, '41e0'],
      ],
      ['1 41e0'],
    ],
    [
      'before a packet that holds the marker alone',
      'h264',
      [
        [1, false, '41e0'],
        [1, true, ''],
      ],
      ['1 41e0'],
    ],
  ])('%s', (_name, codec, packets, expected) => {
    expect(units(codec, packets)).toEqual(expected);
  });
});

describe('pictures with one time stamp', () => {
  const two: Sent[] = [
    [1, true, '65b8aa'],
    [1, true, '41e0bb'],
    [2, true, '41e0cc'],
  ];
  const withoutMarkers = two.map(([timestamp, , hex]): Sent => [timestamp, false, hex]);

  it.each([
    ['each with a marker', two],
    ['without markers', withoutMarkers],
  ])('are two, %s', (_name, packets) => {
    expect(units('h264', packets, { sps: progressive })).toEqual(['1 65b8aa', '1+ 41e0bb', '2 41e0cc']);
  });

  it('of H.265 are two, without markers', () => {
    const packets: Sent[] = [
      [1, false, '2601a0aa'],
      [1, false, '260120ab'],
      [1, false, '0201d0bb'],
      [2, false, '0201d0cc'],
    ];
    expect(units('h265', packets)).toEqual(['1 2601a0aa 260120ab', '1+ 0201d0bb', '2 0201d0cc']);
  });

  it('are one where they may be fields, or slices with a marker each', () => {
    expect(units('h264', withoutMarkers, { sps: interlaced() })).toEqual(['1 65b8aa 41e0bb', '2 41e0cc']);
    const slices: Sent[] = [
      [1, true, '65b8aa'],
      [1, true, '6548aa'],
      [2, true, '41e0cc'],
      [2, true, '4140cc'],
    ];
    // The first time the second slice comes as an addition.
    expect(units('h264', slices, { sps: progressive })).toEqual(['1 65b8aa', '1 6548aa', '2 41e0cc 4140cc']);
  });
});

describe('decoding order numbers', () => {
  const packets: Sent[] = [
    [1, false, '60010000000340010900000342010800'],
    [1, false, '6201930002aa'],
    [1, true, '620153bb'],
    [2, true, '02010003d0cc'],
  ];

  it('are taken off', () => {
    expect(units('h265', packets, { hasOrderNumbers: true })).toEqual(['1 400109 420108 2601aabb', '2 0201d0cc']);
  });

  it('that go back are refused, by name', () => {
    const back: Sent[] = [...packets, [3, true, '02010001d0cc']];
    expect(() => units('h265', back, { hasOrderNumbers: true })).toThrow(
      expect.objectContaining({ reason: 'not_video', detail: expect.stringContaining('interleaved') }),
    );
  });
});

it('packets of interleaved mode alone are refused, by name; one among others is damage', () => {
  const one: Sent = [1, false, '1900016588'];
  expect(units('h264', [...Array<Sent>(10).fill(one), [2, true, '41e0'], ...Array<Sent>(10).fill(one)])).toEqual([
    '2 41e0',
  ]);
  expect(() => units('h264', Array<Sent>(16).fill(one))).toThrow(
    expect.objectContaining({ reason: 'not_video', detail: expect.stringContaining('interleaved') }),
  );
});
