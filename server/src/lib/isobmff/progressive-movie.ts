// Writes the header of a progressive MP4 (ISO/IEC 14496-12): ftyp, moov and the head of mdat, so that the samples can
// follow as they are copied. A video track and such of audio, whose sample entries are copied byte for byte from an init
// segment; edit lists hide what lies before the first presented frame.
import { box, fullBox, u16, u32, u64 } from './box-writer.js';
import { badMp4, findBox, findIn, boxesIn } from './boxes.js';

/** Samples side by side in mdat. */
export interface Chunk {
  readonly samples: number;
  /** Bytes from the first sample of the movie. */
  readonly offset: number;
}

/** One column a fact, in decode order; all of one length. */
export interface SampleTable {
  readonly count: number;
  /** Decode time of the next sample minus that of this one, ticks. */
  readonly durations: Uint32Array;
  readonly sizes: Uint32Array;
  /** Presentation minus decode time, ticks; absent: shown as decoded. */
  readonly compositionOffsets?: Int32Array;
  /** 1: keyframe; absent: all. */
  readonly sync?: Uint8Array;
  readonly chunks: readonly Chunk[];
}

/** What of a track is presented, one after the other. */
export interface Edit {
  /** Ticks of the movie, which are those of the video. */
  readonly duration: number;
  /** Ticks of the track after the decode time of its first sample; -1: nothing is presented. */
  readonly mediaTime: number;
}

export interface MovieTrack {
  readonly samples: SampleTable;
  readonly timescale: number;
  readonly edits: readonly Edit[];
}

export interface AudioTrackOfMovie extends MovieTrack {
  /** Whose sample description is kept; default: that of the movie. */
  readonly init?: Buffer;
  /** What people read of the track in players; default: as in the init segment. */
  readonly name?: string;
  /** Played by itself; default: yes. Of several, one is. */
  readonly enabled?: boolean;
}

export interface ProgressiveMovie {
  /** ftyp+moov whose sample descriptions are kept. */
  readonly init: Buffer;
  readonly video: MovieTrack;
  /** The same sound in other words, where there are several. */
  readonly audio?: readonly AudioTrackOfMovie[];
  /** Of all samples. */
  readonly dataBytes: number;
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

function editList(edits: readonly Edit[]): Buffer {
  const wide = edits.some(({ duration, mediaTime }) => duration > maxU32 || mediaTime > 0x7fffffff);
  const size = (value: number) => (wide ? u64(BigInt.asUintN(64, BigInt(value))) : u32(value));
  const rows = edits.flatMap(({ duration, mediaTime }) => [size(duration), size(mediaTime), u16(1), u16(0)]);
  return box('edts', fullBox('elst', wide ? 1 : 0, 0, u32(edits.length), ...rows));
}

/** stss lists the keyframes; without it every sample is one (8.6.2). */
function syncSamples(samples: SampleTable): Buffer[] {
  const numbers: number[] = [];
  if (samples.sync === undefined) return [];
  for (let index = 0; index < samples.count; index++) if (samples.sync[index] === 1) numbers.push(index + 1);
  return numbers.length === samples.count ? [] : [fullBox('stss', 0, 0, u32(numbers.length), words(numbers))];
}

function compositionOffsets(samples: SampleTable): Buffer[] {
  const offsets = samples.compositionOffsets?.subarray(0, samples.count);
  if (offsets === undefined || offsets.every((offset) => offset === 0)) return [];
  const pairs = runLengths(offsets, samples.count);
  const version = offsets.some((offset) => offset < 0) ? 1 : 0;
  return [fullBox('ctts', version, 0, u32(pairs.length / 2), words(pairs))];
}

function chunkMap({ chunks }: SampleTable): Buffer {
  const entries: number[] = [];
  let previous = -1;
  chunks.forEach(({ samples }, index) => {
    if (samples !== previous) entries.push(index + 1, samples, 1);
    previous = samples;
  });
  return fullBox('stsc', 0, 0, u32(entries.length / 3), words(entries));
}

function chunkOffsets({ chunks }: SampleTable, dataStart: number, wide: boolean): Buffer {
  const bytes = Buffer.allocUnsafe((wide ? 8 : 4) * chunks.length);
  chunks.forEach(({ offset }, index) => {
    if (wide) bytes.writeBigUInt64BE(BigInt(dataStart + offset), 8 * index);
    else bytes.writeUInt32BE(dataStart + offset, 4 * index);
  });
  return fullBox(wide ? 'co64' : 'stco', 0, 0, u32(chunks.length), bytes);
}

type Handler = 'vide' | 'soun';

interface TrackFacts {
  readonly stsd: Buffer;
  /** vmhd or smhd. */
  readonly mediaHeader: Buffer;
  readonly dinf: Buffer;
  readonly hdlr: Buffer;
  /** Width and height of tkhd. */
  readonly size: Buffer;
}

/** The sample description and size of the first track of a kind as the init segment states them. */
function trackFacts(init: Buffer, handler: Handler): TrackFacts {
  const moov = findBox(init, 'moov');
  if (moov === undefined) throw badMp4('no moov');
  const headerType = handler === 'vide' ? 'vmhd' : 'smhd';
  for (const trak of boxesIn(init, moov)) {
    if (trak.type !== 'trak') continue;
    const [hdlr, stsd, mediaHeader, dinf, tkhd] = [
      ['mdia', 'hdlr'],
      ['mdia', 'minf', 'stbl', 'stsd'],
      ['mdia', 'minf', headerType],
      ['mdia', 'minf', 'dinf'],
      ['tkhd'],
    ].map((path) => {
      const found = findIn(init, trak, path);
      return found === undefined ? undefined : init.subarray(found.start, found.end);
    });
    if (hdlr?.toString('latin1', 16, 20) !== handler) continue;
    if (stsd === undefined || tkhd === undefined) break;
    return {
      stsd,
      hdlr,
      mediaHeader:
        mediaHeader ?? (handler === 'vide' ? fullBox('vmhd', 0, 1, u32(0, 0)) : fullBox('smhd', 0, 0, u32(0))),
      dinf: dinf ?? box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      size: tkhd.subarray(tkhd.length - 8),
    };
  }
  throw badMp4(`no track of ${handler === 'vide' ? 'video' : 'audio'}`);
}

const editedTicks = ({ edits }: MovieTrack) => edits.reduce((sum, { duration }) => sum + duration, 0);

/** Handler box (8.4.3) with a name of its own. */
const handlerBox = (handler: Handler, name: string): Buffer =>
  fullBox('hdlr', 0, 0, u32(0), Buffer.from(handler), u32(0, 0, 0), Buffer.from(`${name}\0`));

/** Tracks of which one is played are of one group (8.3.2). */
const alternativeSounds = 1;

/** Builds the trak, given where the data begin and how wide the offsets must be. */
function trackBuilder(movie: ProgressiveMovie, track: AudioTrackOfMovie, trackId: number, handler: Handler) {
  const { samples, timescale } = track;
  const facts = trackFacts(track.init ?? movie.init, handler);
  const hdlr = track.name === undefined ? facts.hdlr : handlerBox(handler, track.name);
  const createdAt = createdAtOf(movie);
  const stts = runLengths(samples.durations, samples.count);
  const editDuration = editedTicks(track);
  let mediaDuration = 0;
  for (let index = 0; index < samples.count; index++) mediaDuration += samples.durations[index] as number;
  const group = (movie.audio?.length ?? 0) > 1 ? alternativeSounds : 0;
  // Audio has a volume and, as the only one of its kind, no alternative (8.3.2).
  const volume =
    handler === 'soun' ? Buffer.concat([u32(0, 0), u16(0), u16(group), u16(0x100), u16(0)]) : Buffer.alloc(16);
  const flags = track.enabled === false ? 2 : 3;
  return (dataStart: number, wideOffsets: boolean): Buffer =>
    box(
      'trak',
      timedBox('tkhd', flags, editDuration, (time) => [
        time(createdAt),
        time(createdAt),
        u32(trackId, 0),
        time(editDuration),
        volume,
        unityMatrix,
        facts.size,
      ]),
      editList(track.edits),
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
        hdlr,
        box(
          'minf',
          facts.mediaHeader,
          facts.dinf,
          box(
            'stbl',
            facts.stsd,
            fullBox('stts', 0, 0, u32(stts.length / 2), words(stts)),
            ...compositionOffsets(samples),
            ...syncSamples(samples),
            fullBox('stsz', 0, 0, u32(0, samples.count), words(samples.sizes, samples.count)),
            chunkMap(samples),
            chunkOffsets(samples, dataStart, wideOffsets),
          ),
        ),
      ),
    );
}

const createdAtOf = (movie: ProgressiveMovie) => Math.floor(movie.creationAtMs / 1000) + macEpochSeconds;

/** ftyp, moov and the head of mdat, in front of `dataBytes` bytes of samples. */
export function buildMovieHead(movie: ProgressiveMovie): Buffer {
  const { video, audio = [], dataBytes } = movie;
  const createdAt = createdAtOf(movie);
  const duration = editedTicks(video);
  const tracks = [
    trackBuilder(movie, video, 1, 'vide'),
    ...audio.map((track, index) => trackBuilder(movie, track, index + 2, 'soun')),
  ];
  const build = (dataStart: number, wideOffsets: boolean): Buffer =>
    Buffer.concat([
      box('ftyp', Buffer.from('isom'), u32(0x200), Buffer.from('isomiso2avc1mp41')),
      box(
        'moov',
        timedBox('mvhd', 0, duration, (time) => [
          time(createdAt),
          time(createdAt),
          u32(video.timescale),
          time(duration),
          u32(0x10000),
          Buffer.from([1, 0]),
          Buffer.alloc(10),
          unityMatrix,
          Buffer.alloc(24),
          u32(tracks.length + 1),
        ]),
        ...tracks.map((trackAt) => trackAt(dataStart, wideOffsets)),
      ),
      dataBytes + 8 > maxU32
        ? Buffer.concat([u32(1), Buffer.from('mdat'), u64(dataBytes + 16)])
        : Buffer.concat([u32(dataBytes + 8), Buffer.from('mdat')]),
    ]);

  const wideOffsets = build(0, false).length + dataBytes > maxU32;
  return build(build(0, wideOffsets).length, wideOffsets);
}
