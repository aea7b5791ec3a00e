import { passwordFault } from '@choi-canh/shared/password-faults';
import { AppError } from '../../lib/errors.js';

/**
 * The same check as in the forms, whoever asks. Passwords that exist go on.
 * @throws AppError invalid `weak_password`, with `details.fault` and the field.
 */
export function checkNewPassword(
  password: string,
  owner: { username: string; displayName: string },
  field: 'password' | 'newPassword',
): void {
  const fault = passwordFault(password, [owner.username, owner.displayName]);
  if (fault === undefined) return;
  throw new AppError('invalid', 'weak_password', `the password would be guessed: ${fault}`, {
    details: { fault, fields: [{ path: field, message: fault }] },
  });
}
