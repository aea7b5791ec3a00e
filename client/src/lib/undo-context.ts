import { createContext } from 'react';
import type { UndoHistory } from './undo-history.js';

/** Where a page keeps what can be taken back on it; undefined where it offers no undo. */
export const UndoContext = createContext<UndoHistory | undefined>(undefined);
