import { passwordFault } from '@choi-canh/shared/password-faults';
import type { TFunction } from 'i18next';

/** What is wrong with a new password, in a sentence; undefined where nothing is. `names`: those of its owner. */
export function passwordSentence(t: TFunction, password: string, names: string[]): string | undefined {
  const fault = passwordFault(password, names);
  return fault === undefined ? undefined : t(`errors:passwordFaults.${fault}`);
}
