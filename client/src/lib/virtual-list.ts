import { useVirtualizer } from '@tanstack/react-virtual';
import type { RefObject } from 'react';

/** Rows of one height inside a scrolling element; only those that can be seen exist. */
export function useVirtualList(options: {
  count: number;
  rowPx: number;
  scroller: RefObject<HTMLElement | null>;
  overscan: number;
}) {
  // eslint-disable-next-line react-hooks/incompatible-library -- no compiler memoises here, and nobody memoises its functions
  return useVirtualizer({
    count: options.count,
    getScrollElement: () => options.scroller.current,
    estimateSize: () => options.rowPx,
    overscan: options.overscan,
  });
}
