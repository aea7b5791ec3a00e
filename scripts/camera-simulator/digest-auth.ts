import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const defaultNonceLifetimeMs = 300_000;
const maxNonces = 1000;

export type DigestVerdict = 'accepted' | 'refused' | 'stale';

export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** Digest access authentication (RFC 2617, RFC 7616), with qop=auth as HTTP does or without as RTSP cameras do. */
export class DigestAuthenticator {
  readonly #realm: string;
  readonly #qop: boolean;
  readonly #algorithm: DigestAlgorithm;
  readonly #nowMs: () => number;
  readonly #nonceLifetimeMs: () => number;
  /** Nonce → when it was given out and the highest nonce count seen with it. */
  readonly #nonces = new Map<string, { atMs: number; count: number }>();

  constructor(options: {
    realm: string;
    qop: boolean;
    nowMs: () => number;
    /** Default MD5. */
    algorithm?: DigestAlgorithm;
    /** Asked at each request; default 5 minutes. */
    nonceLifetimeMs?: () => number;
  }) {
    this.#realm = options.realm;
    this.#qop = options.qop;
    this.#nowMs = options.nowMs;
    this.#algorithm = options.algorithm ?? 'MD5';
    this.#nonceLifetimeMs = options.nonceLifetimeMs ?? (() => defaultNonceLifetimeMs);
  }

  /** Value of a WWW-Authenticate header, with a fresh nonce. */
  challenge(stale: boolean): string {
    const nonce = randomBytes(16).toString('hex');
    this.#nonces.set(nonce, { atMs: this.#nowMs(), count: 0 });
    const oldest = this.#nonces.keys().next();
    if (this.#nonces.size > maxNonces && !oldest.done) this.#nonces.delete(oldest.value);
    const qop = this.#qop ? `, qop="auth", algorithm=${this.#algorithm}` : '';
    return `Digest realm="${this.#realm}", nonce="${nonce}"${qop}, stale="${stale ? 'TRUE' : 'FALSE'}"`;
  }

  verify(header: string, method: string, uri: string, account: { username: string; password: string }): DigestVerdict {
    if (!/^digest /i.test(header)) return 'refused';
    const given = parseParameters(header.slice(7));
    if ((given.get('algorithm') ?? 'MD5').toUpperCase() !== this.#algorithm) return 'refused';
    const nonce = given.get('nonce') ?? '';
    const known = this.#nonces.get(nonce);
    if (!known || this.#nowMs() - known.atMs > this.#nonceLifetimeMs()) return 'stale';
    if (given.get('realm') !== this.#realm || given.get('username') !== account.username) return 'refused';
    if (!sameResource(given.get('uri') ?? '', uri, method)) return 'refused';
    const hash = hashes[this.#algorithm];
    const ha1 = hash(`${account.username}:${this.#realm}:${account.password}`);
    const ha2 = hash(`${method}:${given.get('uri') ?? ''}`);
    const qop = given.get('qop');
    if (qop !== undefined && (qop !== 'auth' || !this.#qop)) return 'refused';
    const count = Number.parseInt(given.get('nc') ?? '', 16);
    const middle = qop === undefined ? '' : `${given.get('nc') ?? ''}:${given.get('cnonce') ?? ''}:${qop}:`;
    const expected = Buffer.from(hash(`${ha1}:${nonce}:${middle}${ha2}`));
    const response = Buffer.from((given.get('response') ?? '').toLowerCase());
    if (response.length !== expected.length || !timingSafeEqual(response, expected)) return 'refused';
    if (qop !== undefined) {
      if (!(count > known.count)) return 'stale'; // replayed
      known.count = count;
    }
    return 'accepted';
  }
}

/**
 * Clients write the digest's uri with or without scheme and host; those of live555 sign the SETUP of a track with the
 * address of its session, and servers let them in.
 */
function sameResource(given: string, requested: string, method: string): boolean {
  const path = (uri: string) => uri.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/$/, '');
  const [own, asked] = [path(given), path(requested)];
  return own === asked || (method === 'SETUP' && own !== '' && asked.startsWith(`${own}/`));
}

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const match of text.matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi)) {
    parameters.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '');
  }
  return parameters;
}

const hashes = {
  MD5: (text: string): string => createHash('md5').update(text).digest('hex'),
  'SHA-256': (text: string): string => createHash('sha256').update(text).digest('hex'),
};
