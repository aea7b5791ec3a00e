// Memory that media passes through, used again and again: allocated anew for every frame and fragment it would cost page
// faults and, above all, make the garbage collector run for memory that is not on its heap. Shared, so that another thread can write it to the disk.

const smallestBits = 14;
const largestBits = 22;
/** Free blocks beyond this are left to the garbage collector. */
const maxFreeBytes = 24 * 1024 * 1024;

/**
 * Copies `source` to `target` at `at`; returns how many bytes. `Buffer.copy` moves shared memory byte by byte where the two
 * are not aligned alike.
 */
export function put(target: Buffer, at: number, source: Buffer): number {
  if (source.length > 0) target.fill(source, at, at + source.length);
  return source.length;
}

export class BlockPool {
  private readonly free: Buffer[][] = Array.from({ length: largestBits + 1 }, () => []);
  private freeBytes = 0;

  /** At least `byteLength` bytes with anything in them: 16 KB times a power of two. */
  take(byteLength: number): Buffer {
    const bits = Math.max(smallestBits, 32 - Math.clz32(byteLength - 1));
    const block = this.free[bits]?.pop();
    if (block === undefined) return Buffer.from(new SharedArrayBuffer(bits > largestBits ? byteLength : 1 << bits));
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
