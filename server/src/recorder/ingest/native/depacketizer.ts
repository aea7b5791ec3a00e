// RTP payloads to access units, for H.264 (RFC 6184) and H.265 (RFC 7798) without interleaving.
import { IngestFailure } from '../ingest-failure.js';
import type { VideoCodec } from './video-codec.js';

export interface RtpPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/** All NAL units with one timestamp. */
export interface AccessUnit {
  /** RTP timestamp, unwrapped, 90 kHz. */
  readonly ticks: number;
  readonly nals: Buffer[];
}

const maxUnitBytes = 16 * 1024 * 1024;

/** RFC 3550 5.1. Undefined for what is no RTP of version 2. */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < 12 || bytes[0]! >> 6 !== 2) return undefined;
  let start = 12 + (bytes[0]! & 15) * 4;
  if (bytes[0]! & 16) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
  }
  const padding = bytes[0]! & 32 ? bytes[bytes.length - 1]! : 0;
  const end = bytes.length - padding;
  if (start >= end) return undefined;
  return {
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    marker: (bytes[1]! & 128) !== 0,
    payload: bytes.subarray(start, end),
  };
}

/** Extends the 32-bit timestamps of one RTP stream, which wrap after 13 hours. */
export class TimestampUnwrapper {
  private last: number | undefined;

  unwrap(timestamp: number): number {
    if (this.last === undefined) {
      this.last = timestamp;
      return timestamp;
    }
    this.last = this.peek(timestamp);
    return this.last;
  }
  /** Without moving on; for the timestamps of sender reports. */
  peek(timestamp: number): number {
    return this.last === undefined ? this.unwrap(timestamp) : this.last + ((timestamp - low32(this.last)) | 0);
  }
}

/** `value` modulo 2^32, also beyond 32 bits. */
function low32(value: number): number {
  return ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
}

export class Depacketizer {
  private nals: Buffer[] = [];
  private parts: Buffer[] | undefined;
  private bytes = 0;
  private ticks: number | undefined;
  private sequence: number | undefined;
  /** Packets that were missing in the sequence. */
  lostPackets = 0;

  constructor(
    private readonly codec: VideoCodec,
    private readonly timestamps: TimestampUnwrapper,
    private readonly onUnit: (unit: AccessUnit) => void,
  ) {}

  /** @throws IngestFailure bad_answer when a frame grows without end */
  push(packet: RtpPacket): void {
    if (this.sequence !== undefined) {
      const gap = (packet.sequence - this.sequence - 1) & 0xffff;
      if (gap > 0 && gap < 0x8000) {
        this.lostPackets += gap;
        this.parts = undefined;
      }
    }
    this.sequence = packet.sequence;
    const ticks = this.timestamps.unwrap(packet.timestamp);
    if (this.ticks !== undefined && ticks !== this.ticks) this.finish();
    this.ticks = ticks;
    this.bytes += packet.payload.length;
    if (this.bytes > maxUnitBytes) throw new IngestFailure('bad_answer', 'a frame of the camera has no end');
    if (this.codec === 'h264') this.h264(packet.payload);
    else this.h265(packet.payload);
    if (packet.marker) this.finish();
  }

  private finish(): void {
    const { nals, ticks } = this;
    this.nals = [];
    this.parts = undefined;
    this.bytes = 0;
    if (nals.length > 0 && ticks !== undefined) this.onUnit({ ticks, nals });
  }

  /** Several NAL units in one packet, each behind its 16-bit length. */
  private aggregate(payload: Buffer, start: number): void {
    let at = start;
    while (at + 2 <= payload.length) {
      const length = payload.readUInt16BE(at);
      if (length === 0 || at + 2 + length > payload.length) return;
      this.nals.push(payload.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }

  private fragment(first: boolean, last: boolean, header: Buffer, data: Buffer): void {
    if (first) this.parts = [header];
    if (this.parts === undefined) return; // its start was lost
    this.parts.push(data);
    if (!last) return;
    this.nals.push(Buffer.concat(this.parts));
    this.parts = undefined;
  }

  private h264(payload: Buffer): void {
    const indicator = payload[0]!;
    const type = indicator & 31;
    if (type >= 1 && type <= 23) this.nals.push(payload);
    else if (type === 24) this.aggregate(payload, 1);
    else if (type === 28 && payload.length > 2) {
      const fu = payload[1]!;
      const header = Buffer.from([(indicator & 0xe0) | (fu & 31)]);
      this.fragment((fu & 0x80) !== 0, (fu & 0x40) !== 0, header, payload.subarray(2));
    }
  }

  private h265(payload: Buffer): void {
    if (payload.length < 3) return;
    const type = (payload[0]! >> 1) & 63;
    if (type < 48) this.nals.push(payload);
    else if (type === 48) this.aggregate(payload, 2);
    else if (type === 49 && payload.length > 3) {
      const fu = payload[2]!;
      const header = Buffer.from([(payload[0]! & 0x81) | ((fu & 63) << 1), payload[1]!]);
      this.fragment((fu & 0x80) !== 0, (fu & 0x40) !== 0, header, payload.subarray(3));
    }
  }
}
