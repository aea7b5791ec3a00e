import { maxPayloadBytes } from './packet-template.js';

/** RTP payloads of one picture of MPEG-4 Visual with what stands before it (RFC 6416 5.2): cut anywhere. */
export function mpeg4Payloads(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += maxPayloadBytes) payloads.push(bytes.subarray(at, at + maxPayloadBytes));
  return payloads;
}
