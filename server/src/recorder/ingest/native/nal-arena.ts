// Where the NAL units of one stream lie from their arrival until they are in a fragment: one behind the other in large
// blocks, so that a packet is copied once and its own memory is free at once.
import type { BlockPool } from './block-pool.js';

const blockBytes = 32 * 1024;

export class NalArena {
  /** The oldest first; the last one is being filled. */
  private blocks: Buffer[] = [];
  /** How many blocks were given back. */
  private released = 0;
  /** Of the unit that is being collected, in the last block. */
  private start = 0;
  private end = 0;

  constructor(private readonly pool: BlockPool) {}

  /** What is collected from now on lies in this block or in later ones. */
  get mark(): number {
    return this.released + Math.max(0, this.blocks.length - 1);
  }

  /** Adds bytes [from, to) to the unit. */
  add(bytes: Buffer, from: number, to: number): void {
    const block = this.room(to - from);
    this.end += bytes.copy(block, this.end, from, to);
  }

  addByte(value: number): void {
    this.room(1)[this.end++] = value;
  }

  /** The unit that was collected; valid until its block is released. */
  take(): Buffer {
    const unit = this.room(0).subarray(this.start, this.end);
    this.start = this.end;
    return unit;
  }

  /** The unit that was being collected is not wanted. */
  drop(): void {
    this.end = this.start;
  }

  /** Units that were taken before `mark` was read are not needed any more; undefined: none that was taken. */
  release(mark: number | undefined): void {
    if (mark === undefined && this.start === this.end) {
      this.clear();
      return;
    }
    const before = mark ?? this.mark;
    while (this.released < before && this.blocks.length > 1) {
      this.pool.give(this.blocks.shift()!);
      this.released += 1;
    }
  }

  /** Nothing is needed any more. */
  clear(): void {
    for (const block of this.blocks) this.pool.give(block);
    this.released += this.blocks.length;
    this.blocks = [];
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
