import { createHash } from 'node:crypto';
import { child, textAt, type XmlValue } from './soap.js';

const freshnessMs = 5 * 60_000;
const maxRemembered = 5000;

/**
 * WS-Security UsernameToken with PasswordDigest (WSS UsernameToken Profile 1.0, 3.1), judged by the camera's own
 * clock: a client that does not allow for a camera's wrong clock is refused, as by a real one.
 */
export class UsernameTokenVerifier {
  readonly #cameraNowMs: () => number;
  readonly #seen = new Set<string>();

  constructor(cameraNowMs: () => number) {
    this.#cameraNowMs = cameraNowMs;
  }

  /** Undefined: no token in the header at all. */
  verify(header: XmlValue, account: { username: string; password: string }): boolean | undefined {
    const token = child(child(header, 'Security'), 'UsernameToken');
    if (token === undefined) return undefined;
    const created = textAt(token, 'Created') ?? '';
    const nonce = textAt(token, 'Nonce') ?? '';
    const age = this.#cameraNowMs() - Date.parse(created);
    if (textAt(token, 'Username') !== account.username || nonce === '' || !(Math.abs(age) <= freshnessMs)) return false;
    const expected = createHash('sha1')
      .update(Buffer.from(nonce, 'base64'))
      .update(created)
      .update(account.password)
      .digest('base64');
    if (textAt(token, 'Password') !== expected) return false;
    const key = `${nonce} ${created}`;
    if (this.#seen.has(key)) return false; // replayed
    this.#seen.add(key);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > maxRemembered && !oldest.done) this.#seen.delete(oldest.value);
    return true;
  }
}
