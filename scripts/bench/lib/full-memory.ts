/**
 * A recorder writes for weeks: its machine's memory is full of page cache, and every page that it writes is one that held
 * something else. On a virtual machine that gives free memory back to its host a benchmark of a minute would measure how
 * the host finds new pages instead, which costs as much as all the rest.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedChild } from '../../lib/child.js';
import type { Bench } from './bench.js';
import { root } from './built-server.js';

const holdMs = 300_000;
const pieceBytes = 8 * 1024 * 1024;

function availableBytes(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
}

/** Holds all memory but `leaveBytes`; ends with the rest of what was started. */
export async function fillMemory(bench: Bench, leaveBytes: number): Promise<void> {
  const bytes = availableBytes() - leaveBytes;
  if (bytes <= 0) return;
  const script = fileURLToPath(new URL('hold-memory.mjs', import.meta.url));
  const child = new ManagedChild('what holds memory', [script, String(Math.floor(bytes))], { cwd: root });
  bench.onEnd(child.name, () => child.stop());
  await child.message('held', holdMs);
}

/** Fills `byteLength` of the memory that is left with page cache, of a file that is on the disk: it is free for whoever writes. */
export async function fillPageCache(bench: Bench, byteLength: number): Promise<void> {
  const file = await open(join(bench.folder, `page-cache-${randomUUID()}`), 'wx');
  try {
    const piece = Buffer.alloc(pieceBytes, 1);
    for (let written = 0; written < byteLength && !bench.signal.aborted; written += pieceBytes) await file.write(piece);
    await file.datasync();
  } finally {
    await file.close();
  }
}
