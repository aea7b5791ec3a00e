// Access units of AAC out of a stream of ADTS frames (ISO/IEC 14496-3 1.A.3.2), in whatever pieces it comes.
import { AppError } from './errors.js';

const headerBytes = 7;

export class AdtsReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The units that are whole now, without their headers. @throws AppError invalid bad_adts */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const units: Buffer[] = [];
    let at = 0;
    while (at + headerBytes <= bytes.length) {
      const length = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
      const hasChecksum = (bytes[at + 1]! & 1) === 0;
      const start = at + headerBytes + (hasChecksum ? 2 : 0);
      if (bytes.readUInt16BE(at) >> 4 !== 0xfff || at + length < start)
        throw new AppError('invalid', 'bad_adts', 'no ADTS frame where one must begin');
      if (at + length > bytes.length) break;
      units.push(bytes.subarray(start, at + length));
      at += length;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return units;
  }
}
