// Makes live fragments of what ingest and footage hand out: reads from the media when the first frame is shown.
import type { Fragment } from '../../lib/fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { presentedSpan, readMoof } from '../../lib/isobmff/moof-reader.js';
import type { LiveFootage, TailFragment } from './live-sources.js';
import type { LiveFragment } from './live-window.js';

export interface LiveInit {
  readonly bytes: Buffer;
  readonly trackId: number;
  readonly timescale: number;
}

const toMs = (ticks: number | bigint, timescale: number) => (Number(ticks) * 1000) / timescale;

/** @throws AppError invalid bad_mp4 */
export function memoryFragment(fragment: Fragment): LiveFragment {
  const { init, bytes } = fragment;
  const { firstTicks } = presentedSpan(parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId)));
  return {
    key: `${fragment.run}/${fragment.baseMediaDecodeTime}`,
    independent: fragment.independent,
    shownFromMs: fragment.startAtMs + toMs(firstTicks, init.timescale),
    durationMs: fragment.durationMs,
    mediaMs: toMs(fragment.baseMediaDecodeTime, init.timescale),
    run: fragment.run,
    initId: init.id,
    byteLength: bytes.length,
    load: () => Promise.resolve(bytes),
  };
}

/** @throws AppError not_found footage_gone, invalid bad_mp4 */
export async function storedFragment(
  footage: LiveFootage,
  fragment: TailFragment,
  init: LiveInit,
): Promise<LiveFragment> {
  const { fileId, offset, byteLength } = fragment;
  const moof = await readMoof(
    (position, length) => footage.read(fileId, offset + position, length),
    byteLength,
    parseTrackDefaults(init.bytes, init.trackId),
  );
  return {
    key: `${fileId}/${offset}`,
    independent: fragment.independent,
    shownFromMs: fragment.startAtMs + toMs(presentedSpan(moof).firstTicks, init.timescale),
    durationMs: fragment.durationMs,
    mediaMs: toMs(fragment.baseMediaDecodeTime, init.timescale),
    run: fragment.run,
    initId: fragment.initId,
    byteLength,
    load: () => footage.read(fileId, offset, byteLength),
  };
}
