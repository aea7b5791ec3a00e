import { beforeEach, describe, expect, it } from 'vitest';
import { listenToTimeline, type TimelineGestures } from './timeline-pointer.js';

const lane = 60;
const hours = 8;
let element: EventTarget;
let said: string[];

beforeEach(() => {
  said = [];
  const gestures: TimelineGestures = {
    onSeek: (x) => said.push(`seek ${x}`),
    onScrub: (x, phase) => said.push(`scrub ${phase} ${x}`),
    onPan: (byPx) => said.push(`pan ${byPx}`),
    onZoom: (x, factor) => said.push(`zoom ${x} ${factor}`),
    onHover: (x) => x !== undefined && said.push(`hover ${x}`),
    onDrag: (kind) => said.push(`drag ${kind}`),
  };
  element = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 100, top: 0 }),
    setPointerCapture: () => undefined,
  });
  listenToTimeline(element as HTMLElement, () => gestures);
});

/** A pointer event at `x` of the timeline. */
function pointer(type: string, x: number, y = lane, pointerId = 1, pointerType = 'mouse'): void {
  const values = { clientX: x + 100, clientY: y, button: 0, pointerId, pointerType };
  element.dispatchEvent(Object.assign(new Event(`pointer${type}`), values));
}

describe('a pointer on the timeline', () => {
  it('seeks on a click, also with a hand that trembles', () => {
    pointer('down', 50);
    pointer('move', 53);
    pointer('up', 53);
    expect(said).toEqual(['seek 53', 'drag undefined']);
  });

  it.each(['mouse', 'touch', 'pen'])(
    'scrubs while it is dragged on the lanes (%s), and ends where it lets go',
    (type) => {
      pointer('down', 50, lane, 1, type);
      pointer('move', 70, lane, 1, type);
      pointer('move', 90, hours, 1, type);
      pointer('up', 95, lane, 1, type);
      const scrub = [
        'drag scrub',
        'scrub start 50',
        'scrub move 70',
        'scrub move 90',
        'scrub end 95',
        'drag undefined',
      ];
      expect(said).toEqual(scrub);
    },
  );

  it('pans on the strip with the hours', () => {
    pointer('down', 50, hours);
    pointer('move', 70, lane);
    pointer('move', 75, hours);
    pointer('up', 75, hours);
    expect(said).toEqual(['drag pan', 'pan -20', 'pan -5', 'drag undefined']);
  });

  it('zooms between two fingers, and neither of them scrubs or seeks any more', () => {
    pointer('down', 100, lane, 1, 'touch');
    pointer('move', 110, lane, 1, 'touch');
    pointer('down', 210, lane, 2, 'touch');
    pointer('move', 310, lane, 2, 'touch');
    pointer('up', 310, lane, 2, 'touch');
    pointer('move', 150, lane, 1, 'touch');
    pointer('up', 150, lane, 1, 'touch');
    expect(said).toEqual([
      'drag scrub',
      'scrub start 100',
      'scrub move 110',
      'scrub end 110',
      'drag pinch',
      'drag pinch',
      'zoom 210 0.5',
      'drag undefined',
    ]);
  });

  it('ends where it was last when the system takes it away', () => {
    pointer('down', 50);
    pointer('move', 80);
    pointer('cancel', 0);
    expect(said.slice(-2)).toEqual(['scrub end 80', 'drag undefined']);
  });

  it('shows the card only to a mouse that is not pressed', () => {
    pointer('move', 20);
    pointer('move', 30, lane, 2, 'touch');
    expect(said).toEqual(['hover 20']);
  });

  it('zooms by the wheel at the pointer, pans with Shift', () => {
    const wheel = (values: object) =>
      element.dispatchEvent(
        Object.assign(new Event('wheel'), { clientX: 140, clientY: lane, deltaX: 0, deltaMode: 0, ...values }),
      );
    (globalThis as { WheelEvent?: unknown }).WheelEvent ??= { DOM_DELTA_LINE: 1 };
    wheel({ deltaY: -100 });
    wheel({ deltaY: 100, shiftKey: true });
    expect(said).toEqual([`zoom 40 ${Math.exp(-0.2)}`, 'pan 100']);
  });
});
