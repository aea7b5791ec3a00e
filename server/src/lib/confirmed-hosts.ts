import { plainHost } from './address-rules.js';
import { AppError } from './errors.js';

/** The host of an address as confirmed hosts are kept: without brackets, lower case, IP addresses in one form. */
export function hostOf(address: string): string {
  // Of other schemes `URL` leaves the host as it was written.
  return plainHost(new URL(address.replace(/^[a-z][a-z0-9+.-]*:/i, 'http:')).hostname);
}

/** Whether a password may go to this host, at any port. */
export function isConfirmedHost(confirmed: readonly string[], host: string): boolean {
  const plain = plainHost(host);
  return confirmed.some((one) => plainHost(one) === plain);
}

/** Nothing was sent: a password would have gone where nobody confirmed that the camera is. */
export function withheld(where: string): AppError {
  return new AppError('precondition', 'password_withheld', `${where}: nobody confirmed that the camera is there`, {
    details: { reason: 'password_withheld' },
  });
}
