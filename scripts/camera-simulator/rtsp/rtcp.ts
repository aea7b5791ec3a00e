const ntpEpochOffsetSeconds = 2_208_988_800; // 1900-01-01 to 1970-01-01

export interface SenderReport {
  readonly ssrc: number;
  /** Instant the report speaks of, ms since the Unix epoch, fractions kept. */
  readonly utcMs: number;
  /** RTP timestamp of the same instant. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly cname: string;
}

/** Compound RTCP packet of a sender report and the source description it must come with (RFC 3550 6.1, 6.4.1, 6.5). */
export function buildSenderReport(report: SenderReport): Buffer {
  const cname = Buffer.from(report.cname, 'utf8').subarray(0, 255);
  const chunkLength = Math.ceil((4 + 2 + cname.length + 1) / 4) * 4;
  const packet = Buffer.alloc(28 + 4 + chunkLength);
  packet[0] = 0x80;
  packet[1] = 200;
  packet.writeUInt16BE(6, 2);
  packet.writeUInt32BE(report.ssrc, 4);
  const seconds = Math.floor(report.utcMs / 1000);
  packet.writeUInt32BE((seconds + ntpEpochOffsetSeconds) % 2 ** 32, 8);
  packet.writeUInt32BE(Math.min(2 ** 32 - 1, Math.round(((report.utcMs - seconds * 1000) / 1000) * 2 ** 32)), 12);
  packet.writeUInt32BE(report.rtpTimestamp, 16);
  packet.writeUInt32BE(report.packetCount % 2 ** 32, 20);
  packet.writeUInt32BE(report.octetCount % 2 ** 32, 24);
  packet[28] = 0x81;
  packet[29] = 202;
  packet.writeUInt16BE(chunkLength / 4, 30);
  packet.writeUInt32BE(report.ssrc, 32);
  packet[36] = 1; // CNAME
  packet[37] = cname.length;
  cname.copy(packet, 38);
  return packet;
}

/** Frames one packet for a channel of an RTSP connection (RFC 2326 10.12). */
export function interleave(channel: number, packet: Buffer): Buffer {
  const header = Buffer.of(0x24, channel, 0, 0);
  header.writeUInt16BE(packet.length, 2);
  return Buffer.concat([header, packet]);
}
