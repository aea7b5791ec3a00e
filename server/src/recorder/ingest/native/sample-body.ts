// The pictures of the fragment that is being collected, as they will stand in its mdat: NAL units behind their lengths
// (ISO/IEC 14496-15 5.3.3), one picture after the other. Room is kept in front, so that the fragment's head is written
// there in the end and nothing is copied again.
import { BlockPool, put } from './block-pool.js';

/** A moof of some 120 pictures without sound. */
const headRoom = 2048;
const firstBytes = 16 * 1024 - headRoom;

export class SampleBody {
  private block: Buffer | undefined;
  private end = headRoom;

  constructor(private readonly pool = new BlockPool()) {}

  /** Of all pictures. */
  get byteLength(): number {
    return this.end - headRoom;
  }

  /** Adds a picture, or to the last one; returns its bytes. */
  add(nals: readonly Buffer[]): number {
    let byteLength = 0;
    for (const nal of nals) byteLength += 4 + nal.length;
    const block = this.room(byteLength);
    let at = this.end;
    for (const nal of nals) {
      at = block.writeUInt32BE(nal.length, at);
      at += put(block, at, nal);
    }
    this.end = at;
    return byteLength;
  }

  /** Bytes [from, to) of the pictures, until `take`. */
  part(from: number, to: number): Buffer {
    return this.room(0).subarray(headRoom + from, headRoom + to);
  }

  /**
   * The pictures with `headBytes` in front that hold anything; what is added next begins anew. `release` gives the memory
   * back.
   */
  take(headBytes: number): { bytes: Buffer; release: () => void } {
    let block: Buffer | undefined = this.room(0);
    const { pool, end } = this;
    let bytes: Buffer;
    if (headBytes <= headRoom) bytes = block.subarray(headRoom - headBytes, end);
    else {
      const larger = pool.take(headBytes + end - headRoom);
      put(larger, headBytes, block.subarray(headRoom, end));
      pool.give(block);
      bytes = larger.subarray(0, headBytes + end - headRoom);
      block = larger;
    }
    this.block = undefined;
    this.end = headRoom;
    return {
      bytes,
      release() {
        if (block !== undefined) pool.give(block);
        block = undefined;
      },
    };
  }

  /** The pictures are not wanted. */
  drop(): void {
    if (this.block !== undefined) this.pool.give(this.block);
    this.block = undefined;
    this.end = headRoom;
  }

  private room(byteLength: number): Buffer {
    const { block } = this;
    if (block === undefined) return (this.block = this.pool.take(headRoom + Math.max(firstBytes, byteLength)));
    if (this.end + byteLength <= block.length) return block;
    const larger = this.pool.take(this.end + byteLength);
    put(larger, headRoom, block.subarray(headRoom, this.end));
    this.pool.give(block);
    return (this.block = larger);
  }
}
