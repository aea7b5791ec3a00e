// The marker beside a camera's footage: names the files that are being written or finished, so that after a crash the
// next start mends them at once, however much lies on the disk. What a lost or torn marker no longer names is found by
// the look at the newest days of every camera.
import { z } from 'zod';

/** Files named in one marker; beyond that the look at the newest days finds them. */
const maxPaths = 32;

const markerSchema = z.object({ path: z.string().optional(), also: z.array(z.string()).optional() });

export interface OpenMarker {
  /** The file that is being written. */
  readonly path?: string | undefined;
  /** Files written before that are not in the catalogue yet. */
  readonly also: readonly string[];
}

export function encodeMarker(marker: OpenMarker): string {
  return JSON.stringify({ path: marker.path, also: marker.also.slice(-maxPaths) });
}

/** All paths that it names; none when it was torn. */
export function markedPaths(text: string): string[] {
  try {
    const { path, also } = markerSchema.parse(JSON.parse(text));
    return [...(also ?? []), ...(path === undefined ? [] : [path])].slice(-maxPaths - 1);
  } catch {
    return []; // torn or zero-filled by a power cut
  }
}
