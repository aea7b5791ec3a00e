/** What part of time the timeline shows, UTC ms. */
export interface TimelineView {
  fromMs: number;
  toMs: number;
}

/** Closest zoom: ten seconds across. */
export const smallestSpanMs = 10_000;

/** Pixel of an instant; may lie outside [0, widthPx]. */
export function xOfMs(view: TimelineView, widthPx: number, wallMs: number): number {
  return ((wallMs - view.fromMs) / (view.toMs - view.fromMs)) * widthPx;
}
export function msOfX(view: TimelineView, widthPx: number, x: number): number {
  return view.fromMs + (x / Math.max(1, widthPx)) * (view.toMs - view.fromMs);
}

/** The view moved, not resized, into the bounds. */
function within(view: TimelineView, bounds: TimelineView): TimelineView {
  const span = Math.min(view.toMs - view.fromMs, bounds.toMs - bounds.fromMs);
  const fromMs = Math.min(Math.max(view.fromMs, bounds.fromMs), bounds.toMs - span);
  return { fromMs, toMs: fromMs + span };
}

/** Zooms by `factor` (below 1 is closer) so that `anchorMs` stays at its pixel. */
export function zoomView(view: TimelineView, bounds: TimelineView, anchorMs: number, factor: number): TimelineView {
  const largest = bounds.toMs - bounds.fromMs;
  const span = Math.min(largest, Math.max(Math.min(smallestSpanMs, largest), (view.toMs - view.fromMs) * factor));
  const share = (anchorMs - view.fromMs) / (view.toMs - view.fromMs);
  const fromMs = anchorMs - share * span;
  return within({ fromMs, toMs: fromMs + span }, bounds);
}

export function panView(view: TimelineView, bounds: TimelineView, byMs: number): TimelineView {
  return within({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, bounds);
}

/** The view that shows the instant: the same one if it does already, else moved so that it stands at one fifth. */
export function revealMs(view: TimelineView, bounds: TimelineView, wallMs: number): TimelineView {
  if (wallMs >= view.fromMs && wallMs <= view.toMs) return view;
  const span = view.toMs - view.fromMs;
  return within({ fromMs: wallMs - span / 5, toMs: wallMs + (span * 4) / 5 }, bounds);
}
