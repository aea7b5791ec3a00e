// The key that signs heads and deletions: Ed25519, outside the footage folder and outside every database.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { keyIdOf, publicKeyText } from '../../lib/chain/signed-json.js';
import { writePrivateFile } from '../../platform/objects/private-file.js';

export interface ChainKey {
  readonly key: KeyObject;
  readonly id: string;
  /** SPKI, DER, base64. */
  readonly publicKey: string;
}

function chainKeyOf(key: KeyObject): ChainKey {
  const publicKey = publicKeyText(key);
  return { key, id: keyIdOf(publicKey), publicKey };
}

/** Undefined where there is no file. @throws AppError precondition `bad_key_file` */
export async function readChainKey(path: string): Promise<ChainKey | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AppError('precondition', 'bad_key_file', `cannot read ${path}: ${errorMessage(error)}`);
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new AppError('precondition', 'bad_key_file', `${path} holds no private key`);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new AppError('precondition', 'bad_key_file', `${path} must hold an Ed25519 key (PKCS#8, PEM)`);
  return chainKeyOf(key);
}

/**
 * The key in the file (PKCS#8, PEM), made with mode 0600 on first use. A file that holds no key is set aside and a new key
 * made: recording must not wait for it, and the records tell of the change.
 */
export async function loadChainKey(path: string, logger: Logger): Promise<ChainKey> {
  try {
    const known = await readChainKey(path);
    if (known !== undefined) return known;
  } catch (error) {
    logger.error({ error: errorMessage(error) }, 'the key of the footage chain cannot be used; a new one is made');
    await rename(path, `${path}.unreadable`);
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return chainKeyOf(privateKey);
}
