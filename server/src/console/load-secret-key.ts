import { access } from 'node:fs/promises';
import { AppError } from '../lib/errors.js';
import { loadKeyFile } from '../platform/objects/private-file.js';

/**
 * The key that seals passwords and keys in the database: made at the first start, and never in place of one that sealed
 * something. With another key what is sealed from now on could not be read once the lost one is back.
 * @throws AppError unavailable `secret_key_missing`, precondition `bad_key_file`
 */
export async function loadSecretKey(options: {
  path: string;
  /** A person said that the former key is lost for good. */
  mayReplace: boolean;
  hasSealed: () => Promise<boolean>;
}): Promise<Buffer> {
  const { path, mayReplace, hasSealed } = options;
  const isThere = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!isThere && !mayReplace && (await hasSealed())) {
    throw new AppError(
      'unavailable',
      'secret_key_missing',
      'the secret key file is missing, and the database has passwords that only it opens. Put it back, from a backup; ' +
        'or start once with CHOI_CANH_NEW_SECRET_KEY=true: then every password is entered again and every recorder paired again',
    );
  }
  return loadKeyFile(path);
}
