import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { AppError, errorMessage } from '../lib/errors.js';

const shortestChars = 12;

/**
 * From a file, or from standard input for `-`: never from the command line, which every user of the machine can read.
 * Its last line break is not part of it.
 * @throws AppError invalid `bad_passphrase`
 */
export async function readPassphrase(source: string): Promise<string> {
  let content: string;
  try {
    content = source === '-' ? await text(process.stdin) : await readFile(source, 'utf8');
  } catch (error) {
    throw new AppError('invalid', 'bad_passphrase', `the passphrase cannot be read: ${errorMessage(error)}`);
  }
  const passphrase = content.replace(/\r?\n$/, '');
  if (passphrase.length >= shortestChars && passphrase.length <= 1000) return passphrase;
  throw new AppError('invalid', 'bad_passphrase', `the passphrase must have at least ${shortestChars} characters`);
}
