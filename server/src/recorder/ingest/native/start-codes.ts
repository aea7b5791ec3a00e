// Start codes (ITU-T H.264 annex B) do not belong into RTP (RFC 6184 5.1, RFC 7798 4.1); some cameras leave them before
// their NAL units, or put several units behind one another with start codes between into what should be one.
import { isPicture, unitType, type VideoCodec } from './video-codec.js';

const startCode = Buffer.from([0, 0, 1]);

/** Bytes of the start code at `from`, with the zeros before it; 0 where there is none. */
export function startCodeBytes(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === 0) at += 1;
  return at - from >= 2 && at < to && bytes[at] === 1 ? at + 1 - from : 0;
}

/**
 * The units with those that hold start codes cut there; the same array where none does. Empty ones are left out.
 * `allOf`: slices are looked through too.
 */
export function splitAtStartCodes(codec: VideoCodec, units: Buffer[], allOf: boolean): Buffer[] {
  const headerBytes = codec === 'h264' ? 1 : 2;
  let found: Buffer[] | undefined;
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!;
    let at = allOf || !isPicture(codec, unitType(codec, unit[0]!)) ? unit.indexOf(startCode) : -1;
    if (at < 0) {
      found?.push(unit);
      continue;
    }
    found ??= units.slice(0, index);
    let from = 0;
    for (; at >= 0; at = unit.indexOf(startCode, from)) {
      keep(unit, from, at, headerBytes, found);
      from = at + startCode.length;
    }
    keep(unit, from, unit.length, headerBytes, found);
  }
  return found ?? units;
}

/** Zeros at the end belong to the start code behind them. */
function keep(unit: Buffer, from: number, to: number, headerBytes: number, found: Buffer[]): void {
  let end = to;
  while (end > from && unit[end - 1] === 0) end -= 1;
  if (end - from > headerBytes) found.push(unit.subarray(from, end));
}
