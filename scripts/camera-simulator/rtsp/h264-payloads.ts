import { nalType } from '../h264/annex-b.js';
import { maxPayloadBytes } from './packet-template.js';

const fuA = 28;
const stapA = 24;

/** RTP payloads of a NAL unit: itself, or FU-A fragments where it is too long (RFC 6184 5.8, packetization-mode 1). */
export function h264Payloads(nal: Buffer): Buffer[] {
  if (nal.length <= maxPayloadBytes) return [nal];
  const header = nal[0] ?? 0;
  const indicator = (header & 0xe0) | fuA;
  const step = maxPayloadBytes - 2;
  const payloads: Buffer[] = [];
  for (let at = 1; at < nal.length; at += step) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + step >= nal.length ? 0x40 : 0;
    payloads.push(Buffer.concat([Buffer.of(indicator, start | end | nalType(nal)), nal.subarray(at, at + step)]));
  }
  return payloads;
}

/** SPS and PPS one a packet, or both in one STAP-A (5.7.1), as brands differ. */
export function h264ParameterPayloads(nals: Buffer[], aggregate: boolean): Buffer[] {
  if (!aggregate || nals.length < 2) return nals.flatMap(h264Payloads);
  const importance = Math.max(...nals.map((nal) => (nal[0] ?? 0) & 0x60));
  return [Buffer.concat([Buffer.of(importance | stapA), ...nals.flatMap(withLength)])];
}

export function withLength(nal: Buffer): Buffer[] {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(nal.length);
  return [size, nal];
}
