// Reads the header of a stored fragment without its media, and says when the fragment is seen.
import { badMp4 } from './boxes.js';
import { parseMoof, type ParsedMoof, type SampleDefaults } from './moof.js';

/** Enough for the moof of two seconds at 60 frames a second with 16 bytes a sample. */
const usualMoofBytes = 2048;
const maxMoofBytes = 1024 * 1024;

/**
 * Parses the moof at the beginning of a fragment of `byteLength` bytes. `read` answers bytes of the fragment; it is
 * asked once, or twice when the moof is unusually long. @throws AppError invalid bad_mp4, and whatever `read` throws
 */
export async function readMoof(
  read: (offset: number, length: number) => Promise<Buffer>,
  byteLength: number,
  defaults?: SampleDefaults,
): Promise<ParsedMoof> {
  let bytes = await read(0, Math.min(usualMoofBytes, byteLength));
  if (bytes.length < 8 || bytes.toString('latin1', 4, 8) !== 'moof') throw badMp4('fragment does not begin with moof');
  const moofBytes = bytes.readUInt32BE(0);
  if (moofBytes > maxMoofBytes || moofBytes > byteLength) throw badMp4('moof reaches past its fragment');
  if (moofBytes > bytes.length) bytes = await read(0, moofBytes);
  return parseMoof(bytes.subarray(0, moofBytes), defaults, byteLength);
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
