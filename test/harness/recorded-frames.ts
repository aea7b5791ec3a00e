import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFrameStamp, maxStampBytes, stampUuid, type FrameStamp } from '../../scripts/camera-simulator/sei.js';

/** In front of a stamp's UUID, generously. */
const headBytes = 8;

/**
 * The stamps of all frames in the footage files below a folder, by order of capture, whether the files are closed or
 * still being written. A frame that was written twice is there twice.
 */
export async function recordedFrames(folder: string): Promise<FrameStamp[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mp4'));
  const stamps: FrameStamp[] = [];
  for (const name of names) {
    const bytes = await readFile(join(folder, name));
    for (let at = bytes.indexOf(stampUuid); at !== -1; at = bytes.indexOf(stampUuid, at + 1)) {
      const stamp = findFrameStamp(bytes.subarray(Math.max(0, at - headBytes), at + maxStampBytes));
      if (stamp !== undefined) stamps.push(stamp);
    }
  }
  return stamps.sort((a, b) => Number(a.frameCounter - b.frameCounter));
}

/**
 * How many frames are missing, and how many are there twice, between the first and the last of `[fromMs, toMs)`, ms UTC
 * of capture.
 */
export function frameGaps(
  stamps: readonly FrameStamp[],
  fromMs = -Infinity,
  toMs = Infinity,
): { frames: number; missing: number; twice: number } {
  const chosen = stamps.filter(({ utcMs }) => utcMs >= fromMs && utcMs < toMs);
  let missing = 0;
  let twice = 0;
  chosen.slice(1).forEach((stamp, index) => {
    const step = Number(stamp.frameCounter - (chosen[index]?.frameCounter ?? 0n));
    if (step === 0) twice += 1;
    else missing += step - 1;
  });
  return { frames: chosen.length, missing, twice };
}
