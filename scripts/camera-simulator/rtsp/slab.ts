const slabBytes = 512 * 1024;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * Bytes to be written once and then sent. Small pieces of one large allocation: thousands of buffers a second, each
 * with memory of its own outside the heap, would keep the collector busy.
 */
export function takeBytes(length: number): Buffer {
  if (length > slabBytes / 4) return Buffer.allocUnsafeSlow(length);
  if (used + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  const bytes = slab.subarray(used, used + length);
  used += length;
  return bytes;
}
