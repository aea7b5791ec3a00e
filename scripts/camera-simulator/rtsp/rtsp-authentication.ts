import { timingSafeEqual } from 'node:crypto';
import type { CameraKind } from '../camera-kind.js';
import { DigestAuthenticator, type DigestVerdict } from '../digest-auth.js';

/** The ways in that a camera's RTSP server offers, on one connection. */
export class RtspAuthentication {
  readonly #realm: string;
  readonly #digests: readonly DigestAuthenticator[];
  readonly #basic: boolean;
  readonly #open: boolean;

  constructor(options: {
    kind: CameraKind['authentication'];
    realm: string;
    nowMs: () => number;
    /** Undefined: the usual. */
    nonceLifetimeMs: () => number | undefined;
  }) {
    const { kind, realm, nowMs } = options;
    const nonceLifetimeMs = () => options.nonceLifetimeMs() ?? 300_000;
    const digest = (algorithm: 'MD5' | 'SHA-256', qop: boolean) =>
      new DigestAuthenticator({ realm, qop, nowMs, algorithm, nonceLifetimeMs });
    this.#realm = realm;
    this.#basic = kind === 'basic' || kind === 'basic-and-digest';
    this.#open = kind === 'none';
    this.#digests = {
      digest: () => [digest('MD5', false)],
      'digest-qop': () => [digest('MD5', true)],
      'digest-sha256': () => [digest('SHA-256', true)],
      'digest-both': () => [digest('SHA-256', true), digest('MD5', true)],
      'basic-and-digest': () => [digest('MD5', false)],
      basic: () => [],
      none: () => [],
    }[kind]();
  }

  /** Values of WWW-Authenticate headers. */
  challenges(stale: boolean): string[] {
    const basic = this.#basic ? [`Basic realm="${this.#realm}"`] : [];
    return [...this.#digests.map((digest) => digest.challenge(stale)), ...basic];
  }

  verify(
    header: string | undefined,
    method: string,
    uri: string,
    account: { username: string; password: string },
  ): DigestVerdict {
    if (this.#open) return 'accepted';
    if (header === undefined) return 'refused';
    if (/^basic /i.test(header)) return this.#basic && basicMatches(header, account) ? 'accepted' : 'refused';
    const verdicts = this.#digests.map((digest) => digest.verify(header, method, uri, account));
    if (verdicts.includes('accepted')) return 'accepted';
    return verdicts.includes('stale') ? 'stale' : 'refused';
  }
}

function basicMatches(header: string, { username, password }: { username: string; password: string }): boolean {
  const given = Buffer.from(header.slice(6).trim(), 'base64');
  const expected = Buffer.from(`${username}:${password}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
