// RTP payloads to access units, for H.264 (RFC 6184) and H.265 (RFC 7798) without interleaving.
import { IngestFailure } from '../ingest-failure.js';
import { BlockPool } from './block-pool.js';
import { NalArena } from './nal-arena.js';
import type { RtpPacket, TimestampUnwrapper } from './rtp-packet.js';
import type { VideoCodec } from './video-codec.js';

/** All NAL units with one timestamp. */
export interface AccessUnit {
  /** RTP timestamp, unwrapped. */
  readonly ticks: number;
  /** Valid until `release`. */
  readonly nals: Buffer[];
}

const maxUnitBytes = 16 * 1024 * 1024;
const maxUnitNals = 4096;

export class Depacketizer {
  private nals: Buffer[] = [];
  private readonly arena: NalArena;
  /** A unit that comes in several packets has begun. */
  private isOpen = false;
  private bytes = 0;
  private ticks: number | undefined;
  private finishedTicks: number | undefined;
  /** Some cameras set the marker on every packet: then only a new timestamp ends a frame. */
  private markersCount = true;
  /** NAL units that came in part only and were dropped; what was whole beside them is kept. */
  tornUnits = 0;

  constructor(
    private readonly codec: VideoCodec,
    private readonly timestamps: TimestampUnwrapper,
    private readonly onUnit: (unit: AccessUnit) => void,
    pool = new BlockPool(),
  ) {
    this.arena = new NalArena(pool);
  }

  /** The access units that were handed over are not needed any more. */
  release(): void {
    this.arena.clear();
  }

  /** Packets are missing before the next one. */
  lose(): void {
    if (this.isOpen) this.tornUnits += 1;
    this.isOpen = false;
    this.arena.drop();
  }

  /** Takes the next packet in order. @throws IngestFailure bad_answer when a frame grows without end */
  push(packet: Pick<RtpPacket, 'timestamp' | 'marker' | 'payload'>): void {
    const ticks = this.timestamps.unwrap(packet.timestamp);
    if (this.ticks !== undefined && ticks !== this.ticks) this.finish();
    if (ticks === this.finishedTicks) this.markersCount = false;
    this.ticks = ticks;
    this.bytes += packet.payload.length;
    if (this.bytes > maxUnitBytes || this.nals.length > maxUnitNals)
      throw new IngestFailure('bad_answer', 'a frame of the camera has no end');
    if (this.codec === 'h264') this.h264(packet.payload);
    else this.h265(packet.payload);
    if (packet.marker && this.markersCount) this.finish();
  }

  /** Hands over what there is of the last frame. */
  finish(): void {
    const { nals, ticks } = this;
    this.nals = [];
    this.lose();
    this.bytes = 0;
    this.finishedTicks = ticks;
    if (nals.length > 0 && ticks !== undefined) this.onUnit({ ticks, nals });
  }

  /** Bytes [from, to) of the payload are a unit. */
  private whole(payload: Buffer, from: number, to: number): void {
    if (this.isOpen) {
      // Between the pieces of another one, which goes on behind it.
      this.nals.push(Buffer.from(payload.subarray(from, to)));
      return;
    }
    this.arena.add(payload, from, to);
    this.nals.push(this.arena.take());
  }

  /** Several NAL units in one packet, each behind its 16-bit length. */
  private aggregate(payload: Buffer, start: number): void {
    let at = start;
    while (at + 2 <= payload.length) {
      const length = payload.readUInt16BE(at);
      if (length === 0 || at + 2 + length > payload.length) return;
      this.whole(payload, at + 2, at + 2 + length);
      at += 2 + length;
    }
  }

  /** A piece of a unit, from `start` on; `fu` says which, `header` what the unit begins with. */
  private fragment(fu: number, header: number, secondHeader: number | undefined, payload: Buffer, start: number): void {
    if ((fu & 0x80) !== 0) {
      this.lose(); // the one before has no end
      this.isOpen = true;
      this.arena.addByte(header);
      if (secondHeader !== undefined) this.arena.addByte(secondHeader);
    }
    if (!this.isOpen) return; // its start was lost
    this.arena.add(payload, start, payload.length);
    if ((fu & 0x40) === 0) return;
    this.nals.push(this.arena.take());
    this.isOpen = false;
  }

  private h264(payload: Buffer): void {
    const indicator = payload[0]!;
    const type = indicator & 31;
    if (type >= 1 && type <= 23) this.whole(payload, 0, payload.length);
    else if (type === 24) this.aggregate(payload, 1);
    else if (type === 28 && payload.length > 2) {
      const fu = payload[1]!;
      this.fragment(fu, (indicator & 0xe0) | (fu & 31), undefined, payload, 2);
    }
  }

  private h265(payload: Buffer): void {
    if (payload.length < 3) return;
    const type = (payload[0]! >> 1) & 63;
    if (type < 48) this.whole(payload, 0, payload.length);
    else if (type === 48) this.aggregate(payload, 2);
    else if (type === 49 && payload.length > 3) {
      const fu = payload[2]!;
      this.fragment(fu, (payload[0]! & 0x81) | ((fu & 63) << 1), payload[1]!, payload, 3);
    }
  }
}
