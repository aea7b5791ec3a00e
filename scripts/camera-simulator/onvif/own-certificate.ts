import { generate } from 'selfsigned';

let made: Promise<{ key: string; cert: string }> | undefined;

/** A certificate that nobody vouches for; RSA, as old TLS wants it. All simulated cameras of a process have the same. */
export function ownCertificate(): Promise<{ key: string; cert: string }> {
  made ??= generate([{ name: 'commonName', value: 'camera' }], { keySize: 2048 }).then(({ private: key, cert }) => ({
    key,
    cert,
  }));
  return made;
}
