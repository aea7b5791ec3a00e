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
  /** Valid during the call only. */
  readonly nals: Buffer[];
}

const maxUnitBytes = 16 * 1024 * 1024;
const maxUnitNals = 4096;

export class Depacketizer {
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

  /** The bytes of the packets so far will be used again by whoever read them. */
  settle(): void {
    this.arena.settle();
  }

  /** Packets are missing before the next one. */
  lose(): void {
    if (this.isOpen) this.tornUnits += 1;
    this.isOpen = false;
    this.arena.drop();
  }

  /**
   * Takes the next packet in order. Its bytes are lent until `settle`, and may be changed.
   * @throws IngestFailure bad_answer when a frame grows without end
   */
  push(packet: RtpPacket): void {
    const ticks = this.timestamps.unwrap(packet.timestamp);
    if (this.ticks !== undefined && ticks !== this.ticks) this.finish();
    if (ticks === this.finishedTicks) this.markersCount = false;
    this.ticks = ticks;
    this.bytes += packet.end - packet.start;
    if (this.bytes > maxUnitBytes || this.arena.count > maxUnitNals)
      throw new IngestFailure('bad_answer', 'a frame of the camera has no end');
    if (this.codec === 'h264') this.h264(packet.bytes, packet.start, packet.end);
    else this.h265(packet.bytes, packet.start, packet.end);
    if (packet.marker && this.markersCount) this.finish();
  }

  /** Hands over what there is of the last frame. */
  finish(): void {
    const { ticks } = this;
    this.lose();
    const nals = this.arena.take();
    this.bytes = 0;
    this.finishedTicks = ticks;
    if (nals.length > 0 && ticks !== undefined) this.onUnit({ ticks, nals });
    this.arena.clear();
  }

  /** Bytes [from, to) are a unit. */
  private whole(bytes: Buffer, from: number, to: number): void {
    if (this.isOpen) return this.arena.insert(bytes, from, to);
    this.arena.add(bytes, from, to);
    this.arena.finish();
  }

  /** Several NAL units in one packet, each behind its 16-bit length. */
  private aggregate(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at + 2 <= to) {
      const end = at + 2 + bytes.readUInt16BE(at);
      if (end === at + 2 || end > to) return;
      this.whole(bytes, at + 2, end);
      at = end;
    }
  }

  /** A piece of a unit: bytes [from, to), to which the unit's header belongs where it is the first. */
  private piece(fu: number, bytes: Buffer, from: number, to: number): void {
    if (!this.isOpen) return; // its start was lost
    this.arena.add(bytes, from, to);
    if ((fu & 0x40) === 0) return;
    this.arena.finish();
    this.isOpen = false;
  }

  private open(): void {
    this.lose(); // the one before has no end
    this.isOpen = true;
  }

  private h264(bytes: Buffer, from: number, to: number): void {
    const indicator = bytes[from]!;
    const type = indicator & 31;
    if (type >= 1 && type <= 23) this.whole(bytes, from, to);
    else if (type === 24) this.aggregate(bytes, from + 1, to);
    else if (type === 28 && to - from > 2) {
      const fu = bytes[from + 1]!;
      if ((fu & 0x80) === 0) return this.piece(fu, bytes, from + 2, to);
      this.open();
      bytes[from + 1] = (indicator & 0xe0) | (fu & 31);
      this.piece(fu, bytes, from + 1, to);
    }
  }

  private h265(bytes: Buffer, from: number, to: number): void {
    if (to - from < 3) return;
    const first = bytes[from]!;
    const type = (first >> 1) & 63;
    if (type < 48) this.whole(bytes, from, to);
    else if (type === 48) this.aggregate(bytes, from + 2, to);
    else if (type === 49 && to - from > 3) {
      const fu = bytes[from + 2]!;
      if ((fu & 0x80) === 0) return this.piece(fu, bytes, from + 3, to);
      this.open();
      bytes[from + 2] = bytes[from + 1]!;
      bytes[from + 1] = (first & 0x81) | ((fu & 63) << 1);
      this.piece(fu, bytes, from + 1, to);
    }
  }
}
