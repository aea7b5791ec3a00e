import { isAppError } from '../../lib/errors.js';

/** Another key answers at its address, or it does not know this console: a person pairs it again. */
export interface LinkTrouble {
  code: 'recorder_key_changed' | 'recorder_unpaired';
  /** Fingerprint of the key that answers; empty where it is the right one. */
  key: string;
}

/** What an error says of the link; undefined where nobody has to do anything. */
export function linkTroubleOf(error: unknown): LinkTrouble | undefined {
  if (!isAppError(error, 'unavailable')) return undefined;
  if (error.code === 'recorder_key_changed') {
    return { code: error.code, key: String(error.details['fingerprint'] ?? '') };
  }
  const refused = error.code === 'recorder_unpaired' || error.code === 'recorder_refused';
  return refused ? { code: 'recorder_unpaired', key: '' } : undefined;
}
