import { randomBytes } from 'node:crypto';
import { pairingAnswer, pairingHello } from '@choi-canh/shared/recorder-pairing';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { isProof, pairingProof, plainPairingCode } from '../../lib/pairing.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import { RecorderHttp } from './recorder-http.js';

const askMs = 8000;
const maxBytes = 16 * 1024;

/**
 * Makes a recorder on another machine obey this console, and learns its key: asks for the key that answers there, then proves
 * to know the code, bound to that key and its own, over a connection to no other key; the recorder proves the same. The code
 * itself never travels. Returns the fingerprint to pin.
 * @throws AppError invalid `bad_pairing_code`, conflict `pairing_no_code` | `pairing_wrong_code` | `recorder_in_use`, unavailable
 *   `recorder_unreachable` | `recorder_bad_answer` | `recorder_speaks_plain`
 */
export async function pairRecorder(options: {
  url: string;
  code: string;
  takeOver: boolean;
  identity: KeyCertificate;
  /** Which addresses it may have. */
  rules: AddressRules;
}): Promise<string> {
  const { url, takeOver, identity, rules } = options;
  const code = plainPairingCode(options.code);
  if (code === undefined) throw new AppError('invalid', 'bad_pairing_code', 'a pairing code has 16 letters and digits');
  const recorderKey = await keyAt(url, identity, rules);
  const transcript = { recorderKey, consoleKey: identity.fingerprint, nonce: randomBytes(32).toString('hex') };
  const http = new RecorderHttp({ url, access: { kind: 'key', pin: recorderKey, identity }, rules });
  try {
    const body = { nonce: transcript.nonce, proof: pairingProof(code, 'console', transcript), takeOver };
    const exchange = { method: 'POST', path: '/v1/pairing', body, timeoutMs: askMs } as const;
    const { proof } = await http.json(pairingAnswer, exchange, maxBytes);
    if (isProof(proof, pairingProof(code, 'recorder', transcript))) return recorderKey;
    throw new AppError('conflict', 'pairing_wrong_code', 'who answers there does not know the code');
  } finally {
    http.close();
  }
}

/** The key that answers there; nothing but a greeting is sent to it. */
async function keyAt(url: string, identity: KeyCertificate, rules: AddressRules): Promise<string> {
  let seen = '';
  const http = new RecorderHttp({ url, access: { kind: 'any', identity, onPeerKey: (key) => (seen = key) }, rules });
  try {
    await http.json(pairingHello, { path: '/v1/pairing', timeoutMs: askMs }, maxBytes);
    return seen;
  } catch (error) {
    // A recorder of before TLS answers the handshake in plain HTTP.
    if (isAppError(error) && /wrong version number|packet length too long|http request/i.test(errorMessage(error))) {
      throw new AppError('unavailable', 'recorder_speaks_plain', 'what answers there speaks no TLS', { cause: error });
    }
    throw error;
  } finally {
    http.close();
  }
}
