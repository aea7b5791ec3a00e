// Where the NAL units of one picture lie while it arrives: one behind the other in blocks, so that a packet is copied out
// of the connection's memory at once. Between two pictures nothing is held.
import type { BlockPool } from './block-pool.js';

const blockBytes = 16 * 1024;

export class NalArena {
  /** The last one is being filled. */
  private blocks: Buffer[] = [];
  /** Of the unit that is being collected, in the last block. */
  private start = 0;
  private end = 0;

  constructor(private readonly pool: BlockPool) {}

  /** Adds bytes [from, to) to the unit. */
  add(bytes: Buffer, from: number, to: number): void {
    const block = this.room(to - from);
    this.end += bytes.copy(block, this.end, from, to);
  }

  addByte(value: number): void {
    this.room(1)[this.end++] = value;
  }

  /** The unit that was collected; valid until `clear`. */
  take(): Buffer {
    const unit = this.room(0).subarray(this.start, this.end);
    this.start = this.end;
    return unit;
  }

  /** The unit that was being collected is not wanted. */
  drop(): void {
    this.end = this.start;
  }

  /** Nothing is needed any more, neither what was taken nor what was being collected. */
  clear(): void {
    for (const block of this.blocks) this.pool.give(block);
    this.blocks.length = 0;
    this.start = this.end = 0;
  }

  private room(byteLength: number): Buffer {
    const last = this.blocks.at(-1);
    if (last !== undefined && this.end + byteLength <= last.length) return last;
    const collected = this.end - this.start;
    // A unit that outgrows its block moves to one of twice the room, so that it is seldom moved.
    const wanted = collected === 0 ? byteLength : (collected + byteLength) * 2;
    const next = this.pool.take(Math.max(blockBytes, wanted));
    last?.copy(next, 0, this.start, this.end);
    this.blocks.push(next);
    this.start = 0;
    this.end = collected;
    return next;
  }
}
