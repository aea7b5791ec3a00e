import type { generate } from 'selfsigned';

type Names = Parameters<typeof generate>[0];
type Options = Parameters<typeof generate>[1];

/**
 * An EC key on P-256 and a certificate that it signs itself with SHA-256, both PEM (RFC 5280, RFC 5915).
 * The library is loaded with the first certificate: it takes 9 MB, and a recorder makes at most one in its life.
 */
export async function makeSelfSigned(
  names: Names,
  options: Omit<NonNullable<Options>, 'keyType' | 'curve' | 'algorithm'>,
): Promise<{ cert: string; key: string }> {
  const selfsigned = await import('selfsigned');
  const made = await selfsigned.generate(names, { ...options, keyType: 'ec', curve: 'P-256', algorithm: 'sha256' });
  return { cert: made.cert, key: made.private };
}
