import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../lib/durable-file.js';
import { AppError } from '../lib/errors.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Inside the backup, with forward slashes; never out of it. */
const path = z
  .string()
  .max(400)
  .regex(/^(database|keys|objects)(\/[\w-][\w.-]*)*(\.[a-z]+)*$/)
  .refine((text) => !text.includes('..'));

const file = z.object({
  path,
  /** As it lies in the backup, encrypted where that is. */
  bytes: z.int().nonnegative(),
  sha256,
});
export type BackupFile = z.infer<typeof file>;

/** What a backup consists of, and what is needed to use it. */
export const backupManifest = z.object({
  product: z.literal('choi-canh'),
  format: z.literal(1),
  /** Of the product. */
  version: z.string(),
  createdAt: z.iso.datetime(),
  /** `migration`: made before an upgrade; it holds no objects, because an upgrade does not touch them. */
  purpose: z.enum(['regular', 'migration']),
  database: file.extend({
    kind: z.enum(['sqlite', 'postgres']),
    /** Names of the migrations that it has had, oldest first. */
    migrations: z.array(z.string()),
    /** Major version of the PostgreSQL server. */
    serverMajor: z.int().optional(),
  }),
  keys: z.array(file),
  objects: z.array(file),
  /** Evidence that the database promises and that could not be saved, as its key. */
  objectsMissing: z.array(z.string()),
  objectsDamaged: z.array(z.string()),
  /** How the key is made of the passphrase (scrypt, RFC 7914); absent: nothing is encrypted. */
  encryption: z
    .object({ salt: z.string().regex(/^[0-9a-f]{32}$/), cost: z.int(), blockSize: z.int(), parallel: z.int() })
    .optional(),
});
export type BackupManifest = z.infer<typeof backupManifest>;

const manifestName = 'manifest.json';
const hashName = 'manifest.sha256';
const hashOf = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');

export async function writeManifest(folder: string, manifest: BackupManifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeDurably(join(folder, hashName), `${hashOf(text)}  ${manifestName}\n`);
  await writeDurably(join(folder, manifestName), text);
}

/** @throws AppError precondition `no_backup`, `backup_damaged`, `backup_newer` */
export async function readManifest(folder: string): Promise<BackupManifest> {
  let text: string;
  let hash: string;
  try {
    text = await readFile(join(folder, manifestName), 'utf8');
    hash = await readFile(join(folder, hashName), 'utf8');
  } catch (error) {
    throw new AppError('precondition', 'no_backup', `${folder} is not a complete backup of Chòi Canh`, {
      cause: error,
    });
  }
  if (hash.slice(0, 64) !== hashOf(text)) throw damaged(folder, manifestName);
  const known = z.object({ format: z.int() }).safeParse(JSON.parse(text));
  if (known.success && known.data.format > 1) {
    throw new AppError(
      'precondition',
      'backup_newer',
      `${folder} was made by a newer version of Chòi Canh: restore it with that version`,
    );
  }
  const parsed = backupManifest.safeParse(JSON.parse(text));
  if (!parsed.success) throw damaged(folder, manifestName);
  return parsed.data;
}

export function damaged(folder: string, name: string): AppError {
  return new AppError(
    'precondition',
    'backup_damaged',
    `the backup ${folder} is damaged: ${name} is not as it was written`,
  );
}
