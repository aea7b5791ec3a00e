import { maxPayloadBytes } from './packet-template.js';

const tablesInBand = 255;

/** What RFC 2435 sends of a baseline JPEG; the standard Huffman tables are left out. */
export interface JpegPicture {
  readonly width: number;
  readonly height: number;
  /** 0: 4:2:2, 1: 4:2:0 (3.1.3). */
  readonly type: 0 | 1;
  /** Of 8 bits, 64 bytes each, luma first. */
  readonly quantisation: Buffer;
  readonly scan: Buffer;
}

/** Reads the markers of one JPEG (ITU-T T.81 annex B). Throws where it is none that RFC 2435 can carry. */
export function parseJpeg(jpeg: Buffer): JpegPicture {
  let quantisation = Buffer.alloc(0);
  let frame: { width: number; height: number; type: 0 | 1 } | undefined;
  for (let at = 2; at + 4 <= jpeg.length;) {
    const marker = jpeg[at + 1] ?? 0;
    const length = jpeg.readUInt16BE(at + 2);
    const body = jpeg.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xdb) {
      for (let table = 0; table + 65 <= body.length; table += 65) {
        quantisation = Buffer.concat([quantisation, body.subarray(table + 1, table + 65)]);
      }
    } else if (marker === 0xc0) {
      const type = body[7] === 0x21 ? 0 : 1;
      frame = { height: body.readUInt16BE(1), width: body.readUInt16BE(3), type };
    } else if (marker === 0xda) {
      if (!frame || quantisation.length === 0) break;
      // ffmpeg writes one table where luma and chroma share it.
      const tables = quantisation.length === 64 ? Buffer.concat([quantisation, quantisation]) : quantisation;
      return {
        ...frame,
        quantisation: tables.subarray(0, 128),
        scan: jpeg.subarray(at, jpeg.lastIndexOf('\xff\xd9', undefined, 'latin1')),
      };
    }
  }
  throw new Error('not a baseline JPEG');
}

/** RTP payloads of one picture (RFC 2435 3.1), its quantisation tables in the first (3.1.8). */
export function jpegPayloads({ width, height, type, quantisation, scan }: JpegPicture): Buffer[] {
  const payloads: Buffer[] = [];
  for (let offset = 0; offset < scan.length;) {
    const tables =
      offset === 0 ? Buffer.concat([Buffer.of(0, 0, 0, quantisation.length), quantisation]) : Buffer.alloc(0);
    const header = Buffer.of(0, offset >>> 16, offset >>> 8, offset, type, tablesInBand, width / 8, height / 8);
    const end = Math.min(scan.length, offset + maxPayloadBytes - header.length - tables.length);
    payloads.push(Buffer.concat([header, tables, scan.subarray(offset, end)]));
    offset = end;
  }
  return payloads;
}
