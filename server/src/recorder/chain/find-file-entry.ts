// Finds the entry of a file in a chain of years without reading it: entries stand in order of time but for the few that
// were made late, so their place is found by halving; only where that fails the whole chain is looked through.
import { open } from 'node:fs/promises';
import { decodeChainLine } from '../../lib/chain/chain-line.js';
import { linesFrom, seekLines } from '../../lib/chain/line-file.js';
import { startMsOf } from './chained-file.js';

const isFile = '"kind":"file"';
const isLate = '"how":"late"';
const around = 64 * 1024;

/** Path of a file's line; undefined for lines of other kinds. */
export function filePathIn(line: string): string | undefined {
  if (!line.includes(isFile)) return undefined;
  return /"path":"([^"]+)"/.exec(line)?.[1];
}

/** Where lines of files begun at `startMs` or later begin, but for late ones; in an empty chain 0. */
export function seekStart(file: Parameters<typeof seekLines>[0], fileBytes: number, startMs: number): Promise<number> {
  return seekLines(file, fileBytes, (line) => {
    const path = line.includes(isLate) ? undefined : filePathIn(line);
    if (path === undefined) return undefined;
    return startMsOf(path) < startMs ? 'before' : 'behind';
  });
}

/** Hash of the newest entry of the file; undefined where it has none. */
export async function findFileEntry(chainPath: string, path: string): Promise<string | undefined> {
  const file = await open(chainPath, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const wanted = `"path":"${path}"`;
  const scan = async (from: number, to: number): Promise<string | undefined> => {
    let found: string | undefined;
    for await (const { bytes, whole, offset } of linesFrom(file, from)) {
      if (offset >= to) break;
      if (!whole || !bytes.includes(wanted) || !bytes.includes(isFile)) continue;
      found = decodeChainLine(bytes.toString('utf8'))?.hash ?? found;
    }
    return found;
  };
  try {
    const { size } = await file.stat();
    const place = await seekStart(file, size, startMsOf(path));
    return (await scan(place, place + 6 * around)) ?? (await scan(0, size));
  } finally {
    await file.close();
  }
}
