// The two codecs that are recorded: what their NAL units are for.
export type VideoCodec = 'h264' | 'h265';

export type NalRole = 'vps' | 'sps' | 'pps' | 'key' | 'picture' | 'sei' | 'other' | 'dropped';

/** ITU-T H.264 table 7-1. Delimiters and filler carry nothing; parameter sets live in the init segment. */
function h264Role(type: number): NalRole {
  if (type === 5) return 'key';
  if (type >= 1 && type <= 4) return 'picture';
  if (type === 6) return 'sei';
  if (type === 7) return 'sps';
  if (type === 8) return 'pps';
  return type === 9 || type === 10 || type === 11 || type === 12 || type === 0 ? 'dropped' : 'other';
}

/** ITU-T H.265 table 7-1; IRAP pictures are 16 to 21. */
function h265Role(type: number): NalRole {
  if (type >= 16 && type <= 21) return 'key';
  if (type <= 9) return 'picture';
  if (type === 32) return 'vps';
  if (type === 33) return 'sps';
  if (type === 34) return 'pps';
  if (type === 39 || type === 40) return 'sei';
  return type >= 35 && type <= 38 ? 'dropped' : 'other';
}

/** `nal` holds at least its header. */
export function nalRole(codec: VideoCodec, nal: Buffer): NalRole {
  const first = nal[0] ?? 0;
  return codec === 'h264' ? h264Role(first & 31) : h265Role((first >> 1) & 63);
}
