// Joins what several epochs of the host's clock cover. Where their times overlap, two recordings claim the same instants:
// such stretches are labelled.
import type { TimeSource } from '../../lib/fragment.js';
import type { Span } from './footage-types.js';
import { joinSpans } from './index-file.js';

export interface EpochSpan extends Span {
  readonly epoch: number;
}

const byStart = (a: Span, b: Span): number => a.fromMs - b.fromMs;

/** In order of time, without overlap; `overlap` where more than one epoch covers it. */
export function coverageOf(spans: readonly EpochSpan[]): Span[] {
  const epochs = [...new Set(spans.map((span) => span.epoch))];
  const joined = epochs.map((epoch) =>
    joinSpans(
      spans
        .filter((span) => span.epoch === epoch)
        .map(({ fromMs, toMs, timeSource }) => ({ fromMs, toMs, timeSource }))
        .sort(byStart),
    ),
  );
  if (joined.length <= 1) return joined[0] ?? [];
  return labelOverlaps(joined.flat());
}

function labelOverlaps(spans: readonly Span[]): Span[] {
  const changes = spans
    .flatMap((span) => [
      { atMs: span.fromMs, span, begins: true },
      { atMs: span.toMs, span, begins: false },
    ])
    .sort((a, b) => a.atMs - b.atMs || Number(a.begins) - Number(b.begins));
  const active = new Set<Span>();
  const pieces: Span[] = [];
  let fromMs = -Infinity;
  for (const { atMs, span, begins } of changes) {
    if (active.size > 0 && atMs > fromMs) {
      // What is sure of its time only half is not sure.
      const timeSource: TimeSource = [...active].some((one) => one.timeSource === 'arrival') ? 'arrival' : 'rtcp';
      const last = pieces.at(-1);
      const overlap = active.size > 1;
      if (last?.toMs === fromMs && last.timeSource === timeSource && (last.overlap ?? false) === overlap)
        pieces[pieces.length - 1] = { ...last, toMs: atMs };
      else pieces.push({ fromMs, toMs: atMs, timeSource, ...(overlap ? { overlap } : {}) });
    }
    if (begins) active.add(span);
    else active.delete(span);
    fromMs = atMs;
  }
  return pieces;
}
