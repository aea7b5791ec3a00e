import type { TFunction } from 'i18next';
import { isApiError } from '../../lib/api-error.js';
import { errorText } from '../../lib/error-text.js';

const outcomes = ['wrong_password', 'account_locked', 'unreachable', 'bad_answer', 'no_video'] as const;

/** Whether the device, and not the form, stands in the way. */
export function isAddressOutcome(error: unknown): boolean {
  return isApiError(error) && outcomes.some((one) => one === error.code);
}

/** Why a camera could not be had at an address, in the words that additions use. */
export function addressErrorText(t: TFunction<'cameras'>, error: unknown): string {
  const outcome = isApiError(error) ? outcomes.find((one) => one === error.code) : undefined;
  return outcome === undefined ? errorText(error) : t(`outcomes.${outcome}`);
}
