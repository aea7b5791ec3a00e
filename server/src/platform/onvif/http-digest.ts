import { createHash, randomBytes } from 'node:crypto';

/** A Digest challenge that we can answer; RFC 7616, 3.3, and RFC 2617 without qop. */
export interface DigestChallenge {
  realm: string;
  nonce: string;
  opaque: string | undefined;
  algorithm: 'MD5' | 'SHA-256';
  session: boolean;
  qop: 'auth' | undefined;
  stale: boolean;
}

const parameter = /([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

function readChallenge(text: string): DigestChallenge | undefined {
  const values = new Map<string, string>();
  for (const [, name = '', quoted, token] of text.matchAll(parameter)) {
    values.set(name.toLowerCase(), quoted === undefined ? (token ?? '') : quoted.replace(/\\(.)/g, '$1'));
  }
  const algorithm = /^(MD5|SHA-256)(-sess)?$/i.exec(values.get('algorithm') ?? 'MD5');
  const nonce = values.get('nonce');
  if (algorithm === null || nonce === undefined) return undefined;
  const qops = values
    .get('qop')
    ?.split(',')
    .map((qop) => qop.trim().toLowerCase());
  if (qops !== undefined && !qops.includes('auth')) return undefined;
  return {
    realm: values.get('realm') ?? '',
    nonce,
    opaque: values.get('opaque'),
    algorithm: algorithm[1]?.toUpperCase() === 'SHA-256' ? 'SHA-256' : 'MD5',
    session: algorithm[2] !== undefined,
    qop: qops === undefined ? undefined : 'auth',
    stale: values.get('stale')?.toLowerCase() === 'true',
  };
}

/** The strongest Digest challenge among the WWW-Authenticate headers of an answer, SHA-256 before MD5. */
export function chooseChallenge(headers: readonly string[]): DigestChallenge | undefined {
  const challenges = headers
    .flatMap((header) => header.slice(0, 4096).split(/(?:^|,\s*)(?=(?:Digest|Basic)\s)/i))
    .flatMap((text) => (/^\s*Digest\s/i.test(text) ? [text.replace(/^\s*Digest\s+/i, '')] : []))
    .flatMap((text) => readChallenge(text) ?? []);
  return challenges.find((challenge) => challenge.algorithm === 'SHA-256') ?? challenges[0];
}

/** Answers one challenge for as long as its nonce lives; counts the requests made with it. */
export function createDigestAnswerer(challenge: DigestChallenge, username: string, password: string) {
  const hash = (text: string) =>
    createHash(challenge.algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'utf8')
      .digest('hex');
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, '')}"`;
  let count = 0;
  return {
    /** Value of the Authorization header; `uri` is the request target. `cnonce` is given by tests alone. */
    authorization(method: string, uri: string, cnonce = randomBytes(12).toString('hex')): string {
      count += 1;
      const nc = count.toString(16).padStart(8, '0');
      const plain = hash(`${username}:${challenge.realm}:${password}`);
      const ha1 = challenge.session ? hash(`${plain}:${challenge.nonce}:${cnonce}`) : plain;
      const ha2 = hash(`${method}:${uri}`);
      const middle = challenge.qop === undefined ? challenge.nonce : `${challenge.nonce}:${nc}:${cnonce}:auth`;
      const fields = [
        `username=${quote(username)}`,
        `realm=${quote(challenge.realm)}`,
        `nonce=${quote(challenge.nonce)}`,
        `uri=${quote(uri)}`,
        `algorithm=${challenge.algorithm}${challenge.session ? '-sess' : ''}`,
        `response="${hash(`${ha1}:${middle}:${ha2}`)}"`,
      ];
      if (challenge.opaque !== undefined) fields.push(`opaque=${quote(challenge.opaque)}`);
      if (challenge.qop !== undefined) fields.push('qop=auth', `nc=${nc}`);
      if (challenge.qop !== undefined || challenge.session) fields.push(`cnonce="${cnonce}"`);
      return `Digest ${fields.join(', ')}`;
    },
  };
}
export type DigestAnswerer = ReturnType<typeof createDigestAnswerer>;

/** None of the challenges is Digest, one is Basic: the password would have to go as it is. */
export function asksForPlain(headers: readonly string[]): boolean {
  const names = headers.flatMap((header) => [...header.slice(0, 4096).matchAll(/(?:^|,)\s*(Digest|Basic)\b/gi)]);
  return names.length > 0 && names.every(([, name = '']) => /^basic$/i.test(name));
}
