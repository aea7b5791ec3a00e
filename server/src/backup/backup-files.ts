import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syncFolder } from '../lib/durable-file.js';
import { AppError } from '../lib/errors.js';
import type { BackupFile, BackupManifest } from './backup-manifest.js';

const ivBytes = 12;
const tagBytes = 16;
export type Encryption = NonNullable<BackupManifest['encryption']>;

/** How new backups make their key: about 64 MB and a fifth of a second a guess. */
export const newEncryption = (): Encryption => ({
  ...{ salt: randomBytes(16).toString('hex'), cost: 2 ** 16, blockSize: 8, parallel: 1 },
});

/** @throws AppError precondition `bad_passphrase` for parameters that nobody of us wrote */
export function keyOfPassphrase(passphrase: string, { salt, cost, blockSize, parallel }: Encryption): Promise<Buffer> {
  const memoryBytes = 128 * cost * blockSize * parallel;
  if (memoryBytes > 512 * 1024 * 1024) {
    throw new AppError('precondition', 'backup_damaged', 'the backup asks for too much memory to make its key');
  }
  return new Promise((resolve, reject) => {
    scrypt(
      passphrase.normalize('NFC'),
      Buffer.from(salt, 'hex'),
      32,
      { N: cost, r: blockSize, p: parallel, maxmem: 2 * memoryBytes },
      (error, key) => (error === null ? resolve(key) : reject(error)),
    );
  });
}

/** Passes bytes on, and knows their number and SHA-256 at the end. */
function meter(): { stream: Transform; result(): { bytes: number; sha256: string } } {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    stream: new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    }),
    result: () => ({ bytes, sha256: hash.digest('hex') }),
  };
}

/** Nonce, AES-256-GCM ciphertext, tag; the name is authenticated, so that files cannot change places. */
function encrypting(key: Buffer, name: string): Transform {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isFirst) this.push(iv);
      isFirst = false;
      done(null, cipher.update(chunk));
    },
    flush(done) {
      if (isFirst) this.push(iv);
      this.push(cipher.final());
      done(null, cipher.getAuthTag());
    },
  });
}

async function decrypted(path: string, key: Buffer, name: string): Promise<{ source: Readable; decipher: Transform }> {
  const { size } = await stat(path);
  const head = Buffer.alloc(ivBytes);
  const tag = Buffer.alloc(tagBytes);
  const file = await open(path, 'r');
  try {
    if (size < ivBytes + tagBytes) throw new AppError('precondition', 'backup_damaged', `${name} is too short`);
    await file.read(head, 0, ivBytes, 0);
    await file.read(tag, 0, tagBytes, size - tagBytes);
  } finally {
    await file.close();
  }
  const decipher = createDecipheriv('aes-256-gcm', key, head, { authTagLength: tagBytes })
    .setAAD(Buffer.from(name))
    .setAuthTag(tag);
  const end = size - tagBytes - 1;
  const source =
    end < ivBytes ? (await import('node:stream')).Readable.from([]) : createReadStream(path, { start: ivBytes, end });
  return { source, decipher };
}

/** Copies a file into the backup, on the disk when it resolves. `plain` is of its content, the rest of what was written. */
export async function copyIn(
  from: string,
  to: { folder: string; path: string },
  key?: Buffer,
): Promise<BackupFile & { plain: { bytes: number; sha256: string } }> {
  const target = join(to.folder, to.path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const plain = meter();
  const stored = meter();
  const output = createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true });
  if (key === undefined) await pipeline(createReadStream(from), plain.stream, output);
  else await pipeline(createReadStream(from), plain.stream, encrypting(key, to.path), stored.stream, output);
  const content = plain.result();
  return { path: to.path, ...(key === undefined ? content : stored.result()), plain: content };
}

/** Copies a file out of the backup. @throws AppError precondition `wrong_passphrase` */
export async function copyOut(from: { folder: string; path: string }, to: string, key?: Buffer): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const output = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  const path = join(from.folder, from.path);
  if (key === undefined) return pipeline(createReadStream(path), output);
  const { source, decipher } = await decrypted(path, key, from.path);
  try {
    await pipeline(source, decipher, output);
  } catch (error) {
    throw new AppError('precondition', 'wrong_passphrase', 'the passphrase is not the one of this backup', {
      cause: error,
    });
  }
}

/** The same file under another name; false where that cannot be, e.g. on another disk. */
export async function linkIn(from: string, to: { folder: string; path: string }): Promise<boolean> {
  const target = join(to.folder, to.path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  return link(from, target).then(
    () => true,
    () => false,
  );
}

/** @throws what the file system throws */
export async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const all = meter();
  await pipeline(createReadStream(path), all.stream.resume());
  return all.result();
}

/** Names are on the disk only when their folders are. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  }
  await syncFolder(folder);
}
