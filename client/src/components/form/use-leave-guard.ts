import { useEffect, useSyncExternalStore } from 'react';
import { useBlocker } from 'react-router';

/** Forms on the page with text that is not saved. The router has room for one blocker, so they share it. */
const unsaved = new Set<symbol>();
/** What waits for the answer to "leave?" and is no change of the address. */
let waiting: (() => void) | undefined;
const listeners = new Set<() => void>();

const notify = () => listeners.forEach((listener) => listener());
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

const holdBrowser = (event: BeforeUnloadEvent) => event.preventDefault();

/** While `dirty`, leaving the page (a link, Back, closing the tab) asks first. */
export function useLeaveGuard(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return;
    const mine = Symbol('unsaved');
    unsaved.add(mine);
    if (unsaved.size === 1) window.addEventListener('beforeunload', holdBrowser);
    return () => {
      unsaved.delete(mine);
      if (unsaved.size === 0) window.removeEventListener('beforeunload', holdBrowser);
    };
  }, [dirty]);
}

/** Runs `leave` at once, or after the person agreed to lose what is not saved. */
export function leaveThen(leave: () => void): void {
  if (unsaved.size === 0) {
    leave();
    return;
  }
  waiting = leave;
  notify();
}

/** `state` of a navigation that no question holds up: what was typed belongs to something that no longer exists. */
export const leaveAnyway = { leaveAnyway: true } as const;

/** The question itself; rendered once, around all pages. Another query of the same page leaves its forms alone. */
export function useLeaveQuestion(): { asking: boolean; stay(): void; leave(): void } {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      unsaved.size > 0 &&
      currentLocation.pathname !== nextLocation.pathname &&
      (nextLocation.state as Partial<typeof leaveAnyway> | null)?.leaveAnyway !== true,
  );
  const held = useSyncExternalStore(subscribe, () => waiting);
  const forget = () => {
    waiting = undefined;
    notify();
  };
  return {
    asking: blocker.state === 'blocked' || held !== undefined,
    stay: () => {
      forget();
      if (blocker.state === 'blocked') blocker.reset();
    },
    leave: () => {
      forget();
      if (blocker.state === 'blocked') blocker.proceed();
      held?.();
    },
  };
}
