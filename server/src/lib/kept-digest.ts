import { createHash } from 'node:crypto';

/** Of a list of cameras out of use, whatever its order: both ends of the link compare by it. */
export function keptDigest(cameras: readonly { id: string; retentionDays: number }[]): string {
  const lines = cameras.map(({ id, retentionDays }) => `${id} ${retentionDays}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('base64url').slice(0, 22);
}
