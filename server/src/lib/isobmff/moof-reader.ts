// Reads the header of a stored fragment without its media, and says when the fragment is seen.
import { badMp4 } from './boxes.js';
import { parseMoof, parseTrackFragment, type ParsedMoof, type SampleDefaults } from './moof.js';

/** Enough for the moof of two seconds at 60 frames a second with 16 bytes a sample. */
const usualMoofBytes = 2048;
const maxMoofBytes = 1024 * 1024;

type ReadBytes = (offset: number, length: number) => Promise<Buffer>;

/** The bytes of the moof at the beginning of a fragment; `read` is asked once, or twice when it is unusually long. */
async function moofBytes(read: ReadBytes, byteLength: number): Promise<Buffer> {
  let bytes = await read(0, Math.min(usualMoofBytes, byteLength));
  if (bytes.length < 8 || bytes.toString('latin1', 4, 8) !== 'moof') throw badMp4('fragment does not begin with moof');
  const length = bytes.readUInt32BE(0);
  if (length > maxMoofBytes || length > byteLength) throw badMp4('moof reaches past its fragment');
  if (length > bytes.length) bytes = await read(0, length);
  return bytes.subarray(0, length);
}

/**
 * Parses the moof at the beginning of a fragment of `byteLength` bytes, the track that `defaults` name. `read` answers
 * bytes of the fragment. @throws AppError invalid bad_mp4, and whatever `read` throws
 */
export async function readMoof(read: ReadBytes, byteLength: number, defaults?: SampleDefaults): Promise<ParsedMoof> {
  return parseMoof(await moofBytes(read, byteLength), defaults, byteLength);
}

/** Like readMoof; with what the fragment holds of the sound, where that is anything. */
export async function readMoofWithSound(
  read: ReadBytes,
  byteLength: number,
  video: SampleDefaults,
  audio: SampleDefaults | undefined,
): Promise<{ moof: ParsedMoof; sound: ParsedMoof | undefined }> {
  const bytes = await moofBytes(read, byteLength);
  return {
    moof: parseMoof(bytes, video, byteLength),
    sound: audio === undefined ? undefined : parseTrackFragment(bytes, audio, byteLength),
  };
}

export interface PresentedSpan {
  /** Presentation time of the frame shown first, in ticks after the fragment's baseMediaDecodeTime. */
  readonly firstTicks: number;
  /** End of the frame shown last, likewise. */
  readonly endTicks: number;
}

/** When the frames of a fragment are shown; with B-frames that is later than when they are decoded. */
export function presentedSpan(moof: ParsedMoof): PresentedSpan {
  let decodeTicks = 0;
  let firstTicks = Infinity;
  let endTicks = -Infinity;
  for (const sample of moof.samples) {
    const shown = decodeTicks + sample.compositionOffset;
    firstTicks = Math.min(firstTicks, shown);
    endTicks = Math.max(endTicks, shown + sample.duration);
    decodeTicks += sample.duration;
  }
  if (firstTicks === Infinity) throw badMp4('fragment without samples');
  return { firstTicks, endTicks };
}
