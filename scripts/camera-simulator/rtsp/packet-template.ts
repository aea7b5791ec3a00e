import { nalType } from '../h264/annex-b.js';

const interleavedHeaderBytes = 4;
const rtpHeaderBytes = 12;
const headerBytes = interleavedHeaderBytes + rtpHeaderBytes;
/** Of an RTP packet with its header; stays below the MTU of an Ethernet, as cameras do. */
const maxRtpPacketBytes = 1400;
const maxPayloadBytes = maxRtpPacketBytes - rtpHeaderBytes;
const fuA = 28;
const stapA = 24;

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
 * RTP packets of H.264 (RFC 6184, packetization-mode 1) framed for RTSP interleaving (RFC 2326 10.12), laid out once
 * and then copied for each receiver with only the headers patched.
 */
export class PacketTemplate {
  readonly #bytes: Buffer;
  readonly #offsets: number[];

  private constructor(payloads: Buffer[]) {
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

  static ofSlices(nals: Buffer[]): PacketTemplate {
    return new PacketTemplate(nals.flatMap(payloadsOf));
  }

  /** SPS and PPS one a packet, or both in one STAP-A, as brands differ. */
  static ofParameterSets(nals: Buffer[], aggregate: boolean): PacketTemplate {
    return new PacketTemplate(aggregate && nals.length > 1 ? [aggregated(nals)] : nals.flatMap(payloadsOf));
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  get packetCount(): number {
    return this.#offsets.length;
  }

  /** Copies the packets to `target` at `at`, patched; advances `state.sequence`. The marker goes on the last packet. */
  writeTo(target: Buffer, at: number, state: RtpState, timestamp: number, markLast: boolean): number {
    this.#bytes.copy(target, at);
    const last = this.#offsets.length - 1;
    this.#offsets.forEach((offset, index) => {
      const packet = at + offset;
      target[packet + 1] = state.channel;
      target[packet + 5] = (markLast && index === last ? 0x80 : 0) | state.payloadType;
      target.writeUInt16BE(state.sequence, packet + 6);
      target.writeUInt32BE(timestamp, packet + 8);
      target.writeUInt32BE(state.ssrc, packet + 12);
      state.sequence = (state.sequence + 1) & 0xffff;
    });
    return at + this.#bytes.length;
  }
}

/** Bytes of payload (without RTP headers) for RTCP's octet count. */
export function payloadBytes(template: PacketTemplate): number {
  return template.byteLength - template.packetCount * headerBytes;
}

function payloadsOf(nal: Buffer): Buffer[] {
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

function aggregated(nals: Buffer[]): Buffer {
  const importance = Math.max(...nals.map((nal) => (nal[0] ?? 0) & 0x60));
  const parts = nals.flatMap((nal) => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(nal.length);
    return [size, nal];
  });
  return Buffer.concat([Buffer.of(importance | stapA), ...parts]);
}
