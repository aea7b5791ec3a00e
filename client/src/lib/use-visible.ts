import { useEffect, useState, useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** Whether anybody can see this page: false on another tab and when minimised. */
export function usePageVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible');
}

/** Whether the element is on the screen or nearly so; `initially` until that is known. */
export function useOnScreen(initially = false): { ref: (element: Element | null) => void; onScreen: boolean } {
  const [element, ref] = useState<Element | null>(null);
  const [onScreen, setOnScreen] = useState(initially);
  useEffect(() => {
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => setOnScreen(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: '100px',
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return { ref, onScreen };
}
