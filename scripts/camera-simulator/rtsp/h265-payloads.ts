import { withLength } from './h264-payloads.js';
import { maxPayloadBytes } from './packet-template.js';

const ap = 48;
const fu = 49;

export const h265NalType = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 0x3f;

/** RTP payloads of an H.265 NAL unit: itself, or fragmentation units (RFC 7798 4.4.3). */
export function h265Payloads(nal: Buffer): Buffer[] {
  if (nal.length <= maxPayloadBytes) return [nal];
  const [first = 0, second = 0] = nal;
  const header = Buffer.of((first & 0x81) | (fu << 1), second);
  const step = maxPayloadBytes - 3;
  const payloads: Buffer[] = [];
  for (let at = 2; at < nal.length; at += step) {
    const start = at === 2 ? 0x80 : 0;
    const end = at + step >= nal.length ? 0x40 : 0;
    payloads.push(Buffer.concat([header, Buffer.of(start | end | h265NalType(nal)), nal.subarray(at, at + step)]));
  }
  return payloads;
}

/** VPS, SPS and PPS one a packet, or all in one aggregation packet (4.4.2), as brands differ. */
export function h265ParameterPayloads(nals: Buffer[], aggregate: boolean): Buffer[] {
  if (!aggregate || nals.length < 2) return nals.flatMap(h265Payloads);
  return [Buffer.concat([Buffer.of(ap << 1, 1), ...nals.flatMap(withLength)])];
}
