const interleavedHeaderBytes = 4;
export const rtpHeaderBytes = 12;
/** Before each payload: `$`, channel and length (RFC 2326 10.12), then the RTP header. */
export const headerBytes = interleavedHeaderBytes + rtpHeaderBytes;
/** Of an RTP packet with its header; stays below the MTU of an Ethernet, as cameras do. */
const maxRtpPacketBytes = 1400;
export const maxPayloadBytes = maxRtpPacketBytes - rtpHeaderBytes;

/** What differs between two receivers of the same packets. */
export interface RtpState {
  /** Interleaved channel of RTP; RTCP is one above. */
  channel: number;
  payloadType: number;
  ssrc: number;
  /** Of the next packet, 16 bits. */
  sequence: number;
}

/**
 * RTP packets framed for RTSP interleaving (RFC 2326 10.12), laid out once and then copied for each receiver with only
 * the headers patched.
 */
export class PacketTemplate {
  readonly #bytes: Buffer;
  readonly #offsets: number[];

  private constructor(payloads: readonly Buffer[]) {
    const length = payloads.reduce((sum, payload) => sum + headerBytes + payload.length, 0);
    this.#bytes = Buffer.alloc(length);
    this.#offsets = [];
    let at = 0;
    for (const payload of payloads) {
      this.#offsets.push(at);
      this.#bytes[at] = 0x24; // '$'
      this.#bytes.writeUInt16BE(rtpHeaderBytes + payload.length, at + 2);
      this.#bytes[at + 4] = 0x80; // version 2
      payload.copy(this.#bytes, at + headerBytes);
      at += headerBytes + payload.length;
    }
  }

  static readonly nothing = new PacketTemplate([]);

  /** Each of at most {@link maxPayloadBytes}. */
  static ofPayloads(payloads: readonly Buffer[]): PacketTemplate {
    return payloads.length === 0 ? PacketTemplate.nothing : new PacketTemplate(payloads);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  get packetCount(): number {
    return this.#offsets.length;
  }

  /** Bytes of payload, without RTP headers, for RTCP's octet count. */
  get payloadBytes(): number {
    return this.#bytes.length - this.#offsets.length * headerBytes;
  }

  /** Copies the packets to `target` at `at`, patched; advances `state.sequence`. The marker goes on the last packet. */
  writeTo(target: Buffer, at: number, state: RtpState, timestamp: number, markLast: boolean): number {
    const offsets = this.#offsets;
    if (offsets.length === 0) return at;
    target.set(this.#bytes, at);
    const last = offsets.length - 1;
    for (let index = 0; index <= last; index += 1) {
      patchHeader(target, at + (offsets[index] ?? 0), state, timestamp, markLast && index === last);
    }
    return at + this.#bytes.length;
  }
}

/** Writes what differs from receiver to receiver; advances `state.sequence`. */
export function patchHeader(target: Buffer, at: number, state: RtpState, timestamp: number, marker: boolean): void {
  target[at + 1] = state.channel;
  target[at + 5] = (marker ? 0x80 : 0) | state.payloadType;
  const { sequence, ssrc } = state;
  target[at + 6] = sequence >>> 8;
  target[at + 7] = sequence;
  target[at + 8] = timestamp >>> 24;
  target[at + 9] = timestamp >>> 16;
  target[at + 10] = timestamp >>> 8;
  target[at + 11] = timestamp;
  target[at + 12] = ssrc >>> 24;
  target[at + 13] = ssrc >>> 16;
  target[at + 14] = ssrc >>> 8;
  target[at + 15] = ssrc;
  state.sequence = (sequence + 1) & 0xffff;
}

/** One packet around a payload that already stands at `at` + {@link headerBytes}; returns its end. */
export function framePacket(
  target: Buffer,
  at: number,
  payloadLength: number,
  state: RtpState,
  timestamp: number,
  marker: boolean,
): number {
  const length = rtpHeaderBytes + payloadLength;
  target[at] = 0x24;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
  target[at + 4] = 0x80;
  patchHeader(target, at, state, timestamp, marker);
  return at + headerBytes + payloadLength;
}
