import { createContext, useContext } from 'react';

/** What the parts of a form know of the dialog around them. */
export interface DialogContext {
  /** Closes; asks first where something was typed. */
  requestClose(): void;
  /** A form in the dialog has unsaved text, or no longer. */
  setDirty(dirty: boolean): void;
}

export const FormDialogContext = createContext<DialogContext | undefined>(undefined);
export const useFormDialog = () => useContext(FormDialogContext);

/** Whether the form around is being saved. */
export const FormBusyContext = createContext(false);
