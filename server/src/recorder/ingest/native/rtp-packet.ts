// RTP packets (RFC 3550 5.1), and how their 16-bit sequence and 32-bit timestamps go on for ever.

/** The payload is bytes [start, end) of `bytes`, which are looked at and not kept: thousands a second pass by. */
export interface RtpPacket {
  sequence: number;
  timestamp: number;
  marker: boolean;
  payloadType: number;
  ssrc: number;
  bytes: Buffer;
  start: number;
  end: number;
}

export const emptyPacket = (): RtpPacket => ({
  sequence: 0,
  timestamp: 0,
  marker: false,
  payloadType: 0,
  ssrc: 0,
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
});

/** Bytes [from, to) into `packet`, whose payload may be empty. False for what is no RTP of version 2. */
export function parseRtp(packet: RtpPacket, bytes: Buffer, from = 0, to = bytes.length): boolean {
  if (to - from < 12) return false;
  const first = bytes[from]!;
  if (first >> 6 !== 2) return false;
  let start = from + 12 + (first & 15) * 4;
  if (first & 16) {
    if (to < start + 4) return false;
    start += 4 + ((bytes[start + 2]! << 8) | bytes[start + 3]!) * 4;
  }
  const end = to - (first & 32 ? bytes[to - 1]! : 0);
  if (start > end) return false;
  const second = bytes[from + 1]!;
  packet.sequence = (bytes[from + 2]! << 8) | bytes[from + 3]!;
  packet.timestamp = uint32(bytes, from + 4);
  packet.marker = second >= 128;
  packet.payloadType = second & 127;
  packet.ssrc = uint32(bytes, from + 8);
  packet.bytes = bytes;
  packet.start = start;
  packet.end = end;
  return true;
}

const uint32 = (bytes: Buffer, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

/** A packet that is kept: its bytes are those of the connection, which reads the next ones into the same place. */
export function ownedPacket(packet: RtpPacket): RtpPacket {
  const bytes = Buffer.from(packet.bytes.subarray(packet.start, packet.end));
  return { ...packet, bytes, start: 0, end: bytes.length };
}

/** Extends the 32-bit timestamps of one RTP stream, which wrap after 13 hours. */
export class TimestampUnwrapper {
  private last: number | undefined;

  unwrap(timestamp: number): number {
    this.last = this.peek(timestamp);
    return this.last;
  }
  /** Without moving on; for the timestamps of sender reports. */
  peek(timestamp: number): number {
    return this.last === undefined ? timestamp : this.last + ((timestamp - low32(this.last)) | 0);
  }
}

/** `value` modulo 2^32, also beyond 32 bits. */
function low32(value: number): number {
  return ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
}
