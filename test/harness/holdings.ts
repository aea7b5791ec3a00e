import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What this process holds after collection of garbage. */
export interface Holdings {
  fileHandles: number;
  heapBytes: number;
  /** Buffers outside the heap. */
  bufferBytes: number;
  residentBytes: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export function measureHoldings(): Holdings {
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return {
    fileHandles: readdirSync('/proc/self/fd').length,
    heapBytes: heapUsed,
    bufferBytes: arrayBuffers,
    residentBytes: rss,
  };
}
