import { createHash } from 'node:crypto';

/** For secrets of 256 random bits, which need no slow hash. Hex. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
