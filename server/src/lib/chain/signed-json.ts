// Ed25519 signatures (RFC 8032) inside JSON texts: the signature is the last field, what is signed is the text without it.
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** `body` as JSON with `field` as its last member: the signature of the JSON without it. */
export function signJson(body: object, key: KeyObject, field = 'signature'): string {
  const text = JSON.stringify(body);
  const signature = sign(null, Buffer.from(text), key).toString('base64');
  return `${text.slice(0, -1)},"${field}":"${signature}"}`;
}

/** The text that was signed and its signature; undefined where `field` is not the last member. */
export function splitSignature(json: string, field = 'signature'): { text: string; signature: Buffer } | undefined {
  const mark = `,"${field}":"`;
  const at = json.lastIndexOf(mark);
  if (at < 0 || !json.endsWith('"}')) return undefined;
  const signature = json.slice(at + mark.length, -2);
  if (!/^[A-Za-z0-9+/]{86}==$/.test(signature)) return undefined;
  return { text: `${json.slice(0, at)}}`, signature: Buffer.from(signature, 'base64') };
}

export function isSignedBy(json: string, key: KeyObject, field = 'signature'): boolean {
  const split = splitSignature(json, field);
  return split !== undefined && verify(null, Buffer.from(split.text), key, split.signature);
}

/** SPKI, DER, base64. */
export function publicKeyText(key: KeyObject): string {
  return createPublicKeyOf(key).export({ type: 'spki', format: 'der' }).toString('base64');
}

/** First 16 hex digits of the SHA-256 of the SPKI. */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}

/** Undefined where it is no Ed25519 key. */
export function readPublicKey(publicKey: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

function createPublicKeyOf(key: KeyObject): KeyObject {
  return key.type === 'public' ? key : createPublicKey(key);
}
