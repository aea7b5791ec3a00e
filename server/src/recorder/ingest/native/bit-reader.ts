// Reads the bits of a NAL unit's payload: fixed fields and Exp-Golomb codes (ITU-T H.264 7.2, 9.1).
import { IngestFailure } from '../ingest-failure.js';

/** Removes emulation prevention (H.264 7.4.1.1). */
export function rawPayload(nal: Buffer): Buffer {
  const out = Buffer.alloc(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, length);
}

export class BitReader {
  private position = 0;
  constructor(private readonly bytes: Buffer) {}

  bit(): number {
    const byte = this.bytes[this.position >> 3];
    if (byte === undefined) throw new IngestFailure('bad_answer', 'a parameter set of the camera ends early');
    const bit = (byte >> (7 - (this.position & 7))) & 1;
    this.position += 1;
    return bit;
  }
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index++) value = value * 2 + this.bit();
    return value;
  }
  skip(count: number): void {
    this.position += count;
  }
  /** ue(v) */
  unsigned(): number {
    let zeros = 0;
    while (this.bit() === 0)
      if (++zeros > 31) throw new IngestFailure('bad_answer', 'a parameter set of the camera is damaged');
    return 2 ** zeros - 1 + this.bits(zeros);
  }
  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
