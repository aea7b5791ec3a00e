import { AppError } from '../../lib/errors.js';
import type { PlaybackFootage } from './playback-footage.js';

const hourMs = 3600_000;
const instant = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

/** There is nothing in [fromMs, toMs): says where the nearest footage before and after lies. */
export async function noFootage(
  footage: Pick<PlaybackFootage, 'bounds' | 'coverage'>,
  cameraId: string,
  fromMs: number,
  toMs: number,
): Promise<AppError> {
  const bounds = await footage.bounds(cameraId);
  let sinceMs: number | undefined;
  let nextMs: number | undefined;
  if (bounds !== undefined && bounds.oldestAtMs < fromMs) {
    const near = await footage.coverage(cameraId, fromMs - hourMs, fromMs);
    const before = near.length > 0 ? near : await footage.coverage(cameraId, bounds.oldestAtMs, fromMs);
    const end = before.at(-1)?.toMs;
    if (end !== undefined) sinceMs = Math.min(end, fromMs);
  }
  if (bounds !== undefined && bounds.newestAtMs > toMs) {
    const near = await footage.coverage(cameraId, toMs, toMs + hourMs);
    const after = near.length > 0 ? near : await footage.coverage(cameraId, toMs, bounds.newestAtMs + 1);
    const start = after[0]?.fromMs;
    if (start !== undefined) nextMs = Math.max(start, toMs);
  }
  return new AppError('not_found', 'no_footage', 'there is no footage in the range', {
    details: {
      sinceAt: instant(sinceMs),
      nextAt: instant(nextMs),
      oldestAt: instant(bounds?.oldestAtMs),
      newestAt: instant(bounds?.newestAtMs),
    },
  });
}
