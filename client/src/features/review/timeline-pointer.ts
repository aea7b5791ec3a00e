import { axisPx } from './timeline-drawing.js';

/** What a pointer on the timeline means. Pixels are relative to the timeline. */
export interface TimelineGestures {
  /** Click or tap. */
  onSeek(x: number): void;
  /** Drag on the lanes: the clock follows the pointer. `x` may lie outside of the timeline. */
  onScrub(x: number, phase: 'start' | 'move' | 'end'): void;
  /** Drag on the strip with the hours. */
  onPan(byPx: number): void;
  /** `factor` below 1 is closer. */
  onZoom(x: number, factor: number): void;
  /** Undefined: the pointer left, or drags. */
  onHover(x: number | undefined, y: number): void;
  /** Undefined: no pointer drags any more. */
  onDrag(kind: DragKind | undefined): void;
}
export type DragKind = 'scrub' | 'pan' | 'pinch';

interface Pointer {
  x: number;
  startX: number;
  onAxis: boolean;
  /** Moved so far that it is no click. */
  drag: DragKind | undefined;
}

/** A pointer that moved less than this clicked. */
const clickPx = 5;

/**
 * Mouse, pen and touch: click seeks, drag scrubs, drag on the strip with the hours pans, wheel and pinch zoom.
 * @param gestures asked anew with each event, so that a drag outlives a change of the view
 * @returns the tear-down
 */
export function listenToTimeline(element: HTMLElement, gestures: () => TimelineGestures): () => void {
  const down = new Map<number, Pointer>();
  const place = (event: { clientX: number; clientY: number }) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const begin = (pointer: Pointer, kind: DragKind) => {
    if (pointer.drag === kind) return;
    if (pointer.drag === 'scrub') gestures().onScrub(pointer.x, 'end');
    pointer.drag = kind;
    gestures().onDrag(kind);
    if (kind === 'scrub') gestures().onScrub(pointer.x, 'start');
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    element.setPointerCapture(event.pointerId);
    const pointer: Pointer = { x, startX: x, onAxis: y < axisPx, drag: undefined };
    down.set(event.pointerId, pointer);
    gestures().onHover(undefined, 0);
    if (down.size > 1) for (const one of down.values()) begin(one, 'pinch');
  };
  const onMove = (event: PointerEvent) => {
    const { x, y } = place(event);
    const pointer = down.get(event.pointerId);
    if (pointer === undefined) {
      if (event.pointerType === 'mouse') gestures().onHover(x, y);
      return;
    }
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const before = Math.max(20, Math.abs(pointer.x - other.x));
      const after = Math.max(20, Math.abs(x - other.x));
      gestures().onZoom((x + other.x) / 2, before / after);
    } else if (pointer.drag !== 'pinch' && (pointer.drag || Math.abs(x - pointer.startX) >= clickPx)) {
      begin(pointer, pointer.onAxis ? 'pan' : 'scrub');
      if (pointer.onAxis) gestures().onPan(pointer.x - x);
      else gestures().onScrub(x, 'move');
    }
    pointer.x = x;
  };
  const onUp = (event: PointerEvent) => {
    const pointer = down.get(event.pointerId);
    if (!down.delete(event.pointerId) || pointer === undefined) return;
    const { x } = place(event);
    if (pointer.drag === 'scrub') gestures().onScrub(event.type === 'pointerup' ? x : pointer.x, 'end');
    else if (pointer.drag === undefined && event.type === 'pointerup') gestures().onSeek(x);
    if (down.size === 0) gestures().onDrag(undefined);
  };
  const onLeave = () => gestures().onHover(undefined, 0);
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      gestures().onPan((event.deltaX || event.deltaY) * pixels);
    } else gestures().onZoom(place(event).x, Math.exp(Math.max(-300, Math.min(300, event.deltaY * pixels)) * 0.002));
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
