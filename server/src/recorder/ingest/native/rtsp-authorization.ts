// Answers an RTSP server's challenge: Digest (RFC 7616, and RFC 2069 for old cameras) before Basic (RFC 7617).
import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Writes the Authorization header of a request without a body. */
export type Authorizer = (method: string, uri: string) => string;

const maxChallengeLength = 4096;
const hashNames: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'MD5-SESS': 'md5',
  'SHA-256': 'sha256',
  'SHA-256-SESS': 'sha256',
};

function parameters(challenge: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, quoted, plain] of challenge.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi))
    found.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  return found;
}

/** Several challenges may stand in one header, one behind the other. */
function separated(headers: readonly string[]): string[] {
  return headers.flatMap((header) => header.slice(0, maxChallengeLength).split(/,\s*(?=(?:digest|basic)\s)/i));
}

// Line breaks cannot stand in a header, whatever the camera or the user wrote.
const quote = (text: string): string => `"${text.replace(/[\r\n]/g, '').replace(/["\\]/g, '\\$&')}"`;

function digest(challenge: string, { username, password }: Credentials): Authorizer | undefined {
  const given = parameters(challenge);
  const realm = given.get('realm') ?? '';
  const nonce = given.get('nonce');
  const algorithm = (given.get('algorithm') ?? 'MD5').toUpperCase();
  const hashName = hashNames[algorithm];
  if (nonce === undefined || hashName === undefined) return undefined;
  const hash = (text: string): string => createHash(hashName).update(text, 'utf8').digest('hex');
  const offered =
    given
      .get('qop')
      ?.split(',')
      .map((one) => one.trim().toLowerCase()) ?? [];
  const qop = offered.includes('auth') ? 'auth' : offered.includes('auth-int') ? 'auth-int' : undefined;
  const cnonce = randomBytes(8).toString('hex');
  const secret = hash(`${username}:${realm}:${password}`);
  const ha1 = algorithm.endsWith('-SESS') ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const isHashed = given.get('userhash')?.toLowerCase() === 'true';
  const shownName = isHashed ? hash(`${username}:${realm}`) : username;
  let count = 0;
  return (method, uri) => {
    const ha2 = hash(qop === 'auth-int' ? `${method}:${uri}:${hash('')}` : `${method}:${uri}`);
    const nc = (++count).toString(16).padStart(8, '0');
    const response = qop ? hash(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`) : hash(`${ha1}:${nonce}:${ha2}`);
    const fields = [
      `username=${quote(shownName)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
    ];
    if (given.has('algorithm')) fields.push(`algorithm=${given.get('algorithm')!.replace(/[^\w-]/g, '')}`);
    const opaque = given.get('opaque');
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
    if (isHashed) fields.push('userhash=true');
    if (qop) fields.push(`qop=${qop}`, `nc=${nc}`);
    if (qop || algorithm.endsWith('-SESS')) fields.push(`cnonce="${cnonce}"`);
    return `Digest ${fields.join(', ')}`;
  };
}

/**
 * Undefined when none of the challenges can be answered. `challenges` are the WWW-Authenticate headers.
 * `allowPlain`: the password may be sent as it is (Basic).
 */
export function authorizerFor(
  challenges: readonly string[],
  credentials: Credentials,
  allowPlain = true,
): Authorizer | undefined {
  const each = separated(challenges);
  for (const challenge of each) {
    const answer = /^digest\s/i.test(challenge) ? digest(challenge, credentials) : undefined;
    if (answer !== undefined) return answer;
  }
  if (!allowPlain || !each.some((challenge) => /^basic\b/i.test(challenge))) return undefined;
  const token = Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64');
  return () => `Basic ${token}`;
}

/** None of the challenges is Digest, one is Basic: the password would have to go as it is. */
export function asksForPlain(challenges: readonly string[]): boolean {
  const each = separated(challenges);
  return each.some((one) => /^basic\b/i.test(one)) && !each.some((one) => /^digest\s/i.test(one));
}

/** The server says that only the nonce was too old, not the password wrong (RFC 7616 3.3). */
export function isStale(challenges: readonly string[]): boolean {
  return challenges.some((challenge) => /\bstale\s*=\s*"?true/i.test(challenge));
}
