// The sound beside the picture in init segments and fragments: one track of AAC (ISO/IEC 14496-12 8, 14496-14 5.6) or of
// G.711 (14496-12 12.2.3, with the names that QuickTime gave the two laws).
import { box, fullBox, u16, u32, u64 } from './box-writer.js';

export const audioTrackId = 2;

export interface AacFormat {
  readonly codec: 'aac';
  readonly config: {
    /** AudioSpecificConfig. */
    readonly bytes: Buffer;
    readonly sampleRate: number;
    readonly channels: number;
  };
  /** Ticks a second of RTP timestamps and of the track. */
  readonly clockRate: number;
}

/** G.711, a byte a sample and channel. */
export interface G711Format {
  /** The sample entry. */
  readonly codec: 'alaw' | 'ulaw';
  readonly channels: number;
  /** Samples a second; ticks a second of RTP timestamps and of the track. */
  readonly clockRate: number;
}

export type SoundFormat = AacFormat | G711Format;

/** Units of one fragment, side by side in time. */
export interface AudioRun {
  /** Ticks of the track on the media timeline of the picture. */
  readonly baseMediaDecodeTime: bigint;
  readonly samples: readonly { readonly data: Buffer; readonly duration: number }[];
}

/** ISO/IEC 14496-1 7.2.6: tag, length, content. None of ours reaches 128 bytes. */
const descriptor = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
};

const mpeg4Audio = 0x40;
const audioStream = 0x15;
/** sample_depends_on = 2: every access unit can be decoded by itself, after one for the overlap. */
const syncFlags = 0x02000000;
const unityMatrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

function esds({ config }: AacFormat): Buffer {
  const decoder = descriptor(
    4,
    Buffer.from([mpeg4Audio, audioStream, 0, 0, 0]),
    u32(0, 0),
    descriptor(5, config.bytes),
  );
  return fullBox(
    'esds',
    0,
    0,
    descriptor(3, u16(audioTrackId), Buffer.from([0]), decoder, descriptor(6, Buffer.from([2]))),
  );
}

/** AudioSampleEntry (14496-12 12.2.3.2); `samplesize` is that of what is decoded. */
function audioSampleEntry(type: string, channels: number, sampleRate: number, ...boxes: Buffer[]): Buffer {
  return box(
    type,
    Buffer.alloc(6),
    u16(1),
    u32(0, 0),
    u16(Math.max(1, channels)),
    u16(16),
    u32(0),
    // 16.16: higher rates do not fit and are told by the decoder's configuration.
    u32(sampleRate > 0xffff ? 0 : sampleRate * 0x10000),
    ...boxes,
  );
}

/** trak and trex of the audio track. */
export function audioTrackBoxes(format: SoundFormat): { trak: Buffer; trex: Buffer } {
  const { clockRate } = format;
  const entry =
    format.codec === 'aac'
      ? audioSampleEntry('mp4a', format.config.channels, format.config.sampleRate, esds(format))
      : audioSampleEntry(format.codec, format.channels, clockRate);
  const emptyTable = (type: string) => fullBox(type, 0, 0, u32(0));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), entry),
    emptyTable('stts'),
    emptyTable('stsc'),
    fullBox('stsz', 0, 0, u32(0, 0)),
    emptyTable('stco'),
  );
  const minf = box(
    'minf',
    fullBox('smhd', 0, 0, u32(0)),
    box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
    stbl,
  );
  const trak = box(
    'trak',
    fullBox(
      'tkhd',
      0,
      3,
      u32(0, 0, audioTrackId, 0, 0, 0, 0),
      u16(0),
      u16(1),
      u16(0x100),
      u16(0),
      unityMatrix,
      u32(0, 0),
    ),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, u32(0, 0, clockRate, 0), u16(0x55c4), u16(0)),
      fullBox('hdlr', 0, 0, u32(0), Buffer.from('soun'), Buffer.alloc(12), Buffer.from('Audio\0')),
      minf,
    ),
  );
  return { trak, trex: fullBox('trex', 0, 0, u32(audioTrackId, 1, 0, 0, syncFlags)) };
}

/** traf of a run whose data begin `dataOffset` bytes after the moof's start. Its length is `audioTrafLength`. */
export function audioTraf(run: AudioRun, dataOffset: number): Buffer {
  const rows = Buffer.allocUnsafe(run.samples.length * 8);
  run.samples.forEach(({ data, duration }, index) => {
    rows.writeUInt32BE(duration, index * 8);
    rows.writeUInt32BE(data.length, index * 8 + 4);
  });
  return box(
    'traf',
    fullBox('tfhd', 0, 0x20000, u32(audioTrackId)),
    fullBox('tfdt', 1, 0, u64(run.baseMediaDecodeTime)),
    fullBox('trun', 0, 0x301, u32(run.samples.length, dataOffset), rows),
  );
}

/** traf 8, tfhd 16, tfdt 20, trun 20 and a row of eight bytes a unit. */
export const audioTrafLength = (run: AudioRun): number => 64 + run.samples.length * 8;
