// Finds closed files of a camera that have no entry, and enters them, marked as late: entries that a crash or a full disk
// cost, and footage from before there was a chain. Runs beside recording, at leisure.
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { readLineTail, linesFrom } from '../../lib/chain/line-file.js';
import type { CameraChain } from './camera-chain.js';
import { chainPathOf, startMsOf, type ChainedFile } from './chained-file.js';
import { filePathIn, seekStart } from './find-file-entry.js';

export interface RepairOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** A closed file as it lies on the disk; undefined where it is gone or cannot be read. */
  readonly describe: (path: string) => Promise<ChainedFile | undefined>;
  readonly signal: AbortSignal;
}

const dayMs = 86_400_000;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const namePattern = /^\d{1,16}-\d{1,12}\.mp4$/;
const markerSchema = z.object({ path: z.string().optional(), also: z.array(z.string()).optional() });
const chunkSize = 32;
const pauseMs = 20;
const tailBytes = 1024 * 1024;

const namesIn = async (folder: string, pattern: RegExp): Promise<string[]> =>
  (await readdir(folder).catch(() => [] as string[])).filter((name) => pattern.test(name)).sort();

/** Start of the newest file in the chain, late ones aside; undefined where its end names none. */
async function newestStartMs(chainPath: string): Promise<number | undefined> {
  const tail = await readLineTail(chainPath, tailBytes);
  for (const { json } of [...(tail?.lines ?? [])].reverse()) {
    const path = json.includes('"how":"late"') ? undefined : filePathIn(json);
    if (path !== undefined) return startMsOf(path);
  }
  return undefined;
}

async function enteredSince(chainPath: string, sinceMs: number): Promise<Set<string>> {
  const paths = new Set<string>();
  const file = await open(chainPath, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return paths;
  try {
    const from = Number.isFinite(sinceMs) ? await seekStart(file, (await file.stat()).size, sinceMs) : 0;
    for await (const line of linesFrom(file, from)) {
      const path = filePathIn(line.bytes.toString('utf8'));
      if (path !== undefined) paths.add(path);
    }
    return paths;
  } finally {
    await file.close();
  }
}

/** Files that are being written, finished or recovered: whoever does that enters them. */
async function markedOpen(directory: string, cameraId: string): Promise<Set<string>> {
  try {
    const marker = markerSchema.parse(JSON.parse(await readFile(join(directory, cameraId, 'open.json'), 'utf8')));
    return new Set([...(marker.also ?? []), ...(marker.path === undefined ? [] : [marker.path])]);
  } catch {
    return new Set(); // no marker: nothing is being written
  }
}

/** Returns how many files were entered. */
export async function repairChain(chain: CameraChain, options: RepairOptions): Promise<number> {
  const { directory, signal, clock } = options;
  const { cameraId } = chain;
  await chain.ready();
  if (chain.doubt() === 'none') {
    chain.forget();
    return 0;
  }
  const doubts = chain.doubts();
  const chainPath = join(directory, chainPathOf(cameraId));
  const newestMs = chain.doubt() === 'all' ? undefined : await newestStartMs(chainPath);
  const sinceMs = newestMs === undefined ? -Infinity : Math.floor(newestMs / dayMs - 1) * dayMs;

  const files: string[] = [];
  for (const day of await namesIn(join(directory, cameraId), dayPattern)) {
    if (Date.parse(`${day}T00:00:00Z`) < sinceMs) continue;
    for (const name of await namesIn(join(directory, cameraId, day), namePattern))
      files.push(`${cameraId}/${day}/${name}`);
  }
  // Read after the list: a file loses its marker only when its entry is made, so none can slip through between the two.
  const open = await markedOpen(directory, cameraId);
  const known = await enteredSince(chainPath, sinceMs);
  const missing = files
    .filter((path) => !open.has(path) && !known.has(path))
    .sort((one, other) => startMsOf(one) - startMsOf(other));
  let count = 0;
  for (let at = 0; at < missing.length; at += chunkSize) {
    const described: ChainedFile[] = [];
    for (const path of missing.slice(at, at + chunkSize)) {
      const file = await options.describe(path);
      // One that is not closed is recovered and entered by footage, or it holds nothing.
      if (file !== undefined) described.push(file);
    }
    count += await chain.enterLate(described);
    await clock.sleep(pauseMs, signal);
  }
  await chain.settle(doubts);
  return count;
}
