// The `prft` box (ISO/IEC 14496-12 8.16.5) that stands before each fragment in a footage file, so that the file alone
// tells when its pictures were taken, also without its index.
import type { TimeSource } from '../../lib/fragment.js';

export const timeBoxBytes = 32;
/** Length and name, with which each begins. */
export const timeBoxHead = Buffer.from([0, 0, 0, timeBoxBytes, ...Buffer.from('prft')]);
/** Flag 24: the instant of capture; flag 8: an instant that is consistent but not the source's own. */
const rtcpFlags = 24;
const arrivalFlags = 8;
/** Seconds from 1900 (NTP) to 1970. */
const ntpOffsetSeconds = 2_208_988_800;

export function encodeTimeBox(
  trackId: number,
  startAtMs: number,
  baseMediaDecodeTime: bigint,
  timeSource: TimeSource,
): Buffer {
  const box = Buffer.alloc(timeBoxBytes);
  timeBoxHead.copy(box);
  box.writeUInt32BE(((1 << 24) | (timeSource === 'rtcp' ? rtcpFlags : arrivalFlags)) >>> 0, 8);
  box.writeUInt32BE(trackId, 12);
  const seconds = Math.floor(startAtMs / 1000);
  const fraction = Math.min(0xffffffff, Math.round(((startAtMs - seconds * 1000) / 1000) * 2 ** 32));
  box.writeUInt32BE((seconds + ntpOffsetSeconds) >>> 0, 16);
  box.writeUInt32BE(fraction, 20);
  box.writeBigUInt64BE(baseMediaDecodeTime, 24);
  return box;
}

export function decodeTimeBox(box: Buffer): { startAtMs: number; timeSource: TimeSource } | undefined {
  if (box.length !== timeBoxBytes || !box.subarray(0, 8).equals(timeBoxHead)) return undefined;
  return {
    startAtMs: (box.readUInt32BE(16) - ntpOffsetSeconds) * 1000 + (box.readUInt32BE(20) / 2 ** 32) * 1000,
    timeSource: (box.readUInt32BE(8) & 0xffffff) === rtcpFlags ? 'rtcp' : 'arrival',
  };
}
