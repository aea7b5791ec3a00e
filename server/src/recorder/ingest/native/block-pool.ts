// Memory that media passes through, used again and again: allocated anew for every frame and fragment it would cost page
// faults and, above all, make the garbage collector run for memory that is not on its heap.

const smallestBits = 14;
const largestBits = 22;
/** Free blocks beyond this are left to the garbage collector. */
const maxFreeBytes = 24 * 1024 * 1024;

export class BlockPool {
  private readonly free: Buffer[][] = Array.from({ length: largestBits + 1 }, () => []);
  private freeBytes = 0;

  /** At least `byteLength` bytes with anything in them: 16 KB times a power of two. */
  take(byteLength: number): Buffer {
    const bits = Math.max(smallestBits, 32 - Math.clz32(byteLength - 1));
    const block = this.free[bits]?.pop();
    if (block === undefined) return Buffer.allocUnsafeSlow(bits > largestBits ? byteLength : 1 << bits);
    this.freeBytes -= block.length;
    return block;
  }

  /** Nobody may look at `block`, which `take` handed out, or at a part of it any more. */
  give(block: Buffer): void {
    const bits = 31 - Math.clz32(block.length);
    if (this.freeBytes + block.length > maxFreeBytes || block.length !== 1 << bits) return;
    const free = this.free[bits];
    if (free === undefined || bits < smallestBits) return;
    free.push(block);
    this.freeBytes += block.length;
  }
}
