import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Pairing by a one-time code: both sides prove that they know it, bound to the public keys of both ends of the TLS connection
 * between them. Somebody in the middle has another key, so his proof fits at neither end; what he saw helps him only to guess
 * 80 bits.
 */
export interface PairingTranscript {
  /** Fingerprints of the keys of both (SHA-256 of the SPKI), hex. */
  recorderKey: string;
  consoleKey: string;
  /** 32 random bytes of the console, hex. */
  nonce: string;
}

/** Crockford's: without I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeLength = 16;

/** 80 random bits in four groups, e.g. `7K3M-Q9TX-0F2A-JV8C`. */
export function newPairingCode(): string {
  const symbols = [...randomBytes(codeLength)].map((byte) => alphabet[byte & 31]).join('');
  return symbols.replace(/(.{4})(?=.)/g, '$1-');
}

/** What a person typed, without separators, O for 0 and I or L for 1; undefined where it is no code. */
export function plainPairingCode(typed: string): string | undefined {
  const plain = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return new RegExp(`^[${alphabet}]{${codeLength}}$`).test(plain) ? plain : undefined;
}

/** HMAC-SHA256 under the code, hex. */
export function pairingProof(
  plainCode: string,
  side: 'console' | 'recorder',
  { recorderKey, consoleKey, nonce }: PairingTranscript,
): string {
  const parts = ['choi-canh pairing 1', side, recorderKey, consoleKey, nonce];
  return createHmac('sha256', plainCode).update(parts.join('\n')).digest('hex');
}

export function isProof(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given, 'hex'), Buffer.from(expected, 'hex')];
  return one.length === other.length && timingSafeEqual(one, other);
}
