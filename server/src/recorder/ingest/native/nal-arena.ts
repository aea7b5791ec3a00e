// Where the NAL units of one picture lie while it arrives. Packets are joined in the memory they were read into, so that
// a picture that came in one read is copied once, into its fragment. What a picture has when that memory is used again
// moves into blocks of our own first. Between two pictures nothing is held.
import { put, type BlockPool } from './block-pool.js';

const blockBytes = 16 * 1024;

export class NalArena {
  /** The last one is being filled. */
  private blocks: Buffer[] = [];
  /** Of the unit that is being collected, in the last block … */
  private start = 0;
  private end = 0;
  /** … and, behind that, in memory that is lent to us. */
  private lent: Buffer | undefined;
  private lentStart = 0;
  private lentEnd = 0;
  private units: Buffer[] = [];
  /** So many of them are in memory of our own. */
  private ownUnits = 0;

  constructor(private readonly pool: BlockPool) {}

  /** Units that are whole. */
  get count(): number {
    return this.units.length;
  }

  /** Adds bytes [from, to) to the unit. Lent until `settle`, and all that was added of this buffer before may be moved. */
  add(bytes: Buffer, from: number, to: number): void {
    if (this.lent === bytes && this.lentEnd <= from) {
      bytes.copyWithin(this.lentEnd, from, to);
      this.lentEnd += to - from;
      return;
    }
    this.own();
    this.lent = bytes;
    this.lentStart = from;
    this.lentEnd = to;
  }

  /** The unit that was being collected is whole. */
  finish(): void {
    const { lent } = this;
    if (lent !== undefined && this.start === this.end) this.units.push(lent.subarray(this.lentStart, this.lentEnd));
    else {
      this.own();
      this.units.push(this.room(0).subarray(this.start, this.end));
      this.start = this.end;
    }
    this.lent = undefined;
  }

  /** A whole unit between the pieces of another one, which goes on behind it. */
  insert(bytes: Buffer, from: number, to: number): void {
    this.units.push(Buffer.from(bytes.subarray(from, to)));
  }

  /** The unit that was being collected is not wanted. */
  drop(): void {
    this.end = this.start;
    this.lent = undefined;
  }

  /** The units that are whole; valid until `clear` or `settle`, whichever is first. */
  take(): Buffer[] {
    const { units } = this;
    this.units = [];
    this.ownUnits = 0;
    return units;
  }

  /** What was lent will be used again by its owner. */
  settle(): void {
    const collecting = this.start !== this.end;
    for (; this.ownUnits < this.units.length; this.ownUnits++) {
      const unit = this.units[this.ownUnits]!;
      this.units[this.ownUnits] = collecting ? Buffer.from(unit) : this.copied(unit);
    }
    this.own();
  }

  /** Nothing is needed any more, neither what is whole nor what was being collected. */
  clear(): void {
    if (this.blocks.length > 0) {
      for (const block of this.blocks) this.pool.give(block);
      this.blocks = [];
    }
    this.start = this.end = 0;
    this.units = [];
    this.ownUnits = 0;
    this.lent = undefined;
  }

  /** The unit that is being collected is all in memory of our own. */
  private own(): void {
    const { lent } = this;
    if (lent === undefined) return;
    const block = this.room(this.lentEnd - this.lentStart);
    this.end += put(block, this.end, lent.subarray(this.lentStart, this.lentEnd));
    this.lent = undefined;
  }

  private copied(unit: Buffer): Buffer {
    const block = this.room(unit.length);
    this.end += put(block, this.end, unit);
    const copy = block.subarray(this.start, this.end);
    this.start = this.end;
    return copy;
  }

  private room(byteLength: number): Buffer {
    const last = this.blocks.at(-1);
    if (last !== undefined && this.end + byteLength <= last.length) return last;
    const collected = this.end - this.start;
    // A unit that outgrows its block moves to one of twice the room, so that it is seldom moved.
    const wanted = collected === 0 ? byteLength : (collected + byteLength) * 2;
    const next = this.pool.take(Math.max(blockBytes, wanted));
    if (last !== undefined) put(next, 0, last.subarray(this.start, this.end));
    this.blocks.push(next);
    this.start = 0;
    this.end = collected;
    return next;
  }
}
