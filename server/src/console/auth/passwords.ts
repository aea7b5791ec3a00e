import { hash, verify, type Options } from '@node-rs/argon2';
import { AppError } from '../../lib/errors.js';

/** OWASP Password Storage Cheat Sheet: argon2id (the library's default) with 19 MiB, two passes, one lane. */
const owasp: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MAX_AT_ONCE = 24;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** `stored` undefined: there is no such account. Takes as long as if there were one, and is false. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
}

/** Slow hashes of passwords. What waits for one is bounded: each takes 19 MiB and tens of milliseconds. */
export function createPasswords(options: Options = owasp): Passwords {
  const nobody = hash('nobody has this password', options);
  // Awaited where it is used; until then a failure must not count as unhandled.
  nobody.catch(() => {});
  let running = 0;

  const bounded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= MAX_AT_ONCE) {
      throw new AppError('too_many', 'too_many', 'too many sign-ins at once', { details: { retryAfterSeconds: 2 } });
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };

  return {
    hash: (password) => bounded(() => hash(password.normalize('NFKC'), options)),
    verify: (stored, password) =>
      bounded(async () => {
        const matches = await verify(stored ?? (await nobody), password.normalize('NFKC'));
        return stored !== undefined && matches;
      }),
  };
}
