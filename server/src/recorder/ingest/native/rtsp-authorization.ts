// Answers an RTSP server's challenge: Digest (RFC 7616, and RFC 2069 for old cameras) before Basic (RFC 7617).
import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Writes the Authorization header of a request. */
export type Authorizer = (method: string, uri: string) => string;

function parameters(challenge: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, quoted, plain] of challenge.matchAll(/([a-z]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/gi))
    found.set(name!.toLowerCase(), quoted ?? plain ?? '');
  return found;
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function digest(challenge: string, { username, password }: Credentials): Authorizer | undefined {
  const given = parameters(challenge);
  const realm = given.get('realm') ?? '';
  const nonce = given.get('nonce');
  const algorithm = given.get('algorithm') ?? 'MD5';
  const hashName = { MD5: 'md5', 'MD5-SESS': 'md5', 'SHA-256': 'sha256' }[algorithm.toUpperCase()];
  if (nonce === undefined || hashName === undefined) return undefined;
  const hash = (text: string): string => createHash(hashName).update(text).digest('hex');
  const qop =
    given
      .get('qop')
      ?.split(',')
      .some((one) => one.trim() === 'auth') === true
      ? 'auth'
      : undefined;
  const cnonce = randomBytes(8).toString('hex');
  let count = 0;
  const session = algorithm.toUpperCase() === 'MD5-SESS';
  const secret = hash(`${username}:${realm}:${password}`);
  const ha1 = session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  return (method, uri) => {
    const ha2 = hash(`${method}:${uri}`);
    const nc = (++count).toString(16).padStart(8, '0');
    const response = qop ? hash(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`);
    const fields = [
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
    ];
    if (given.has('algorithm')) fields.push(`algorithm=${algorithm}`);
    const opaque = given.get('opaque');
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
    if (qop) fields.push(`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`);
    return `Digest ${fields.join(', ')}`;
  };
}

/** Undefined when none of the challenges can be answered. `challenges` are the WWW-Authenticate headers. */
export function authorizerFor(challenges: readonly string[], credentials: Credentials): Authorizer | undefined {
  for (const challenge of challenges) {
    const answer = /^digest\s/i.test(challenge) ? digest(challenge, credentials) : undefined;
    if (answer !== undefined) return answer;
  }
  if (challenges.some((challenge) => /^basic\b/i.test(challenge))) {
    const token = Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64');
    return () => `Basic ${token}`;
  }
  return undefined;
}
