// RTP payloads to access units, for H.264 (RFC 6184) and H.265 (RFC 7798), as cameras really send them: design/ingest.md
// says which liberties are taken. Interleaved units, whose order is not that of decoding, are refused.
import { IngestFailure } from '../ingest-failure.js';
import { BlockPool } from './block-pool.js';
import { NalArena } from './nal-arena.js';
import type { RtpPacket, TimestampUnwrapper } from './rtp-packet.js';
import { parseH264Sps } from './sequence-parameters.js';
import { splitAtStartCodes, startCodeBytes } from './start-codes.js';
import { beginsPicture, isPicture, unitType, type VideoCodec } from './video-codec.js';

/** All NAL units of one picture. */
export interface AccessUnit {
  /** RTP timestamp, unwrapped. */
  readonly ticks: number;
  /** A further picture with the time stamp of the one before it. */
  readonly again: boolean;
  /** Valid during the call only. */
  readonly nals: Buffer[];
}

export interface DepacketizerOptions {
  readonly codec: VideoCodec;
  readonly timestamps: TimestampUnwrapper;
  readonly onUnit: (unit: AccessUnit) => void;
  readonly pool?: BlockPool | undefined;
  /** Each unit has its decoding order number before it (RFC 7798 4.4, sprop-max-don-diff); default false. */
  readonly hasOrderNumbers?: boolean | undefined;
  /** Units came with start codes; called once. */
  readonly onStartCodes?: () => void;
}

const maxUnitBytes = 16 * 1024 * 1024;
const maxUnitNals = 4096;
/** In so many the slices are looked through for start codes. */
const examinedPictures = 250;
/** So many packets of interleaved mode without any other unit are no damage. */
const maxInterleaved = 16;
const interleaved = (how: string) =>
  new IngestFailure('not_video', `the camera sends its pictures interleaved (${how}), which is not supported`);

export class Depacketizer {
  private readonly arena: NalArena;
  private readonly codec: VideoCodec;
  private readonly headerBytes: number;
  /** A unit that comes in several packets has begun. */
  private isOpen = false;
  private bytes = 0;
  private ticks: number | undefined;
  private finishedTicks: number | undefined;
  /** Of a picture there is a slice in what is being collected … */
  private hasSlice = false;
  /** … and in what was handed over last. */
  private finishedSlice = false;
  private isAgain = false;
  /** Some cameras set the marker on every packet: then only a new timestamp, or a new picture, ends one. */
  private markersCount = true;
  /** Some never mark the last fragment of a unit: then it ends where the next begins. */
  private endsCount = false;
  /** Fields of one picture may come as two pictures with one time stamp. */
  private mayHoldFields: boolean;
  private sps: Buffer | undefined;
  private orderNumber: number | undefined;
  private interleavedPackets = 0;
  private saidStartCodes = false;
  private pictures = 0;
  /** NAL units that came in part only and were dropped; what was whole beside them is kept. */
  tornUnits = 0;

  constructor(private readonly options: DepacketizerOptions) {
    this.codec = options.codec;
    this.headerBytes = this.codec === 'h264' ? 1 : 2;
    this.mayHoldFields = this.codec === 'h264';
    this.arena = new NalArena(options.pool ?? new BlockPool());
  }

  /** The bytes of the packets so far will be used again by whoever read them. */
  settle(): void {
    this.arena.settle();
  }

  /** Packets are missing before the next one. */
  lose(): void {
    if (this.isOpen) this.tornUnits += 1;
    this.isOpen = false;
    this.orderNumber = undefined;
    this.arena.drop();
  }

  /** What is known of the sequence before its first picture. */
  learn(sps: Buffer): void {
    if (this.codec !== 'h264' || this.sps?.equals(sps) === true) return;
    this.sps = Buffer.from(sps);
    try {
      this.mayHoldFields = !parseH264Sps(sps).framesOnly;
    } catch {
      this.mayHoldFields = true; // damaged: the camera repeats it
    }
  }

  /**
   * Takes the next packet in order. Its bytes are lent until `settle`, and may be changed.
   * @throws IngestFailure bad_answer when a frame grows without end, not_video for interleaved units
   */
  push(packet: RtpPacket): void {
    const { bytes, end } = packet;
    let { start } = packet;
    if (start === end) return this.pushEmpty(packet);
    const ticks = this.options.timestamps.unwrap(packet.timestamp);
    if (this.ticks !== undefined && ticks !== this.ticks) this.finish();
    this.ticks = ticks;
    this.bytes += end - start;
    if (this.bytes > maxUnitBytes || this.arena.count > maxUnitNals)
      throw new IngestFailure('bad_answer', 'a frame of the camera has no end');
    if (bytes[start] === 0) {
      const codeBytes = startCodeBytes(bytes, start, end);
      if (codeBytes > 0) this.noticeStartCodes();
      start += codeBytes;
    }
    if (this.codec === 'h264') this.h264(bytes, start, end);
    else this.h265(bytes, start, end);
    // A marker in the midst of a unit is none.
    if (packet.marker && this.markersCount && !this.isOpen) this.finish();
  }

  /** Some cameras end a picture with a packet that carries nothing but the marker. */
  private pushEmpty(packet: RtpPacket): void {
    if (!packet.marker || !this.markersCount || this.isOpen || !this.hasSlice) return;
    if (this.options.timestamps.peek(packet.timestamp) === this.ticks) this.finish();
  }

  /** Hands over what there is of the last frame. */
  finish(): void {
    const { ticks, isAgain } = this;
    if (this.isOpen && !this.endsCount) this.arena.finish();
    else if (this.isOpen) this.lose();
    this.isOpen = false;
    const nals = this.withoutStartCodes(this.arena.take());
    this.bytes = 0;
    this.finishedTicks = ticks;
    this.finishedSlice = this.hasSlice;
    this.hasSlice = false;
    this.isAgain = false;
    if (nals.length > 0 && ticks !== undefined) this.options.onUnit({ ticks, nals, again: isAgain });
    this.arena.clear();
  }

  /** The stream ends here: what came of the last unit is not whole. */
  end(): void {
    this.lose();
    this.finish();
  }

  private withoutStartCodes(nals: Buffer[]): Buffer[] {
    // Slices are most of what comes: a camera that puts several into one shows it soon.
    const looksAtSlices = this.saidStartCodes || this.pictures < examinedPictures;
    if (this.hasSlice) this.pictures += 1;
    const found = splitAtStartCodes(this.codec, nals, looksAtSlices);
    if (found !== nals) {
      this.noticeStartCodes();
      for (const nal of found) this.hasSlice ||= this.isSlice(nal[0]!);
    }
    if (this.codec !== 'h264') return found;
    for (let index = 0; index < found.length; index++) if ((found[index]![0]! & 31) === 7) this.learn(found[index]!);
    return found;
  }

  private isSlice(first: number): boolean {
    return isPicture(this.codec, unitType(this.codec, first));
  }

  private noticeStartCodes(): void {
    if (!this.saidStartCodes) this.options.onStartCodes?.();
    this.saidStartCodes = true;
  }

  /** A unit of `type` begins, `first` is the byte behind its header: does it belong to what is being collected? */
  private begin(type: number, first: number): void {
    this.interleavedPackets = 0;
    const isSlice = isPicture(this.codec, type);
    if (!isSlice) {
      if (this.ticks === this.finishedTicks && !this.finishedSlice && !this.hasSlice) this.markersCount = false;
      return;
    }
    const isFirst = beginsPicture(this.codec, type, first);
    const isNext = isFirst && !this.mayHoldFields;
    if (this.hasSlice) {
      if (isNext) {
        const { ticks } = this;
        this.finish();
        this.isAgain = ticks === this.finishedTicks;
      }
    } else if (this.ticks === this.finishedTicks) {
      if (!this.finishedSlice || !isFirst) this.markersCount = false;
      else this.isAgain = isNext;
    }
    this.hasSlice = true;
  }

  /** Bytes [from, to) are a unit. */
  private whole(bytes: Buffer, from: number, to: number): void {
    if (to - from <= this.headerBytes) return;
    const type = unitType(this.codec, bytes[from]!);
    if (this.isOpen) return this.arena.insert(bytes, from, to);
    this.begin(type, bytes[from + this.headerBytes]!);
    this.arena.add(bytes, from, to);
    this.arena.finish();
  }

  /** Several NAL units in one packet, each behind its 16-bit length, with an order number before it where there are such. */
  private aggregate(bytes: Buffer, from: number, to: number): void {
    const { hasOrderNumbers = false } = this.options;
    let at = from;
    if (hasOrderNumbers && at + 2 <= to) {
      this.checkOrder(bytes.readUInt16BE(at));
      at += 2;
    }
    for (let index = 0; at + 2 <= to; index++) {
      if (hasOrderNumbers && index > 0) at += 1;
      if (at + 2 > to) return;
      const end = at + 2 + bytes.readUInt16BE(at);
      if (end === at + 2 || end > to) return;
      const start = at + 2 + startCodeBytes(bytes, at + 2, end);
      this.whole(bytes, start, end);
      at = end;
    }
  }

  /** A piece of a unit: bytes [from, to), to which the unit's header belongs where it is the first; may be empty. */
  private piece(fu: number, bytes: Buffer, from: number, to: number): void {
    if (!this.isOpen) return; // its start was lost
    if (to > from) this.arena.add(bytes, from, to);
    if ((fu & 0x40) === 0) return;
    this.endsCount = true;
    this.arena.finish();
    this.isOpen = false;
  }

  private open(type: number, first: number): void {
    if (this.isOpen && !this.endsCount) this.arena.finish();
    else if (this.isOpen) this.lose(); // the one before has no end
    this.isOpen = false;
    this.begin(type, first);
    this.isOpen = true;
  }

  private h264(bytes: Buffer, from: number, to: number): void {
    if (from >= to) return;
    const indicator = bytes[from]!;
    const type = indicator & 31;
    if (type >= 1 && type <= 23) this.whole(bytes, from, to);
    else if (type === 24) this.aggregate(bytes, from + 1, to);
    else if (type === 28 && to - from >= 2) {
      const fu = bytes[from + 1]!;
      if ((fu & 0x80) === 0) return this.piece(fu, bytes, from + 2, to);
      this.open(fu & 31, to - from > 2 ? bytes[from + 2]! : 0);
      bytes[from + 1] = (indicator & 0xe0) | (fu & 31);
      this.piece(fu, bytes, from + 1, to);
    } else if (type >= 25 && type <= 29) this.refuse(`packet type ${type}`);
  }

  private h265(bytes: Buffer, from: number, to: number): void {
    if (to - from < 3) return;
    const first = bytes[from]!;
    const type = (first >> 1) & 63;
    const orderBytes = this.options.hasOrderNumbers === true ? 2 : 0;
    if (type < 48) this.whole(bytes, this.withoutOrder(bytes, from, 2, to), to);
    else if (type === 48) this.aggregate(bytes, from + 2, to);
    else if (type === 49) {
      const fu = bytes[from + 2]!;
      if ((fu & 0x80) === 0) return this.piece(fu, bytes, from + 3, to);
      const second = bytes[from + 1]!;
      const at = this.withoutOrder(bytes, from, 3, to);
      if (at === to) return;
      this.open(fu & 63, to - from > 3 + orderBytes ? bytes[at + 3]! : 0);
      bytes[at + 2] = second;
      bytes[at + 1] = (first & 0x81) | ((fu & 63) << 1);
      this.piece(fu, bytes, at + 1, to);
    }
  }

  /** Takes the order number from behind `headBytes` of header; returns where the header stands then, `to` where it is cut. */
  private withoutOrder(bytes: Buffer, from: number, headBytes: number, to: number): number {
    if (this.options.hasOrderNumbers !== true) return from;
    if (to - from < headBytes + 2) return to;
    this.checkOrder(bytes.readUInt16BE(from + headBytes));
    bytes.copyWithin(from + 2, from, from + headBytes);
    return from + 2;
  }

  /** RFC 7798 6: units that are not sent in the order of decoding would have to be sorted. */
  private checkOrder(number: number): void {
    const before = this.orderNumber;
    this.orderNumber = number;
    if (before !== undefined && ((number - before) & 0xffff) >= 0x8000) throw interleaved('decoding order numbers');
  }

  private refuse(how: string): void {
    this.interleavedPackets += 1;
    if (this.interleavedPackets >= maxInterleaved) throw interleaved(how);
  }
}
