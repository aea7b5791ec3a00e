import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** SHA-256 of the public key of the other side (SPKI), hex; undefined where it showed none. */
export function peerKey(socket: TLSSocket): string | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey;
  if (key === undefined) return undefined;
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
