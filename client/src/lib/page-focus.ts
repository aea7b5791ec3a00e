import { useEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router';

/** Nothing has the keyboard, or only the page as a whole. */
export function isFocusLost(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || activeElement.id === 'content';
}

/**
 * Another page is another place: the keyboard goes to its heading (or to where it will be), and the view to its top.
 * A change of the query only is the same page. Mounted once, by the shell.
 */
export function usePageFocus(): void {
  const { pathname } = useLocation();
  const kind = useNavigationType();
  const before = useRef<string | undefined>(undefined);
  useEffect(() => {
    const first = before.current === undefined;
    if (before.current === pathname) return;
    before.current = pathname;
    // The document was just loaded: the browser has begun at its beginning.
    if (first && kind === 'POP') return;
    if (kind !== 'POP') window.scrollTo({ top: 0 });
    const place = document.querySelector<HTMLElement>('[data-page-heading]') ?? document.getElementById('content');
    place?.focus({ preventScroll: true });
  }, [pathname, kind]);
}
