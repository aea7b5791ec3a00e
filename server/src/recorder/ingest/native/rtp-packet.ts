// RTP packets (RFC 3550 5.1), and how their 16-bit sequence and 32-bit timestamps go on for ever.

export interface RtpPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadType: number;
  readonly ssrc: number;
  /** Part of the packet, not a copy. */
  readonly payload: Buffer;
}

/** Undefined for what is no RTP of version 2. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < 12) return undefined;
  const first = bytes[0]!;
  if (first >> 6 !== 2) return undefined;
  let start = 12 + (first & 15) * 4;
  if (first & 16) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + ((bytes[start + 2]! << 8) | bytes[start + 3]!) * 4;
  }
  const end = bytes.length - (first & 32 ? bytes[bytes.length - 1]! : 0);
  if (start >= end) return undefined;
  const second = bytes[1]!;
  return {
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    marker: second >= 128,
    payloadType: second & 127,
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(start, end),
  };
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
