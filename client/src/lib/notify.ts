import { notifications } from '@mantine/notifications';
import { errorText } from './error-text.js';

/** A short word that something is done; goes by itself. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'teal', autoClose: 4000 });
}

/** For errors that have no place on the page of their own. */
export function notifyError(error: unknown): void {
  notifications.show({ message: errorText(error), color: 'red', autoClose: 10_000 });
}
