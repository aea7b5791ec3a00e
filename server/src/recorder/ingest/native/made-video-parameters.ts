// Some H.265 cameras send no video parameter set, without which no decoder begins. For a stream of one layer everything
// that it says stands in the sequence parameter set, so it is made from that.
import { BitReader, rawPayload } from './bit-reader.js';

class BitWriter {
  #bits = '';

  /** u(n) */
  fixed(value: number, count: number): void {
    this.#bits += value.toString(2).padStart(count, '0');
  }

  /** ue(v) */
  unsigned(value: number): void {
    const digits = (value + 1).toString(2);
    this.#bits += '0'.repeat(digits.length - 1) + digits;
  }

  copy(reader: BitReader, count: number): void {
    for (let index = 0; index < count; index++) this.#bits += String(reader.bit());
  }

  /** With rbsp_trailing_bits (ITU-T H.265 7.3.2.11) and emulation prevention (7.4.2). */
  unit(header: readonly number[]): Buffer {
    const bits = `${this.#bits}1`;
    const out = [...header];
    let zeros = 0;
    for (let at = 0; at < bits.length; at += 8) {
      const byte = parseInt(bits.slice(at, at + 8).padEnd(8, '0'), 2);
      if (zeros >= 2 && byte <= 3) {
        out.push(3);
        zeros = 0;
      }
      out.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return Buffer.from(out);
  }
}

/** Through the sub-layers' flags of profile_tier_level (ITU-T H.265 7.3.3), copied. */
function copyProfile(reader: BitReader, writer: BitWriter, subLayers: number): void {
  writer.copy(reader, 96);
  const present: [number, number][] = [];
  for (let layer = 0; layer < subLayers; layer++) {
    const flags: [number, number] = [reader.bit(), reader.bit()];
    present.push(flags);
    writer.fixed(flags[0], 1);
    writer.fixed(flags[1], 1);
  }
  if (subLayers > 0) writer.copy(reader, (8 - subLayers) * 2);
  for (const [profile, level] of present) writer.copy(reader, profile * 88 + level * 8);
}

/** ITU-T H.265 7.3.2.1, from the sequence parameter set `sps` (7.3.2.2). @throws IngestFailure bad_answer */
export function videoParametersFrom(sps: Buffer): Buffer {
  const reader = new BitReader(rawPayload(sps.subarray(2)));
  const writer = new BitWriter();
  writer.fixed(reader.bits(4), 4);
  writer.fixed(3, 2); // of a base layer, which is there
  writer.fixed(0, 6);
  const subLayers = reader.bits(3);
  writer.fixed(subLayers, 3);
  writer.fixed(reader.bit(), 1);
  writer.fixed(0xffff, 16);
  copyProfile(reader, writer, subLayers);
  reader.unsigned(); // id of the set
  const chroma = reader.unsigned();
  if (chroma === 3) reader.skip(1);
  reader.unsigned();
  reader.unsigned();
  if (reader.bit() === 1) for (let side = 0; side < 4; side++) reader.unsigned();
  for (let count = 0; count < 3; count++) reader.unsigned();
  const forEach = reader.bit();
  writer.fixed(forEach, 1);
  for (let layer = forEach === 1 ? 0 : subLayers; layer <= subLayers; layer++)
    for (let count = 0; count < 3; count++) writer.unsigned(reader.unsigned());
  writer.fixed(0, 6); // no other layers
  writer.unsigned(0); // one set of layers
  writer.fixed(0, 2); // no timing, no extension
  return writer.unit([0x40, 1]);
}
