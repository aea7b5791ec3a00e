import { createHash } from 'node:crypto';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';

const bytes = Buffer.from('an init segment of no camera');
const init: InitSegment = {
  id: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
  bytes,
  codec: 'avc1.640028',
  width: 64,
  height: 48,
  timescale: 1000,
  trackId: 1,
};

/** Bytes that cannot be played, for tests in which only their writing matters; one second each. */
export function madeFragment(index: number, options: { startAtMs?: number; byteLength?: number; run?: number } = {}) {
  const made: Fragment = {
    init,
    bytes: Buffer.alloc(options.byteLength ?? 1000, (index % 255) + 1),
    independent: index % 2 === 0,
    startAtMs: (options.startAtMs ?? 1_780_000_000_000) + index * 1000,
    durationMs: 1000,
    baseMediaDecodeTime: BigInt(index) * 1000n,
    sampleCount: 10,
    timeSource: 'rtcp',
    run: options.run ?? 1,
  };
  return made;
}
