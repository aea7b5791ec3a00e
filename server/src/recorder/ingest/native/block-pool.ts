// Memory that media passes through, used again and again: allocated anew for every frame and fragment it would cost page
// faults and, above all, make the garbage collector run for memory that is not on its heap. Shared, so that another thread can write it to the disk.

const smallestBytes = 16 * 1024;
const largestBytes = 4 * 1024 * 1024;
/** From here on there is a size between each power of two and the next. */
const halfwayBytes = 128 * 1024;
/**
 * Free blocks beyond this are left to the garbage collector, which does not hurry, as shared memory does not press it: while
 * the disk is slow they would go there as fast as the cameras send. So it is more than what may wait for the disk, and what
 * no stream needs any more is dropped round by round.
 */
const maxFreeBytes = 512 * 1024 * 1024;
/** So often it is looked which blocks lay free all the while, as after a time in which the disk was slow. */
const givesARound = 2048;

interface Shelf {
  readonly blocks: Buffer[];
  /** So few there were at least in this round. */
  fewest: number;
}

function sizeOf(byteLength: number): number {
  let size = smallestBytes;
  while (size < byteLength) size *= 2;
  const less = size * 0.75;
  return byteLength <= less && less > halfwayBytes ? less : size;
}

/**
 * Copies `source` to `target` at `at`; returns how many bytes. `Buffer.copy` moves shared memory byte by byte where the two
 * are not aligned alike.
 */
export function put(target: Buffer, at: number, source: Buffer): number {
  if (source.length > 0) target.fill(source, at, at + source.length);
  return source.length;
}

export class BlockPool {
  private readonly shelves = new Map<number, Shelf>();
  private freeBytes = 0;
  private gives = 0;

  /** At least `byteLength` bytes with anything in them. */
  take(byteLength: number): Buffer {
    const size = byteLength > largestBytes ? byteLength : sizeOf(byteLength);
    const shelf = this.shelves.get(size);
    const block = shelf?.blocks.pop();
    if (shelf === undefined || block === undefined) return Buffer.from(new SharedArrayBuffer(size));
    shelf.fewest = Math.min(shelf.fewest, shelf.blocks.length);
    this.freeBytes -= size;
    return block;
  }

  /** Nobody may look at `block`, which `take` handed out, or at a part of it any more. */
  give(block: Buffer): void {
    const size = block.length;
    if (this.freeBytes + size > maxFreeBytes || size > largestBytes || size !== sizeOf(size)) return;
    const shelf = this.shelves.get(size);
    if (shelf === undefined) this.shelves.set(size, { blocks: [block], fewest: 0 });
    else shelf.blocks.push(block);
    this.freeBytes += size;
    if (++this.gives % givesARound === 0) this.dropUnused();
  }

  private dropUnused(): void {
    for (const [size, shelf] of this.shelves) {
      shelf.blocks.splice(0, shelf.fewest);
      this.freeBytes -= shelf.fewest * size;
      shelf.fewest = shelf.blocks.length;
    }
  }
}
