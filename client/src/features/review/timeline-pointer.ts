import { axisPx } from './timeline-drawing.js';

/** What a pointer on the timeline means. Pixels are relative to the timeline. */
export interface TimelineGestures {
  /** Click or tap. */
  onSeek(x: number): void;
  /** Drag along the axis: the clock follows the pointer. */
  onScrub(x: number): void;
  onPan(byPx: number): void;
  /** `factor` below 1 is closer. */
  onZoom(x: number, factor: number): void;
  /** Undefined: the pointer left, or drags. */
  onHover(x: number | undefined, y: number): void;
  onPanning(panning: boolean): void;
}

/** A pointer that moved less than this clicked. */
const clickPx = 5;

/** Mouse, pen and touch: click seeks, drag pans, drag on the axis scrubs, wheel and pinch zoom. Returns the tear-down. */
export function listenToTimeline(element: HTMLElement, gestures: TimelineGestures): () => void {
  const down = new Map<number, { x: number; startX: number; onAxis: boolean; moved: boolean }>();
  const place = (event: { clientX: number; clientY: number }) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x, startX: x, onAxis: y < axisPx, moved: false });
    gestures.onHover(undefined, 0);
  };
  const onMove = (event: PointerEvent) => {
    const { x, y } = place(event);
    const pointer = down.get(event.pointerId);
    if (pointer === undefined) {
      if (event.pointerType === 'mouse') gestures.onHover(x, y);
      return;
    }
    const others = [...down].filter(([id]) => id !== event.pointerId).map(([, other]) => other);
    const other = others[0];
    if (other !== undefined) {
      const before = Math.max(20, Math.abs(pointer.x - other.x));
      const after = Math.max(20, Math.abs(x - other.x));
      gestures.onZoom((x + other.x) / 2, before / after);
      pointer.moved = other.moved = true;
    } else if (pointer.moved || Math.abs(x - pointer.startX) >= clickPx) {
      if (!pointer.moved) gestures.onPanning(!pointer.onAxis);
      pointer.moved = true;
      if (pointer.onAxis) gestures.onScrub(x);
      else gestures.onPan(pointer.x - x);
    }
    pointer.x = x;
  };
  const onUp = (event: PointerEvent) => {
    const pointer = down.get(event.pointerId);
    down.delete(event.pointerId);
    if (down.size === 0) gestures.onPanning(false);
    if (pointer !== undefined && !pointer.moved && event.type === 'pointerup') gestures.onSeek(place(event).x);
  };
  const onLeave = () => gestures.onHover(undefined, 0);
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      gestures.onPan((event.deltaX || event.deltaY) * pixels);
    } else gestures.onZoom(place(event).x, Math.exp(Math.max(-300, Math.min(300, event.deltaY * pixels)) * 0.002));
  };

  element.addEventListener('pointerdown', onDown);
  element.addEventListener('pointermove', onMove);
  element.addEventListener('pointerup', onUp);
  element.addEventListener('pointercancel', onUp);
  element.addEventListener('pointerleave', onLeave);
  element.addEventListener('wheel', onWheel, { passive: false });
  return () => {
    element.removeEventListener('pointerdown', onDown);
    element.removeEventListener('pointermove', onMove);
    element.removeEventListener('pointerup', onUp);
    element.removeEventListener('pointercancel', onUp);
    element.removeEventListener('pointerleave', onLeave);
    element.removeEventListener('wheel', onWheel);
  };
}
