import type { SecretBox } from '../../lib/secret-box.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import type { RecorderAccess } from './recorder-http.js';
import type { RecorderRow } from './recorder.entity.js';

const contextOf = (recorderId: string) => `recorder:${recorderId}`;

/** The token that a recorder is shown, as it is stored. */
export function sealToken(secretBox: SecretBox, recorderId: string, token: string): string {
  return secretBox.seal(token, contextOf(recorderId));
}

/** How a recorder is reached, as it is entered; not at all while its token cannot be opened. */
export function accessOf(secretBox: SecretBox, row: RecorderRow, identity: KeyCertificate): RecorderAccess {
  if (row.keyPin !== null) return { kind: 'key', pin: row.keyPin, identity };
  const token = row.tokenBox === '' ? undefined : tokenOf(secretBox, row);
  return token === undefined ? { kind: 'unpaired' } : { kind: 'token', token };
}

export function openToken(secretBox: SecretBox, { id, tokenBox }: RecorderRow): string {
  return secretBox.open(tokenBox, contextOf(id));
}

/** Undefined where it cannot be opened, as after the console's key was lost. */
export function tokenOf(secretBox: SecretBox, row: RecorderRow): string | undefined {
  try {
    return openToken(secretBox, row);
  } catch {
    return undefined;
  }
}
