import type { PlaybackFragment } from './playback-footage.js';

/** The store may put a small box, such as `prft`, before each fragment; no fragment is as short as this. */
const betweenBytes = 64;

/** Whether nothing but such a box lies between two fragments, so that one byte range can hold both. */
export function adjoins(last: PlaybackFragment | undefined, next: PlaybackFragment | undefined): boolean {
  if (last === undefined || last.fileId !== next?.fileId) return false;
  const between = next.offset - (last.offset + last.byteLength);
  return between >= 0 && between <= betweenBytes;
}
