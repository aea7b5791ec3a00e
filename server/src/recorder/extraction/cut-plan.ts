// Decides which samples a clip carries and which it shows. Pure: sample index and range in, cuts out.
import type { SampleIndex } from './sample-index.js';
import { cutSound, type SoundCut } from './sound-index.js';

/** A file carries at most so much in front of its first frame. */
export const longestPreRollMs = 150_000;
/** Half a tick of a microsecond clock: instants of one frame computed in two ways differ by less. */
const toleranceMs = 0.001;

export interface Cut {
  readonly index: SampleIndex;
  /** Samples carried, in decode order: [firstSample, endSample). */
  readonly firstSample: number;
  readonly endSample: number;
  /** UTC, ms, of the first frame shown, and of the end of the last. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Presentation time of the first frame shown, in ticks after the decode time of the first sample carried. */
  readonly editMediaTime: number;
  readonly editDuration: number;
  /** Media in front of the first frame shown that is carried for the decoder only. */
  readonly hiddenPreRollMs: number;
  /** No keyframe lies within the longest pre-roll: what is shown at first may be damaged. */
  readonly startsDamaged: boolean;
  /** Frames shown. */
  readonly frames: number;
  readonly timeSource: 'rtcp' | 'arrival';
  /** What is heard while these frames are shown; absent where nothing is. */
  readonly sound?: SoundCut;
}

const shownTicks = (index: SampleIndex, sample: number): number =>
  (index.decodeTicks[sample] as number) + (index.compositionOffsets[sample] as number);

/** Ticks from which on what is shown is right, where decoding begins with the keyframe `sample`. */
function rightFrom(index: SampleIndex, sample: number, end: number): number {
  const recovered = sample + (index.recovery[sample] ?? 0);
  return recovered < end ? shownTicks(index, recovered) : Infinity;
}

/** When the frame shown at `ticks` gives way: the next frame shown, or its own duration where none follows. */
function endOfFrame(index: SampleIndex, sample: number): number {
  const ticks = shownTicks(index, sample);
  const own = ticks + (index.durations[sample] as number);
  let next = Infinity;
  // Reordering reaches over a handful of frames only.
  for (let other = Math.max(0, sample - 32); other < Math.min(index.count, sample + 32); other++) {
    const otherTicks = shownTicks(index, other);
    if (otherTicks > ticks && otherTicks < next) next = otherTicks;
  }
  const limit = (index.timescale / 4) | 0;
  return next === Infinity || next > own + limit ? own : next;
}

function cutPiece(index: SampleIndex, start: number, end: number, fromMs: number, toMs: number): Cut | undefined {
  const inRange = (sample: number): boolean => {
    const at = index.shownAtMs[sample] as number;
    return at >= fromMs - toleranceMs && at < toMs - toleranceMs;
  };
  let firstShownTicks = Infinity;
  for (let sample = start; sample < end; sample++)
    if (inRange(sample)) firstShownTicks = Math.min(firstShownTicks, shownTicks(index, sample));
  if (firstShownTicks === Infinity) return undefined;

  // Decoding begins at the last keyframe shown at or before the first frame, or from which what is shown is right by
  // then; frames that are decoded behind a keyframe but shown before it need the one before that.
  let firstSample = -1;
  for (let sample = 0; sample < end; sample++) {
    if (index.sync[sample] !== 1) continue;
    if (firstSample === -1 || rightFrom(index, sample, end) <= firstShownTicks) firstSample = sample;
    else break;
  }
  const keyframeFound = firstSample !== -1 && rightFrom(index, firstSample, end) <= firstShownTicks;
  const carriedTicks = firstShownTicks - (longestPreRollMs * index.timescale) / 1000;
  const startsDamaged =
    (!keyframeFound || shownTicks(index, firstSample) < carriedTicks) && shownTicks(index, 0) <= carriedTicks;
  if (startsDamaged) for (firstSample = 0; shownTicks(index, firstSample) < carriedTicks;) firstSample++;
  if (firstSample === -1) return undefined;
  const keyframeTicks = startsDamaged ? carriedTicks : rightFrom(index, firstSample, end);

  let lastSample = -1;
  let firstShown = -1;
  let lastShown = -1;
  let carriedFrom = Infinity;
  for (let sample = firstSample; sample < end; sample++) {
    const ticks = shownTicks(index, sample);
    const decodable = ticks >= keyframeTicks;
    if (sample < start || !decodable || !inRange(sample)) continue;
    lastSample = sample;
    if (firstShown === -1 || ticks < shownTicks(index, firstShown)) firstShown = sample;
    if (lastShown === -1 || ticks > shownTicks(index, lastShown)) lastShown = sample;
  }
  if (firstShown === -1 || lastShown === -1) return undefined;
  const begin = shownTicks(index, firstShown);
  const finish = endOfFrame(index, lastShown);
  let frames = 0;
  for (let sample = firstSample; sample <= lastSample; sample++) {
    const ticks = shownTicks(index, sample);
    carriedFrom = Math.min(carriedFrom, ticks);
    if (ticks >= begin && ticks < finish) frames++;
  }
  const ms = (ticks: number) => (ticks * 1000) / index.timescale;
  const { timescale } = index;
  const sound = cutSound(index.sound, begin / timescale, finish / timescale, timescale);
  const first = fragmentAt(index, firstSample);
  const last = fragmentAt(index, lastSample);
  return {
    index,
    firstSample,
    endSample: lastSample + 1,
    fromMs: index.shownAtMs[firstShown] as number,
    toMs: (index.shownAtMs[lastShown] as number) + ms(finish - shownTicks(index, lastShown)),
    editMediaTime: begin - (index.decodeTicks[firstSample] as number),
    editDuration: finish - begin,
    hiddenPreRollMs: ms(begin - carriedFrom),
    startsDamaged,
    frames,
    timeSource: index.fragments.slice(first, last + 1).every((fragment) => fragment.timeSource === 'rtcp')
      ? 'rtcp'
      : 'arrival',
    ...(sound === undefined ? {} : { sound }),
  };
}

/** Which fragment a sample lies in. */
export function fragmentAt(index: SampleIndex, sample: number): number {
  let low = 0;
  let high = index.fragments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((index.firstSampleOf[middle] as number) <= sample) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The cuts that show every frame of the stretch whose UTC lies in [fromMs, toMs) and no other, one for each stretch of
 * uninterrupted presentation. Frames that no keyframe of the footage makes decodable are left out.
 */
export function planCuts(index: SampleIndex, fromMs: number, toMs: number): Cut[] {
  const cuts: Cut[] = [];
  let fragment = 0;
  while (fragment < index.fragments.length) {
    const piece = index.pieceOf[fragment];
    let after = fragment;
    while (after < index.fragments.length && index.pieceOf[after] === piece) after++;
    const cut = cutPiece(
      index,
      index.firstSampleOf[fragment] as number,
      index.firstSampleOf[after] as number,
      fromMs,
      toMs,
    );
    if (cut !== undefined) cuts.push(cut);
    fragment = after;
  }
  return cuts;
}
