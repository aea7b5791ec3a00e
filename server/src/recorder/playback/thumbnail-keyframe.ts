// Which picture stands for an instant: a keyframe, or where the camera refreshes its picture piece by piece the first one
// that is right after such a beginning, with all before it that its decoder needs.
import { AppError } from '../../lib/errors.js';
import { buildKeyframeFragment } from '../../lib/isobmff/keyframe-fragment.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import type { FragmentFactsReader } from './fragment-facts.js';
import type { PlaybackFootage, PlaybackFragment } from './playback-footage.js';

const lookMs = 60_000;

/** Of a refresh: what is read at most. */
const mostBytes = 16 * 1024 * 1024;

/** How long a refresh that begins with this fragment takes, about. */
const refreshMsOf = (fragment: PlaybackFragment, pictures: number): number =>
  (pictures * fragment.durationMs) / Math.max(1, fragment.sampleCount);

/** The keyframe shown last at or before `atMs`, at most 60 s back; else the first one shown after it, at most 60 s on. */
export async function findThumbnail(
  footage: PlaybackFootage,
  facts: FragmentFactsReader,
  cameraId: string,
  atMs: number,
): Promise<{ fragment: PlaybackFragment; atMs: number } | undefined> {
  const shownAtMs = async (fragment: PlaybackFragment): Promise<number> => {
    const { timescale } = await facts.file(fragment.fileId);
    const { ticks = 0, recoveryPictures = 0 } = (await facts.of(fragment)).keyframe ?? {};
    return fragment.startAtMs + (ticks * 1000) / timescale + refreshMsOf(fragment, recoveryPictures);
  };
  const before = await footage.fragments(cameraId, atMs - lookMs, atMs + 1);
  for (const fragment of before.toReversed()) {
    if (!fragment.independent) continue;
    const shown = await shownAtMs(fragment);
    if (shown <= atMs && shown >= atMs - lookMs) return { fragment, atMs: shown };
  }
  for (const fragment of await footage.fragments(cameraId, atMs - 2000, atMs + lookMs)) {
    if (!fragment.independent) continue;
    const shown = await shownAtMs(fragment);
    if (shown > atMs) return { fragment, atMs: shown };
  }
  return undefined;
}

/**
 * Fragments of one picture each: the keyframe and what follows it until what is shown is right; the last one is the
 * picture. @throws AppError not_found no_footage where its refresh is not there whole
 */
export async function refreshedPicture(
  footage: PlaybackFootage,
  facts: FragmentFactsReader,
  cameraId: string,
  fragment: PlaybackFragment,
): Promise<Buffer> {
  const { defaults } = await facts.init(fragment.fileId);
  const { trackId } = await facts.file(fragment.fileId);
  const { recoveryPictures = 0 } = (await facts.of(fragment)).keyframe ?? {};
  const untilMs = fragment.startAtMs + 2 * refreshMsOf(fragment, recoveryPictures) + 2000;
  const pictures: Buffer[] = [];
  let byteLength = 0;
  for (const one of await footage.fragments(cameraId, fragment.startAtMs, untilMs)) {
    if (one.run !== fragment.run || one.baseMediaDecodeTime < fragment.baseMediaDecodeTime) continue;
    byteLength += one.byteLength;
    if (pictures.length > recoveryPictures || byteLength > mostBytes) break;
    const bytes = await footage.read(one.fileId, one.offset, one.byteLength);
    for (const { offset, size } of parseMoof(bytes, defaults).samples)
      pictures.push(
        buildKeyframeFragment({
          sequenceNumber: pictures.length + 1,
          trackId,
          presentationTime: BigInt(pictures.length),
          durationTicks: 1,
          accessUnit: bytes.subarray(offset, offset + size),
        }),
      );
  }
  if (pictures.length <= recoveryPictures)
    throw new AppError('not_found', 'no_footage', 'the picture is not whole before the footage ends');
  return Buffer.concat(pictures.slice(0, recoveryPictures + 1));
}
