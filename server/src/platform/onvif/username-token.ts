import { createHash, randomBytes } from 'node:crypto';
import { escapeXml } from './soap-xml.js';

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const passwordDigest =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest';
const base64Binary = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';

/**
 * WS-Security header with a UsernameToken (Web Services Security UsernameToken Profile 1.0, 3.1):
 * digest = Base64(SHA-1(nonce + created + password)). `createdAtMs` is in the camera's own time, since it compares
 * the instant with its clock.
 */
export function usernameTokenHeader(
  username: string,
  password: string,
  createdAtMs: number,
  nonce: Buffer = randomBytes(16),
): string {
  const created = new Date(createdAtMs).toISOString();
  const digest = createHash('sha1').update(nonce).update(created, 'utf8').update(password, 'utf8').digest('base64');
  return (
    `<Security s:mustUnderstand="1" xmlns="${wsse}"><UsernameToken><Username>${escapeXml(username)}</Username>` +
    `<Password Type="${passwordDigest}">${digest}</Password>` +
    `<Nonce EncodingType="${base64Binary}">${nonce.toString('base64')}</Nonce>` +
    `<Created xmlns="${wsu}">${created}</Created></UsernameToken></Security>`
  );
}
