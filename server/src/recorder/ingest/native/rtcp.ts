// RTCP (RFC 3550 6): what a camera reports of its clock and its end, and the receiver reports that it gets back.
import { randomBytes } from 'node:crypto';

export interface SenderReport {
  readonly ssrc: number;
  /** Undefined for a camera without a clock. */
  readonly utcMs: number | undefined;
  readonly rtpTimestamp: number;
  /** The middle 32 bits of its NTP time, to be sent back. */
  readonly middle: number;
}

export interface RtcpListener {
  onSenderReport(report: SenderReport): void;
  onBye(ssrcs: readonly number[]): void;
}

/** Seconds from 1900 (NTP) to 1970. */
const ntpOffsetSeconds = 2_208_988_800;
const ntpEraSeconds = 2 ** 32;
const senderReportType = 200;
const byeType = 203;
const maxPackets = 32;

/** Era 1 of NTP begins in 2036. Times before 1968 are taken for such of the next era, as RFC 4330 3 proposes. */
function utcMsOf(seconds: number, fraction: number): number {
  const era = seconds < 0x8000_0000 ? ntpEraSeconds : 0;
  return (seconds + era - ntpOffsetSeconds) * 1000 + (fraction / 2 ** 32) * 1000;
}

/** Reads a compound packet as far as it makes sense. Never throws. */
export function readRtcp(packet: Buffer, listener: RtcpListener): void {
  let at = 0;
  for (let count = 0; count < maxPackets && at + 4 <= packet.length; count++) {
    if (packet[at]! >> 6 !== 2) return;
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    const type = packet[at + 1];
    if (type === senderReportType && at + 28 <= packet.length) {
      const seconds = packet.readUInt32BE(at + 8);
      const fraction = packet.readUInt32BE(at + 12);
      listener.onSenderReport({
        ssrc: packet.readUInt32BE(at + 4),
        utcMs: seconds === 0 ? undefined : utcMsOf(seconds, fraction),
        rtpTimestamp: packet.readUInt32BE(at + 16),
        middle: ((seconds << 16) | (fraction >>> 16)) >>> 0,
      });
    } else if (type === byeType) {
      const ssrcs: number[] = [];
      for (let index = 0; index < (packet[at]! & 31); index++) {
        const place = at + 4 + index * 4;
        if (place + 4 <= Math.min(end, packet.length)) ssrcs.push(packet.readUInt32BE(place));
      }
      listener.onBye(ssrcs);
    }
    at = end;
  }
}

export interface ReceptionFacts {
  readonly ssrc: number;
  /** Of the packets since the last report, 0…1. */
  readonly lostFraction: number;
  /** Since the start; may be negative where packets came twice. */
  readonly lostPackets: number;
  readonly highestSequence: number;
  /** Ticks of the RTP clock. */
  readonly jitterTicks: number;
  /** `middle` of the last sender report, and how long ago it came; undefined before the first. */
  readonly lastReport: { readonly middle: number; readonly ageMs: number } | undefined;
}

const ownName = Buffer.from(`choi-canh-${randomBytes(12).toString('hex')}`, 'latin1');

/** A receiver report with the source description it must come with (RFC 3550 6.1, 6.4.2, 6.5). */
export function buildReceiverReport(ownSsrc: number, facts: ReceptionFacts): Buffer {
  const chunkLength = Math.ceil((4 + 2 + ownName.length + 1) / 4) * 4;
  const packet = Buffer.alloc(32 + 4 + chunkLength);
  packet.set([0x81, 201, 0, 7]);
  packet.writeUInt32BE(ownSsrc, 4);
  packet.writeUInt32BE(facts.ssrc, 8);
  packet[12] = Math.max(0, Math.min(255, Math.floor(facts.lostFraction * 256)));
  packet.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, facts.lostPackets)), 13, 3);
  packet.writeUInt32BE(facts.highestSequence % 2 ** 32, 16);
  packet.writeUInt32BE(Math.min(0xffff_ffff, Math.floor(facts.jitterTicks)), 20);
  if (facts.lastReport !== undefined) {
    packet.writeUInt32BE(facts.lastReport.middle, 24);
    packet.writeUInt32BE(Math.min(0xffff_ffff, Math.round(facts.lastReport.ageMs * 65.536)), 28);
  }
  packet.set([0x81, 202, 0, chunkLength / 4], 32);
  packet.writeUInt32BE(ownSsrc, 36);
  packet[40] = 1; // CNAME
  packet[41] = ownName.length;
  ownName.copy(packet, 42);
  return packet;
}
