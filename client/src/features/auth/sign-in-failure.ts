import { isApiError } from '../../lib/api-error.js';
import { errorText } from '../../lib/error-text.js';

export interface SignInFailure {
  text: string;
  /** After too many attempts: when the next one will be heard. */
  retryAfterSeconds?: number;
}

/** What to tell who could not sign in. */
export function signInFailure(error: unknown): SignInFailure {
  const text = errorText(error);
  if (!isApiError(error, 'too_many')) return { text };
  const seconds = Number(error.details['retryAfterSeconds']);
  return Number.isFinite(seconds) && seconds > 0 ? { text, retryAfterSeconds: Math.ceil(seconds) } : { text };
}
