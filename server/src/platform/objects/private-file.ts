import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../../lib/durable-file.js';
import { AppError, errorMessage } from '../../lib/errors.js';

/** Writes a file that only its owner may read (0600, folder 0700), whole or not at all. */
export async function writePrivateFile(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, content, `${path}.${randomUUID()}.tmp`);
}

/**
 * The key in a file: `bytes` random bytes as hex text, made on first use.
 * @throws AppError precondition `bad_key_file` when the file holds something else: a key that changes silently would
 *   make everything encrypted with the old one unreadable.
 */
export async function loadKeyFile(path: string, bytes = 32): Promise<Buffer> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new AppError('precondition', 'bad_key_file', `cannot read ${path}: ${errorMessage(error)}`);
    }
    const key = randomBytes(bytes);
    await writePrivateFile(path, `${key.toString('hex')}\n`);
    return key;
  }
  if (!new RegExp(`^[0-9a-f]{${bytes * 2}}$`, 'i').test(text)) {
    throw new AppError('precondition', 'bad_key_file', `${path} must hold ${bytes * 2} hex digits`);
  }
  return Buffer.from(text, 'hex');
}
