import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { writePrivateFile } from '../objects/private-file.js';
import { makeSelfSigned } from './self-signed.js';

const DAY_MS = 24 * 3600_000;
const VALID_DAYS = 397; // longer than this some browsers refuse (CA/Browser Forum baseline 6.3.2)
const RENEW_BEFORE_DAYS = 30;

export interface TlsMaterial {
  cert: string;
  key: string;
  /** Made by us: browsers warn once. */
  generated: boolean;
}

export interface TlsOptions {
  mode: 'auto' | 'on' | 'off';
  host: string;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  /** Folder of the generated certificate. */
  keysDir: string;
  clock: Clock;
}

/**
 * The certificate to serve with, or undefined for plain HTTP: by default HTTPS everywhere but on a loopback address.
 * A generated one names every host name and address of this machine and is renewed when those change or its end nears.
 * @throws AppError precondition `bad_certificate`.
 */
export async function loadTls(options: TlsOptions): Promise<TlsMaterial | undefined> {
  if (options.mode === 'off') return undefined;
  if (options.certFile !== undefined || options.keyFile !== undefined) return ownCertificate(options);
  if (options.mode === 'auto' && isLoopback(options.host)) return undefined;

  const certPath = join(options.keysDir, 'tls.crt');
  const keyPath = join(options.keysDir, 'tls.key');
  const names = hostNames(options.host);
  const kept = await readPair(certPath, keyPath);
  if (kept !== undefined && isStillGood(kept.cert, names, options.clock.nowMs())) return { ...kept, generated: true };
  const made = await makeCertificate(names, options.clock.nowMs());
  await writePrivateFile(keyPath, made.key);
  await writePrivateFile(certPath, made.cert);
  return { ...made, generated: true };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

async function ownCertificate(options: TlsOptions): Promise<TlsMaterial> {
  if (options.certFile === undefined || options.keyFile === undefined) {
    throw new AppError('precondition', 'bad_certificate', 'TLS_CERT_FILE and TLS_KEY_FILE are needed both');
  }
  try {
    const cert = await readFile(options.certFile, 'utf8');
    const key = await readFile(options.keyFile, 'utf8');
    return { cert, key, generated: false };
  } catch (error) {
    throw new AppError('precondition', 'bad_certificate', `cannot read the certificate: ${errorMessage(error)}`);
  }
}

async function readPair(certPath: string, keyPath: string): Promise<{ cert: string; key: string } | undefined> {
  try {
    return { cert: await readFile(certPath, 'utf8'), key: await readFile(keyPath, 'utf8') };
  } catch {
    return undefined; // none was made yet
  }
}

function isStillGood(pem: string, names: HostNames, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const endsMs = Date.parse(certificate.validTo);
    return (
      Date.parse(certificate.validFrom) <= nowMs &&
      endsMs - nowMs > RENEW_BEFORE_DAYS * DAY_MS &&
      names.dns.every((name) => certificate.checkHost(name) !== undefined) &&
      names.ip.every((address) => certificate.checkIP(address) !== undefined)
    );
  } catch {
    return false; // damaged: make a new one
  }
}

interface HostNames {
  dns: string[];
  ip: string[];
}

function hostNames(host: string): HostNames {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // Link-local addresses carry an interface name, which a certificate cannot.
  const own = interfaces.map((entry) => entry.address).filter((address) => !address.toLowerCase().startsWith('fe80:'));
  const isIp = /^[\d.]+$|:/.test(host);
  const wildcard = host === '0.0.0.0' || host === '::';
  return {
    dns: [...new Set(['localhost', hostname(), ...(isIp ? [] : [host])])].filter((name) => name !== ''),
    ip: [...new Set(['127.0.0.1', '::1', ...(wildcard ? own : []), ...(isIp && !wildcard ? [host] : [])])],
  };
}

async function makeCertificate(names: HostNames, nowMs: number): Promise<{ cert: string; key: string }> {
  return makeSelfSigned([{ name: 'commonName', value: names.dns[1] ?? 'choi-canh' }], {
    // An hour back: clocks on such networks differ.
    notBeforeDate: new Date(nowMs - 3600_000),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.dns.map((value) => ({ type: 2 as const, value })),
          ...names.ip.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
}
