// Cuts a range of one camera's footage into playable files: reads the headers, plans, writes.
import type { ClipFile } from '@choi-canh/shared/evidence';
import { join } from 'node:path';
import { AppError } from '../../lib/errors.js';
import { longestPreRollMs, planCuts, type Cut } from './cut-plan.js';
import { writeClip } from './clip-writer.js';
import type { FootageSource, SourceFragment } from './footage-source.js';
import { decodableStretches, readSampleIndex, type SampleIndex } from './sample-index.js';

/**
 * Frames are shown later than they are decoded, by a few frame durations; fragments are found by their decode time.
 * Two seconds cover eight frames of reordering at four frames a second.
 */
const reorderMarginMs = 2000;
/** Reading the headers is the first part of the work. */
const planningShare = 0.1;

export interface ClipRequest {
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Folder that exists; the files are `<index>.mp4` in it. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** 0…1, never falling. */
  readonly onProgress: (progress: number) => void;
}

const iso = (ms: number): string => new Date(Math.round(ms)).toISOString();
export const clipPath = (folder: string, index: number): string => join(folder, `${index}.mp4`);

/** e.g. `20261122T073000.000Z-1.mp4`. */
function fileNameOf(cut: Cut, index: number): string {
  return `${iso(cut.fromMs).replace(/[-:]/g, '')}-${index + 1}.mp4`;
}

/** How long it takes until what is shown is right, for a decoder that begins at the first sample. */
function recoveryMs({ recovery, durations, timescale }: SampleIndex): number {
  const [samples = 0] = recovery;
  const ticks = durations.subarray(0, samples).reduce((sum, duration) => sum + duration, 0);
  return (ticks * 1000) / timescale;
}

/** @throws AppError not_found no_footage or footage_gone; the system's error when writing fails. */
export async function cutClip(footage: FootageSource, request: ClipRequest): Promise<ClipFile[]> {
  const { cameraId, fromMs, toMs, folder, signal, onProgress } = request;
  const stretchesFrom = async (earlierMs: number): Promise<SourceFragment[][]> => {
    const from = fromMs - reorderMarginMs - earlierMs;
    const most = { preRoll: true, longestPreRollMs: longestPreRollMs + 2 * reorderMarginMs };
    return decodableStretches(await footage.fragments(cameraId, from, toMs + reorderMarginMs, most));
  };
  const cuts: Cut[] = [];
  let stretches = await stretchesFrom(0);
  const context = { footage, signal };
  let first = stretches[0] === undefined ? undefined : await readSampleIndex(stretches[0], context);
  const refreshMs = first === undefined ? 0 : recoveryMs(first);
  if (refreshMs > 0) {
    // From its keyframe the picture is right only a while later: the one before must be there too.
    stretches = await stretchesFrom(refreshMs);
    first = await readSampleIndex(stretches[0]!, context);
  }
  for (const [done, stretch] of stretches.entries()) {
    const index = done === 0 ? first! : await readSampleIndex(stretch, context);
    cuts.push(...planCuts(index, fromMs, toMs));
    onProgress((planningShare * (done + 1)) / stretches.length);
  }
  if (cuts.length === 0) throw new AppError('not_found', 'no_footage', 'no decodable footage in the range');
  cuts.sort((a, b) => a.fromMs - b.fromMs);

  const totalFrames = cuts.reduce((sum, cut) => sum + cut.endSample - cut.firstSample, 0);
  let framesBefore = 0;
  const files: ClipFile[] = [];
  for (const [index, cut] of cuts.entries()) {
    const carried = cut.endSample - cut.firstSample;
    const written = await writeClip(cut, clipPath(folder, index), {
      footage,
      signal,
      onProgress: (bytes, ofBytes) =>
        onProgress(planningShare + ((1 - planningShare) * (framesBefore + (carried * bytes) / ofBytes)) / totalFrames),
    });
    framesBefore += carried;
    files.push({
      index,
      fileName: fileNameOf(cut, index),
      ...written,
      from: iso(cut.fromMs),
      to: iso(cut.toMs),
      hiddenPreRollMs: Math.round(cut.hiddenPreRollMs * 1000) / 1000,
      ...(cut.startsDamaged ? { startsDamaged: true } : {}),
      frames: cut.frames,
      timeSource: cut.timeSource,
    });
  }
  return files;
}
