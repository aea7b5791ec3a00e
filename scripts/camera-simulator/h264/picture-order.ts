import { unescapeRbsp } from '../sei.js';
import { nalType, nalTypes } from './annex-b.js';
import { BitReader } from './bit-reader.js';

/** The part of a sequence parameter set (H.264 7.3.2.1.1) that ordering pictures and describing a stream need. */
export interface SequenceParameters {
  readonly frameNumBits: number;
  /** Undefined: pic_order_cnt_type 2, output order is decoding order. */
  readonly pictureOrderBits: number | undefined;
  readonly width: number;
  readonly height: number;
}

const profilesWithChroma = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128]);

/** Parses a progressive SPS without scaling lists, which is what the scenes are encoded with; throws on others. */
export function parseSequenceParameters(sps: Buffer): SequenceParameters {
  const reader = new BitReader(unescapeRbsp(sps.subarray(1)));
  const profile = reader.bits(8);
  reader.bits(16); // constraint flags, level_idc
  reader.ue(); // seq_parameter_set_id
  if (profilesWithChroma.has(profile)) {
    reader.ue(); // chroma_format_idc
    reader.ue();
    reader.ue();
    reader.flag();
    if (reader.flag()) throw new Error('scaling lists are not supported');
  }
  const frameNumBits = reader.ue() + 4;
  const orderType = reader.ue();
  const pictureOrderBits = orderType === 0 ? reader.ue() + 4 : undefined;
  if (orderType === 1) throw new Error('pic_order_cnt_type 1 is not supported');
  reader.ue(); // max_num_ref_frames
  reader.flag();
  const widthMbs = reader.ue() + 1;
  const heightMbs = reader.ue() + 1;
  if (!reader.flag()) throw new Error('interlaced streams are not supported');
  reader.flag();
  const crop = reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  return {
    frameNumBits,
    pictureOrderBits,
    width: widthMbs * 16 - 2 * ((crop[0] ?? 0) + (crop[1] ?? 0)),
    height: heightMbs * 16 - 2 * ((crop[2] ?? 0) + (crop[3] ?? 0)),
  };
}

/** pic_order_cnt_lsb of a slice (H.264 7.3.3); undefined where the stream carries none. */
export function pictureOrderLsb(slice: Buffer, sps: SequenceParameters): number | undefined {
  if (sps.pictureOrderBits === undefined) return undefined;
  const reader = new BitReader(unescapeRbsp(slice.subarray(1, 64)));
  reader.ue(); // first_mb_in_slice
  reader.ue(); // slice_type
  reader.ue(); // pic_parameter_set_id
  reader.bits(sps.frameNumBits);
  if (nalType(slice) === nalTypes.idr) reader.ue(); // idr_pic_id
  return reader.bits(sps.pictureOrderBits);
}

/**
 * Place in capture order of every picture, given in decoding order with `keyframe` marking each IDR (H.264 8.2.1).
 * Output order restarts at each IDR: groups of pictures are closed.
 */
export function captureOrder(pictures: { keyframe: boolean; lsb: number }[], lsbBits: number): number[] {
  const order: number[] = [];
  for (let start = 0; start < pictures.length;) {
    let end = start + 1;
    while (end < pictures.length && !pictures[end]?.keyframe) end += 1;
    const group = pictures.slice(start, end);
    const counts = unwrap(
      group.map((picture) => picture.lsb),
      2 ** lsbBits,
    );
    const sorted = [...counts].sort((a, b) => a - b);
    for (const count of counts) order.push(start + sorted.indexOf(count));
    start = end;
  }
  return order;
}

function unwrap(lsbs: number[], modulus: number): number[] {
  let previous = 0;
  return lsbs.map((lsb) => {
    let delta = (lsb - previous) % modulus;
    if (delta > modulus / 2) delta -= modulus;
    if (delta < -modulus / 2) delta += modulus;
    previous += delta;
    return previous;
  });
}
