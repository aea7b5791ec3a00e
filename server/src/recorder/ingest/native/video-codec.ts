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
  // 0 and from 24 on nothing is specified; RTP uses them for its own packets.
  return (type >= 9 && type <= 12) || type === 0 || type >= 24 ? 'dropped' : 'other';
}

/** ITU-T H.265 table 7-1; IRAP pictures are 16 to 21. */
function h265Role(type: number): NalRole {
  if (type >= 16 && type <= 21) return 'key';
  if (type <= 9) return 'picture';
  if (type === 32) return 'vps';
  if (type === 33) return 'sps';
  if (type === 34) return 'pps';
  if (type === 39 || type === 40) return 'sei';
  return (type >= 35 && type <= 38) || type >= 48 ? 'dropped' : 'other';
}

/** nal_unit_type of a unit by the first byte of its header. */
export const unitType = (codec: VideoCodec, first: number): number =>
  codec === 'h264' ? first & 31 : (first >> 1) & 63;

/** Whether units of the type are slices of a picture. */
export const isPicture = (codec: VideoCodec, type: number): boolean =>
  codec === 'h264' ? type >= 1 && type <= 5 : type <= 9 || (type >= 16 && type <= 21);

/**
 * Whether a slice of `type` is the first of its picture, by the byte behind its header: first_mb_in_slice is 0 (ITU-T H.264
 * 7.3.3; data partitions B and C begin with something else), first_slice_segment_in_pic_flag (H.265 7.3.6.1).
 */
export const beginsPicture = (codec: VideoCodec, type: number, byte: number): boolean =>
  byte >= 0x80 && !(codec === 'h264' && (type === 3 || type === 4));

/** `nal` holds at least its header. */
export function nalRole(codec: VideoCodec, nal: Buffer): NalRole {
  const first = nal[0] ?? 0;
  return codec === 'h264' ? h264Role(first & 31) : h265Role((first >> 1) & 63);
}
