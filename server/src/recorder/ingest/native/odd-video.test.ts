// Streams as encoders of the field make them: what is recorded of them can be decoded whole, by decoders that share no
// code with the writer, and begins wherever decoding can begin.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Fragment } from '../../../lib/fragment.js';
import { beginsAtRecoveryPoints } from '../../../lib/isobmff/init-segment.js';
import { parseMoof } from '../../../lib/isobmff/moof.js';
import type { StreamHabits } from './picture-recorder.js';
import { encodeTimedVideo, nalsOf, recordNative as record, type TimedPicture } from './timed-video.test-harness.js';
import { nalRole, type VideoCodec } from './video-codec.js';

const samplesOf = (fragment: Fragment) =>
  parseMoof(fragment.bytes).samples.map(({ offset, size }) => nalsOf(fragment.bytes.subarray(offset, offset + size)));

/**
 * Pictures that ffmpeg decodes of each init segment's fragments. @throws where it meets an error; `joined`: only one that
 * is not about what came before (a decoder that joins is asked to forget pictures that it never had).
 */
function decodedPictures(fragments: readonly Fragment[], joined = false): number {
  let decoded = 0;
  for (const init of new Set(fragments.map((one) => one.init))) {
    const own = fragments.filter((one) => one.init === init);
    const frames = execFileSync(
      'ffmpeg',
      [
        ...[
          '-v',
          joined ? 'fatal' : 'error',
          ...(joined ? [] : ['-xerror', '-err_detect', 'explode']),
          '-f',
          'mp4',
          '-i',
          'pipe:0',
        ],
        ...['-f', 'framecrc', 'pipe:1'],
      ],
      { input: Buffer.concat([init.bytes, ...own.map(({ bytes }) => bytes)]), maxBuffer: 1e7 },
    );
    decoded += frames
      .toString()
      .split('\n')
      .filter((line) => /^0,/.test(line)).length;
  }
  return decoded;
}

const count = (fragments: readonly Fragment[]) => fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
const isSet = (codec: VideoCodec) => (nal: Buffer) => ['vps', 'sps', 'pps'].includes(nalRole(codec, nal));
const entryOf = (fragment: Fragment) => fragment.init.codec.split('.')[0];

/** Each fragment begins where the one before ends, to within a tick of rounding. */
function expectNoSteps(fragments: readonly Fragment[]): void {
  fragments.slice(1).forEach((next, index) => {
    const last = fragments[index]!;
    if (next.run !== last.run) return;
    const ticks = Number(next.baseMediaDecodeTime - last.baseMediaDecodeTime);
    expect(Math.abs(ticks - last.durationMs * 90)).toBeLessThanOrEqual(1);
  });
}

describe('a picture at which decoding can begin', () => {
  it.each<{ codec: VideoCodec; encoder: string; what: string; shown: number; roll: boolean }>([
    {
      what: 'open groups',
      codec: 'h264',
      encoder: 'keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1',
      shown: 0,
      roll: false,
    },
    {
      what: 'open groups (CRA)',
      codec: 'h265',
      encoder: 'keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1',
      shown: 0,
      roll: false,
    },
    {
      what: 'a refresh piece by piece',
      codec: 'h264',
      encoder: 'keyint=20:bframes=0:scenecut=0:intra-refresh=1',
      shown: 0,
      roll: true,
    },
  ])('$what of $codec: begins there also in the midst of the stream', ({ codec, encoder, roll }) => {
    const pictures = encodeTimedVideo({ codec, encoder, seconds: 16 });
    // Behind the first group nothing in the stream is an IDR picture.
    const joined = pictures.slice(12);
    const isIdr = ({ nals }: TimedPicture) =>
      nals.some((nal) => (codec === 'h264' ? (nal[0]! & 31) === 5 : [19, 20].includes((nal[0]! >> 1) & 63)));
    expect(joined.some(isIdr)).toBe(false);
    const fragments = record(codec, joined);
    expect(fragments.length).toBeGreaterThan(10);
    expect(fragments[0]!.independent).toBe(true);
    expect(beginsAtRecoveryPoints(fragments[0]!.init.bytes)).toBe(codec === 'h264');
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
    // Again and again, so that live and thumbnails need not wait, and a clip has little in front.
    expect(fragments.filter(({ independent }) => independent).length).toBeGreaterThan(5);
    expectNoSteps(fragments);
    const ticksOf = fragments.map((fragment) => fragment.bytes.includes('roll'));
    expect(ticksOf.includes(true)).toBe(roll);
    if (roll) {
      // Pictures that are not refreshed yet are not shown.
      expect(decodedPictures(fragments, true)).toBeGreaterThan(count(fragments) - 20);
    } else expect(decodedPictures(fragments, true)).toBe(count(fragments));
  });
});

it('the one IDR picture at the beginning is followed by recovery points: one more run, and its entry says so', () => {
  const encoder = 'keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1';
  const pictures = encodeTimedVideo({ codec: 'h264', encoder, seconds: 10 });
  const fragments = record('h264', pictures);
  const runs = [...new Set(fragments.map(({ run }) => run))];
  const marked = runs.map((run) => beginsAtRecoveryPoints(fragments.find((one) => one.run === run)!.init.bytes));
  expect(marked).toEqual([false, true]);
  // Two reordered pictures are shown before the first recovery point that counts, and refer to the run before.
  expect(count(fragments)).toBe(98);
  expectNoSteps(fragments);
});

it('what a connection showed makes the next one begin once, until the camera has done without for long', () => {
  const encode = (encoder: string) => encodeTimedVideo({ codec: 'h264', encoder, seconds: 8 });
  const learnt: StreamHabits[] = [];
  const next = (pictures: readonly TimedPicture[]) => {
    const habits = learnt.at(-1);
    return record('h264', pictures, {
      ...(habits === undefined ? {} : { habits }),
      onHabits: (one) => learnt.push(one),
    });
  };
  const open = encode('keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1');
  expect(new Set(next(open).map(({ run }) => run)).size).toBe(2);
  expect(learnt).toEqual([{ setsPlace: 'entry', recoveryPoints: true }]);
  const again = next(open);
  expect(new Set(again.map(({ run }) => run)).size).toBe(1);
  expect(beginsAtRecoveryPoints(again[0]!.init.bytes)).toBe(true);
  expect(learnt).toHaveLength(1);
  next(encode('keyint=5:min-keyint=5:bframes=0:scenecut=0'));
  expect(learnt.slice(1)).toEqual([{ setsPlace: 'entry', recoveryPoints: false }]);
});

it.each<VideoCodec>(['h264', 'h265'])(
  'a clock that steps at an open group of %s: all of the new run is shown',
  (codec) => {
    const encoder = 'keyint=12:min-keyint=12:bframes=2:b-adapt=0:scenecut=0:open-gop=1';
    const pictures = encodeTimedVideo({ codec, encoder, seconds: 16 }).slice(12);
    const middle = pictures[70]!.ticks;
    const fragments = record(codec, pictures, { reportOffMs: (ticks) => (ticks < middle ? 0 : 3000) });
    const [before, after, ...more] = [...new Set(fragments.map(({ run }) => run))];
    expect(more).toEqual([]);
    const [old, own] = [before, after].map((run) => fragments.filter((one) => one.run === run)) as [
      Fragment[],
      Fragment[],
    ];
    expect(own[0]!.startAtMs - old.at(-1)!.startAtMs - old.at(-1)!.durationMs).toBeGreaterThan(2500);
    // Each by itself, as a file is: a decoder shows every picture that is in it.
    expect(own.length).toBeGreaterThan(3);
    expect(decodedPictures(own, true)).toBe(count(own));
    expect(decodedPictures(old, true)).toBe(count(old));
    // Two are shown before the first picture of the new run and refer to what came before it.
    expect(count(fragments)).toBe(count(record(codec, pictures)) - 2);
  },
);

describe('parameter sets', () => {
  const plain = 'keyint=10:scenecut=0:bframes=0';

  it('of a second sequence beside it are not taken for those in use', () => {
    const pictures = encodeTimedVideo({ codec: 'h264', encoder: plain, seconds: 2 });
    const other = encodeTimedVideo({ codec: 'h264', encoder: `${plain}:sps-id=1`, size: '64x48', seconds: 1 });
    const otherSets = other[0]!.nals.filter(isSet('h264'));
    const [sps, pps] = pictures[0]!.nals.filter(isSet('h264'));
    const both = pictures.map(({ ticks, nals }) => ({
      ticks,
      nals: nals.flatMap((nal) =>
        nal.equals(sps!) ? [sps!, otherSets[0]!] : nal.equals(pps!) ? [pps!, otherSets[1]!] : [nal],
      ),
    }));
    const fragments = record('h264', both);
    expect(fragments[0]!.init).toMatchObject({ width: 128, height: 96 });
    expect(decodedPictures(fragments)).toBe(20);
    expect(new Set(fragments.map(({ run }) => run)).size).toBe(1);
  });

  it.each<[VideoCodec, string]>([
    ['h264', 'avc1'],
    ['h265', 'hvc1'],
  ])('of %s stand in the sample entry alone where they stay the same', (codec, entry) => {
    const pictures = encodeTimedVideo({ codec, encoder: plain, seconds: 2 });
    const fragments = record(codec, pictures);
    expect(fragments.map(entryOf)).toEqual([entry, entry]);
    expect(fragments.flatMap(samplesOf).flat().some(isSet(codec))).toBe(false);
    expect(decodedPictures(fragments)).toBe(20);
  });

  it('that change in the midst of a group stay in the samples, and the next run says so', () => {
    const [cabac, cavlc] = ['cabac=1', 'cabac=0'].map((how) =>
      encodeTimedVideo({ codec: 'h264', encoder: `${plain}:${how}`, seconds: 3 }),
    ) as [TimedPicture[], TimedPicture[]];
    const pps = cavlc[0]!.nals.find((nal) => nalRole('h264', nal) === 'pps')!;
    const pictures = cabac.map((picture, index) => {
      if (index % 10 < 5) return picture;
      const { ticks, nals } = cavlc[index]!;
      return { ticks, nals: index % 10 === 5 ? [pps, ...nals] : nals };
    });
    const fragments = record('h264', pictures);
    expect(fragments.map(entryOf)).toEqual(['avc1', 'avc3', 'avc3']);
    const sets = fragments.map((one) => samplesOf(one).map((nals) => nals.filter(isSet('h264')).length));
    expect(sets).toEqual([
      [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
      [2, 0, 0, 0, 0, 1, 0, 0, 0, 0],
      [2, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    ]);
    expect(fragments.map(({ run }) => run)).toEqual([1, 2, 2]);
    expect(decodedPictures(fragments)).toBe(30);
  });

  it.each<[VideoCodec, string, string]>([
    ['h264', '06', 'avc3'],
    ['h265', '4e01', 'hev1'],
  ])('of %s that is signed: every NAL unit is kept as it came', (codec, header, entry) => {
    const signature = Buffer.from(`${header}0520005bc93f2d715e95ada4796f90877a6f${'ab'.repeat(16)}80`, 'hex');
    const delimiter = Buffer.from(codec === 'h264' ? '0910' : '460150', 'hex');
    const pictures = encodeTimedVideo({ codec, encoder: plain, seconds: 3 }).map(({ ticks, nals }, index) => {
      const sets = nals.filter(isSet(codec));
      const rest = nals.filter((nal) => !isSet(codec)(nal));
      return { ticks, nals: [delimiter, ...sets, ...(index % 10 === 0 ? [signature] : []), ...rest] };
    });
    const fragments = record(codec, pictures);
    expect(fragments.map(entryOf)).toEqual([entry, entry, entry]);
    expect(fragments.flatMap(samplesOf)).toEqual(pictures.map(({ nals }) => nals));
    expect(decodedPictures(fragments)).toBe(30);
  });
});

describe('the sample entry', () => {
  it.each<[VideoCodec, string, string, [number, number] | undefined]>([
    ['h264', '704x576', 'setsar=16/11', [16, 11]],
    ['h264', '960x576', 'setsar=16/15', [16, 15]],
    ['h265', '960x1080', 'setsar=2/1', [2, 1]],
    ['h265', '352x288', 'setsar=1/1', undefined],
  ])('of %s %s with %s says how wide it is shown', (codec, size, filters, aspect) => {
    const [first] = record(codec, encodeTimedVideo({ codec, encoder: 'keyint=5', size, filters, seconds: 1 }));
    const { bytes, width, height } = first!.init;
    expect(`${width}x${height}`).toBe(size);
    const pasp = bytes.indexOf('pasp');
    const stated = pasp < 0 ? undefined : [bytes.readUInt32BE(pasp + 4), bytes.readUInt32BE(pasp + 8)];
    expect(stated).toEqual(aspect);
    const tkhd = bytes.indexOf('tkhd');
    const shown = [80, 84].map((at) => bytes.readUInt32BE(tkhd + at) / 65536);
    expect(shown[0]).toBeCloseTo(width * (aspect === undefined ? 1 : aspect[0] / aspect[1]), 3);
    expect(shown[1]).toBe(height);
  });

  it('of a High profile ends with the format of the samples', () => {
    const pictures = encodeTimedVideo({ codec: 'h264', encoder: 'keyint=5:8x8dct=1', filters: 'null', seconds: 1 });
    const pps = pictures[0]!.nals.find((nal) => nalRole('h264', nal) === 'pps')!;
    const { bytes } = record('h264', pictures)[0]!.init;
    expect(bytes[bytes.indexOf('avcC') + 5]).toBe(100);
    const end = bytes.indexOf(pps) + pps.length;
    expect(bytes.subarray(end, end + 4).toString('hex')).toBe('fdf8f800');
    const plain = record('h264', encodeTimedVideo({ codec: 'h264', encoder: 'keyint=5:8x8dct=0', seconds: 1 }));
    expect(plain[0]!.init.bytes.includes(Buffer.from('fdf8f800', 'hex'))).toBe(false);
  });
});
