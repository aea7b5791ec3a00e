import { fillInAccount, hasPlaceholder } from '../../lib/address-account.js';
import { hostOf, isConfirmedHost } from '../../lib/confirmed-hosts.js';
import type { StreamTarget } from './fragment-source.js';
import { IngestFailure } from './ingest-failure.js';

/**
 * The target with the account in its address, where the address says so: for the connection alone, it is written nowhere.
 * There the password goes as it is, so only to a host that a person typed it for. An address that a device reported is never
 * filled in: it could lead anywhere. @throws IngestFailure password_withheld
 */
export function filledTarget(target: StreamTarget): StreamTarget {
  const { url, username, password, confirmedHosts, plainPassword } = target;
  if (target.fillIn !== true || !hasPlaceholder(url)) return target;
  if (plainPassword === false || !isConfirmedHost(confirmedHosts ?? [hostOf(url)], hostOf(url)))
    throw new IngestFailure(
      'password_withheld',
      'the address takes the password in clear; nobody typed it for this host',
    );
  return { ...target, url: fillInAccount(url, { username, password }) };
}
