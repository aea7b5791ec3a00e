// Writes the header of a progressive MP4 (ISO/IEC 14496-12): ftyp, moov and the head of mdat, so that the samples can
// follow as they are copied. One video track whose sample entry is copied byte for byte from an init segment; an edit
// list hides what lies before the first presented frame.
import { box, fullBox, u16, u32, u64 } from './box-writer.js';
import { badMp4, findBox, findIn, boxesIn } from './boxes.js';

/** One column a fact, in decode order; all of one length. */
export interface SampleTable {
  readonly count: number;
  /** Decode time of the next sample minus that of this one, ticks. */
  readonly durations: Uint32Array;
  readonly sizes: Uint32Array;
  /** Presentation minus decode time, ticks. */
  readonly compositionOffsets: Int32Array;
  /** 1: keyframe. */
  readonly sync: Uint8Array;
  /** How many samples lie side by side in each chunk; the chunks follow one another in mdat. */
  readonly samplesOfChunk: readonly number[];
}

export interface ProgressiveMovie {
  /** ftyp+moov whose sample description is kept. */
  readonly init: Buffer;
  readonly samples: SampleTable;
  readonly timescale: number;
  /** Presentation time of the first presented frame, ticks after the decode time of the first sample. */
  readonly editMediaTime: number;
  /** Length of the presentation, ticks. */
  readonly editDuration: number;
  /** UTC, ms. */
  readonly creationAtMs: number;
}

/** Seconds from 1904-01-01 to 1970-01-01. */
const macEpochSeconds = 2_082_844_800;
const maxU32 = 0xffffffff;
const unityMatrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** Pairs (how many, value) of neighbours that are equal. */
function runLengths(values: ArrayLike<number>, count: number): number[] {
  const pairs: number[] = [];
  for (let index = 0; index < count; index++) {
    const value = values[index] as number;
    if (pairs.length > 0 && pairs[pairs.length - 1] === value) pairs[pairs.length - 2] = (pairs.at(-2) as number) + 1;
    else pairs.push(1, value);
  }
  return pairs;
}

function words(values: ArrayLike<number>, count = values.length): Buffer {
  const bytes = Buffer.allocUnsafe(4 * count);
  for (let index = 0; index < count; index++) bytes.writeUInt32BE((values[index] as number) >>> 0, 4 * index);
  return bytes;
}

/** A box whose times take 32 bits where they fit, and 64 in version 1 where they do not. */
function timedBox(type: string, flags: number, duration: number, build: (time: (value: number) => Buffer) => Buffer[]) {
  const wide = duration > maxU32;
  return fullBox(type, wide ? 1 : 0, flags, ...build((value) => (wide ? u64(Math.round(value)) : u32(value))));
}

function editList(movie: ProgressiveMovie): Buffer {
  const wide = movie.editDuration > maxU32 || movie.editMediaTime > 0x7fffffff;
  const size = (value: number) => (wide ? u64(value) : u32(value));
  return box(
    'edts',
    fullBox('elst', wide ? 1 : 0, 0, u32(1), size(movie.editDuration), size(movie.editMediaTime), u16(1), u16(0)),
  );
}

/** stss lists the keyframes; without it every sample is one (8.6.2). */
function syncSamples(samples: SampleTable): Buffer[] {
  const numbers: number[] = [];
  for (let index = 0; index < samples.count; index++) if (samples.sync[index] === 1) numbers.push(index + 1);
  return numbers.length === samples.count ? [] : [fullBox('stss', 0, 0, u32(numbers.length), words(numbers))];
}

function compositionOffsets(samples: SampleTable): Buffer[] {
  const offsets = samples.compositionOffsets.subarray(0, samples.count);
  if (offsets.every((offset) => offset === 0)) return [];
  const pairs = runLengths(offsets, samples.count);
  const version = offsets.some((offset) => offset < 0) ? 1 : 0;
  return [fullBox('ctts', version, 0, u32(pairs.length / 2), words(pairs))];
}

function chunkMap(samples: SampleTable): Buffer {
  const entries: number[] = [];
  let previous = -1;
  samples.samplesOfChunk.forEach((count, index) => {
    if (count !== previous) entries.push(index + 1, count, 1);
    previous = count;
  });
  return fullBox('stsc', 0, 0, u32(entries.length / 3), words(entries));
}

function chunkByteLengths(samples: SampleTable): number[] {
  let sample = 0;
  return samples.samplesOfChunk.map((count) => {
    let bytes = 0;
    for (const end = sample + count; sample < end; sample++) bytes += samples.sizes[sample] as number;
    return bytes;
  });
}

function chunkOffsets(lengths: readonly number[], dataStart: number, wide: boolean): Buffer {
  const bytes = Buffer.allocUnsafe((wide ? 8 : 4) * lengths.length);
  let position = dataStart;
  lengths.forEach((length, index) => {
    if (wide) bytes.writeBigUInt64BE(BigInt(position), 8 * index);
    else bytes.writeUInt32BE(position, 4 * index);
    position += length;
  });
  return fullBox(wide ? 'co64' : 'stco', 0, 0, u32(lengths.length), bytes);
}

/** The video track's sample description and size as its init segment states them. */
function trackFacts(init: Buffer): { stsd: Buffer; vmhd: Buffer; dinf: Buffer; hdlr: Buffer; size: Buffer } {
  const moov = findBox(init, 'moov');
  if (moov === undefined) throw badMp4('no moov');
  for (const trak of boxesIn(init, moov)) {
    if (trak.type !== 'trak') continue;
    const [hdlr, stsd, vmhd, dinf, tkhd] = [
      ['mdia', 'hdlr'],
      ['mdia', 'minf', 'stbl', 'stsd'],
      ['mdia', 'minf', 'vmhd'],
      ['mdia', 'minf', 'dinf'],
      ['tkhd'],
    ].map((path) => {
      const found = findIn(init, trak, path);
      return found === undefined ? undefined : init.subarray(found.start, found.end);
    });
    if (hdlr?.toString('latin1', 16, 20) !== 'vide') continue;
    if (stsd === undefined || tkhd === undefined) break;
    return {
      stsd,
      hdlr,
      vmhd: vmhd ?? fullBox('vmhd', 0, 1, u32(0, 0)),
      dinf: dinf ?? box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      size: tkhd.subarray(tkhd.length - 8),
    };
  }
  throw badMp4('no video track');
}

/** ftyp, moov and the head of mdat, in front of `dataBytes` bytes of samples in the order of the table. */
export function buildMovieHead(movie: ProgressiveMovie): { head: Buffer; dataBytes: number } {
  const { samples, timescale } = movie;
  const facts = trackFacts(movie.init);
  const lengths = chunkByteLengths(samples);
  const dataBytes = lengths.reduce((sum, length) => sum + length, 0);
  const createdAt = Math.floor(movie.creationAtMs / 1000) + macEpochSeconds;
  let mediaDuration = 0;
  for (let index = 0; index < samples.count; index++) mediaDuration += samples.durations[index] as number;
  const wideData = dataBytes + 8 > maxU32;
  const stts = runLengths(samples.durations, samples.count);

  const build = (dataStart: number, wideOffsets: boolean): Buffer =>
    Buffer.concat([
      box('ftyp', Buffer.from('isom'), u32(0x200), Buffer.from('isomiso2avc1mp41')),
      box(
        'moov',
        timedBox('mvhd', 0, movie.editDuration, (time) => [
          time(createdAt),
          time(createdAt),
          u32(timescale),
          time(movie.editDuration),
          u32(0x10000),
          Buffer.from([1, 0]),
          Buffer.alloc(10),
          unityMatrix,
          Buffer.alloc(24),
          u32(2),
        ]),
        box(
          'trak',
          timedBox('tkhd', 3, movie.editDuration, (time) => [
            time(createdAt),
            time(createdAt),
            u32(1, 0),
            time(movie.editDuration),
            Buffer.alloc(16),
            unityMatrix,
            facts.size,
          ]),
          editList(movie),
          box(
            'mdia',
            timedBox('mdhd', 0, mediaDuration, (time) => [
              time(createdAt),
              time(createdAt),
              u32(timescale),
              time(mediaDuration),
              u16(0x55c4),
              u16(0),
            ]),
            facts.hdlr,
            box(
              'minf',
              facts.vmhd,
              facts.dinf,
              box(
                'stbl',
                facts.stsd,
                fullBox('stts', 0, 0, u32(stts.length / 2), words(stts)),
                ...compositionOffsets(samples),
                ...syncSamples(samples),
                fullBox('stsz', 0, 0, u32(0, samples.count), words(samples.sizes, samples.count)),
                chunkMap(samples),
                chunkOffsets(lengths, dataStart, wideOffsets),
              ),
            ),
          ),
        ),
      ),
      wideData
        ? Buffer.concat([u32(1), Buffer.from('mdat'), u64(dataBytes + 16)])
        : Buffer.concat([u32(dataBytes + 8), Buffer.from('mdat')]),
    ]);

  const wideOffsets = build(0, false).length + dataBytes > maxU32;
  const headBytes = build(0, wideOffsets).length;
  return { head: build(headBytes, wideOffsets), dataBytes };
}
