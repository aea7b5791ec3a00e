import { randomBytes, randomUUID } from 'node:crypto';

export const newId = (): string => randomUUID();

/** A secret of `bytes` random bytes, base64url. */
export const newSecret = (bytes = 32): string => randomBytes(bytes).toString('base64url');
