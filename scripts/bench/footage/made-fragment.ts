import { randomFillSync } from 'node:crypto';
import type { Fragment, InitSegment } from '../../../server/src/lib/fragment.js';

/** Not playable: what matters to the disk is how large it is. */
const init: InitSegment = {
  id: '0123456789abcdef',
  bytes: Buffer.alloc(700, 0x31),
  codec: 'avc1.64001f',
  width: 1920,
  height: 1080,
  timescale: 90_000,
  trackId: 1,
};

export const fragmentMs = 1000;

/** One second of a camera, every second one beginning with a keyframe. */
export function createFragmentMaker(kbps: number) {
  const pool = randomFillSync(Buffer.alloc(Math.round((kbps * 1000) / 8) + 64));
  return (index: number, run: number, startAtMs: number): Fragment => {
    const bytes = Buffer.from(pool.subarray(0, pool.length - (index % 64)));
    bytes.writeUInt32BE(index, 0);
    return {
      init,
      bytes,
      independent: index % 2 === 0,
      startAtMs: startAtMs + index * fragmentMs,
      durationMs: fragmentMs,
      baseMediaDecodeTime: BigInt(index) * 90_000n,
      sampleCount: 25,
      timeSource: 'rtcp',
      run,
    };
  };
}
