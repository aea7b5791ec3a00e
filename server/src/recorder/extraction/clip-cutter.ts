// Cuts a range of one camera's footage into playable files: reads the headers, plans, writes.
import type { ClipFile } from '@choi-canh/shared/evidence';
import { join } from 'node:path';
import { AppError, errorMessage } from '../../lib/errors.js';
import { audioTrackOf } from '../../lib/isobmff/init-segment.js';
import type { Logger } from '../../lib/logger.js';
import {
  convertedSoundOf,
  g711Of,
  removeConverted,
  type ConvertedSound,
  type SoundConverter,
} from './converted-sound.js';
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
  /** Makes AAC of G.711 for those who listen; absent: a clip has the G.711 alone. */
  readonly ffmpeg?: SoundConverter | undefined;
  readonly logger?: Logger | undefined;
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

/** Undefined where there is no G.711 or nothing to convert it: a clip does not fail for what is an addition. */
async function convertedOf(
  cut: Cut,
  path: string,
  { ffmpeg, logger, signal, cameraId }: ClipRequest,
  footage: FootageSource,
): Promise<ConvertedSound | undefined> {
  const format = g711Of(cut);
  if (format === undefined || ffmpeg === undefined) return undefined;
  try {
    const converted = await convertedSoundOf(cut, format, path, { footage, ffmpeg, signal });
    if (converted.sizes.length > 0) return converted;
  } catch (error) {
    signal.throwIfAborted();
    logger?.warn({ cameraId, error: errorMessage(error) }, 'a clip has no AAC beside its G.711');
  }
  await removeConverted(path);
  return undefined;
}

function soundsOf(cut: Cut, converted: ConvertedSound | undefined): Pick<ClipFile, 'sounds'> {
  if (cut.sound === undefined) return {};
  const original = g711Of(cut)?.codec ?? (audioTrackOf(cut.index.init) === undefined ? undefined : 'aac');
  if (original === undefined) return {};
  return {
    sounds: [
      { codec: original, converted: false },
      ...(converted === undefined ? [] : [{ codec: 'aac' as const, converted: true }]),
    ],
  };
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
    const path = clipPath(folder, index);
    const converted = await convertedOf(cut, `${path}.aac`, request, footage);
    const written = await writeClip(cut, path, {
      ...{ footage, signal, converted },
      onProgress: (bytes, ofBytes) =>
        onProgress(planningShare + ((1 - planningShare) * (framesBefore + (carried * bytes) / ofBytes)) / totalFrames),
    }).finally(() => removeConverted(`${path}.aac`));
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
      ...soundsOf(cut, converted),
    });
  }
  return files;
}
