const slabBytes = 512 * 1024;

let slab = Buffer.alloc(0);
let used = 0;

/**
 * Bytes to be written once and then sent: calls `fill` with a buffer and where in it there is room for `room` bytes,
 * and gives what lies between there and the end that `fill` returns. Small pieces of one large allocation: thousands
 * of buffers a second, each with memory of its own outside the heap, would keep the collector busy.
 */
export function fillBytes(room: number, fill: (target: Buffer, at: number) => number): Buffer {
  if (used + room > slab.length) {
    slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, room));
    used = 0;
  }
  const start = used;
  used = fill(slab, start);
  return slab.subarray(start, used);
}
