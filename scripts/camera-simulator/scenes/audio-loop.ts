import { toAlaw, toUlaw } from './g711.js';

/** Sound as a camera sends it, over and over. */
export interface AudioLoop {
  readonly payloadType: number;
  /** `<encoding>/<clock>[/<channels>]` of rtpmap. */
  readonly encoding: string;
  readonly formatParameters: string | undefined;
  readonly clockHz: number;
  /** Each goes into one RTP packet, and lasts this long. */
  readonly samplesPerUnit: number;
  readonly payloads: readonly Buffer[];
}

export const aacClockHz = 16_000;
const aacSamples = 1024;
const samplingIndex = 8; // 16 kHz (ISO/IEC 14496-3, table 1.18)

const g711ClockHz = 8000;
const g711Samples = 320;

/** G.711 (RFC 3551 4.5.14), 40 ms a packet: two seconds of tones, another one in each packet. */
function g711Loop(payloadType: number, encoding: string, encode: (sample: number) => number): AudioLoop {
  const packet = (_: unknown, place: number): Buffer =>
    Buffer.from(
      Array.from({ length: g711Samples }, (_, at) =>
        encode(Math.round(9000 * Math.sin((2 * Math.PI * (300 + 25 * place) * at) / g711ClockHz))),
      ),
    );
  return {
    ...{ payloadType, encoding: `${encoding}/${g711ClockHz}`, formatParameters: undefined },
    ...{ clockHz: g711ClockHz, samplesPerUnit: g711Samples },
    payloads: Array.from({ length: 50 }, packet),
  };
}

export const pcmaLoop = g711Loop(8, 'PCMA', toAlaw);
export const pcmuLoop = g711Loop(0, 'PCMU', toUlaw);

/** AAC-LC in ADTS, mono, as packets of mode AAC-hbr, one access unit each (RFC 3640 3.3.6). */
export function buildAacLoop(adts: Buffer): AudioLoop {
  const payloads: Buffer[] = [];
  for (let at = 0; at + 7 <= adts.length;) {
    const length = (adts.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    if (adts.readUInt16BE(at) >> 4 !== 0xfff || length < 7) throw new Error('not ADTS');
    const headerBytes = (adts[at + 1] ?? 0) & 1 ? 7 : 9;
    const unit = adts.subarray(at + headerBytes, at + length);
    const header = Buffer.alloc(4);
    header.writeUInt16BE(16, 0); // AU-headers-length, in bits
    header.writeUInt16BE(unit.length << 3, 2); // AU-size, AU-Index 0
    payloads.push(Buffer.concat([header, unit]));
    at += length;
  }
  if (payloads.length === 0) throw new Error('no AAC');
  const config = ((2 << 11) | (samplingIndex << 7) | (1 << 3)).toString(16);
  const mode = 'streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3';
  return {
    payloadType: 97,
    encoding: `mpeg4-generic/${aacClockHz}/1`,
    formatParameters: `${mode};config=${config}`,
    clockHz: aacClockHz,
    samplesPerUnit: aacSamples,
    payloads,
  };
}
