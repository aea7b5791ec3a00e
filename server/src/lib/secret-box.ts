import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppError } from './errors.js';

/** Seals short secrets for storage. `context` says what a secret belongs to; a box opened under another one is refused. */
export interface SecretBox {
  seal(secret: string, context: string): string;
  /** @throws AppError precondition `secret_unreadable`: another key, another context or damaged. */
  open(box: string, context: string): string;
}

const nonceBytes = 12;
const tagBytes = 16;

/** What a box holds; undefined where it does not open: the key of the installation is another one. */
export function openIfReadable(secretBox: SecretBox, box: string, context: string): string | undefined {
  try {
    return secretBox.open(box, context);
  } catch (error) {
    if (error instanceof AppError && error.code === 'secret_unreadable') return undefined;
    throw error;
  }
}

/** AES-256-GCM with a random nonce a box (NIST SP 800-38D 8.2.2) and the context as additional data. `key`: 32 bytes. */
export function createSecretBox(key: Buffer): SecretBox {
  if (key.length !== 32) throw new AppError('internal', 'bad_secret_key', 'the secret key must have 32 bytes');
  return {
    seal(secret, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
    },
    open(box, context) {
      try {
        const bytes = Buffer.from(box.slice(3), 'base64url');
        if (!box.startsWith('v1.') || bytes.length < nonceBytes + tagBytes) throw new Error('not a box');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(
          'utf8',
        );
      } catch (cause) {
        throw new AppError('precondition', 'secret_unreadable', 'a stored secret does not open with this key', {
          cause,
        });
      }
    },
  };
}
