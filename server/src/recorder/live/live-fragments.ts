// Makes live fragments of what ingest and footage hand out: reads from the media when the first frame is shown.
import type { Fragment, FragmentPart } from '../../lib/fragment.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import { presentedSpan, readMoof } from '../../lib/isobmff/moof-reader.js';
import type { LiveFootage, TailFragment } from './live-sources.js';
import type { FragmentHead, LiveFragment } from './live-window.js';
import type { LiveChunk } from './part-assembler.js';
import type { VideoTrack } from './video-only.js';

const toMs = (ticks: number | bigint, timescale: number) => (Number(ticks) * 1000) / timescale;

/** The same for a fragment in memory, in a file, and for the chunks of which it is made. */
const keyOf = (run: number, decodeTime: bigint) => `${run}/${decodeTime}`;

export function splitChunks(track: VideoTrack, bytes: Buffer): LiveChunk[] {
  return track.chunks(bytes).map(({ durationTicks, ...chunk }) => ({
    ...chunk,
    durationMs: toMs(durationTicks, track.timescale),
  }));
}

/** @throws AppError invalid bad_mp4 */
export function memoryFragment(
  fragment: Fragment,
  track: VideoTrack,
  chunks: (bytes: Buffer) => readonly LiveChunk[] | undefined,
): LiveFragment {
  const { bytes } = fragment;
  const moof = parseMoof(bytes, track.defaults);
  const { firstTicks } = presentedSpan(moof);
  return {
    key: keyOf(fragment.run, fragment.baseMediaDecodeTime),
    independent: fragment.independent,
    shownFromMs: fragment.startAtMs + toMs(firstTicks, track.timescale),
    durationMs: fragment.durationMs,
    mediaMs: toMs(fragment.baseMediaDecodeTime, track.timescale),
    run: fragment.run,
    initId: fragment.init.id,
    byteLength: bytes.length,
    recoveryPictures: moof.recoveryPictures,
    load: () => Promise.resolve(track.fragment(bytes)),
    sampleCount: fragment.sampleCount,
    chunks: () => chunks(bytes),
  };
}

/** What a chunk shows of the fragment that it belongs to; only its first one shows when that is first shown. */
export function headOf(part: FragmentPart, track: VideoTrack): FragmentHead {
  const first = part.isFirst ? presentedSpan(parseMoof(part.bytes, track.defaults)).firstTicks : 0;
  return {
    key: keyOf(part.run, part.fragmentDecodeTime),
    independent: part.isFirst && part.independent,
    shownFromMs: part.startAtMs + toMs(first, track.timescale),
    mediaMs: toMs(part.fragmentDecodeTime, track.timescale),
    run: part.run,
    initId: part.init.id,
  };
}

/** @throws AppError not_found footage_gone, invalid bad_mp4 */
export async function storedFragment(
  footage: LiveFootage,
  fragment: TailFragment,
  track: VideoTrack,
): Promise<LiveFragment> {
  const { fileId, offset, byteLength } = fragment;
  const moof = await readMoof(
    (position, length) => footage.read(fileId, offset + position, length),
    byteLength,
    track.defaults,
  );
  return {
    key: keyOf(fragment.run, fragment.baseMediaDecodeTime),
    independent: fragment.independent,
    shownFromMs: fragment.startAtMs + toMs(presentedSpan(moof).firstTicks, track.timescale),
    durationMs: fragment.durationMs,
    mediaMs: toMs(fragment.baseMediaDecodeTime, track.timescale),
    run: fragment.run,
    initId: fragment.initId,
    byteLength,
    sampleCount: moof.samples.length,
    recoveryPictures: moof.recoveryPictures,
    load: async () => track.fragment(await footage.read(fileId, offset, byteLength)),
  };
}
