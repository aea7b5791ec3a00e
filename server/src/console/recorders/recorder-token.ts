import type { SecretBox } from '../../lib/secret-box.js';
import type { RecorderRow } from './recorder.entity.js';

const contextOf = (recorderId: string) => `recorder:${recorderId}`;

/** The token that a recorder is shown, as it is stored. */
export function sealToken(secretBox: SecretBox, recorderId: string, token: string): string {
  return secretBox.seal(token, contextOf(recorderId));
}

export function openToken(secretBox: SecretBox, { id, tokenBox }: RecorderRow): string {
  return secretBox.open(tokenBox, contextOf(id));
}
