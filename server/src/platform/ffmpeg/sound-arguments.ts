// Arguments of ffmpeg that make AAC of G.711. Arguments are data.

import type { G711Input } from '../../lib/aac-of-g711.js';

const inputFormats = { alaw: 'alaw', ulaw: 'mulaw' } as const;
/** Of one channel at 8 kHz; more than speech needs. */
const leastBitrate = 32_000;

/** G.711 on stdin, AAC-LC as ADTS on stdout, at the same rate and with the same channels. */
export function soundArguments({ codec, sampleRate, channels }: G711Input): string[] {
  const bitrate = Math.min(128_000, Math.max(leastBitrate, sampleRate * 2)) * channels;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-threads', '1'],
    ...['-f', inputFormats[codec], '-ar', String(sampleRate), '-ac', String(channels), '-i', 'pipe:0'],
    ...['-c:a', 'aac', '-b:a', String(bitrate), '-threads', '1', '-f', 'adts', 'pipe:1'],
  ];
}
