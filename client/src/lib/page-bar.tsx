import { createContext, useContext, type ReactNode } from 'react';
import { createPortal } from 'react-dom';

const Slot = createContext<HTMLElement | null>(null);

/** The shell names the element of its top bar that a page may fill. */
export const PageBarSlot = Slot.Provider;

/** Puts a page's one-line header into the shell's top bar, for pages that need all of the height below it. */
export function PageBar({ children }: { children: ReactNode }) {
  const slot = useContext(Slot);
  return slot === null ? null : createPortal(children, slot);
}
