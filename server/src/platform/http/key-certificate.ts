import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError, errorMessage } from '../../lib/errors.js';
import { writePrivateFile } from '../objects/private-file.js';
import { keyFingerprint } from './guarded-agent.js';
import { makeSelfSigned } from './self-signed.js';

/** A key and a certificate that carries it, PEM: who pins the key asks neither its names nor its dates. */
export interface KeyCertificate {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the public key (SPKI, DER), hex. */
  readonly fingerprint: string;
}

/** P-256, signed by itself. Its dates are wide, so that no clock makes anything of them. */
export async function makeKeyCertificate(name: string): Promise<KeyCertificate> {
  const made = await makeSelfSigned([{ name: 'commonName', value: name }], {
    notBeforeDate: new Date('2000-01-01T00:00:00Z'),
    notAfterDate: new Date('2099-12-31T00:00:00Z'),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    ],
  });
  return { ...made, fingerprint: fingerprintOf(made.cert) };
}

export function fingerprintOf(cert: string): string {
  return keyFingerprint(new X509Certificate(cert).publicKey);
}

/**
 * The one in `path`.crt and `path`.key, made on first use.
 * @throws AppError precondition `bad_key_file` where one of both is damaged or missing: another key would have to be paired
 *   again by hand, so it is not changed silently.
 */
export async function loadKeyCertificate(path: string, name: string): Promise<KeyCertificate> {
  const read = (suffix: string) =>
    readFile(`${path}.${suffix}`, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new AppError('precondition', 'bad_key_file', `cannot read ${path}.${suffix}: ${errorMessage(error)}`);
    });
  const [cert, key] = [await read('crt'), await read('key')];
  if (cert === undefined && key === undefined) {
    const made = await makeKeyCertificate(name);
    await writePrivateFile(`${path}.key`, made.key);
    await writePrivateFile(`${path}.crt`, made.cert);
    return made;
  }
  try {
    if (cert === undefined || key === undefined) throw new Error('one of both is missing');
    return { cert, key, fingerprint: fingerprintOf(cert) };
  } catch (error) {
    throw new AppError(
      'precondition',
      'bad_key_file',
      `${path}.crt and ${path}.key are unusable (${errorMessage(error)}); put them back, or remove both and pair again`,
    );
  }
}
