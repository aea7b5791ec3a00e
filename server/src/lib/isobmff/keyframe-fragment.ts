// Makes a movie fragment of one keyframe (ISO/IEC 14496-12 8.8), for fast play and for still pictures. The access
// unit is copied byte for byte.
import { box, fullBox, u32, u64 } from './box-writer.js';

export interface KeyframeFragment {
  readonly sequenceNumber: number;
  readonly trackId: number;
  /** Presentation time of the picture, ticks; it is decoded at the same time. */
  readonly presentationTime: bigint;
  /** How long the picture is shown, ticks, at least 1. */
  readonly durationTicks: number;
  readonly accessUnit: Buffer;
}

/** sample_depends_on = 2 (needs no other sample), sync sample; 8.8.3.1. */
const syncSampleFlags = 0x02000000;
const defaultBaseIsMoof = 0x020000;
const dataOffsetDurationSizeFlags = 0x000701;

export function buildKeyframeFragment(keyframe: KeyframeFragment): Buffer {
  const moof = (dataOffset: number): Buffer =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(keyframe.sequenceNumber)),
      box(
        'traf',
        fullBox('tfhd', 0, defaultBaseIsMoof, u32(keyframe.trackId)),
        fullBox('tfdt', 1, 0, u64(keyframe.presentationTime)),
        fullBox(
          'trun',
          0,
          dataOffsetDurationSizeFlags,
          u32(1, dataOffset, Math.max(1, keyframe.durationTicks), keyframe.accessUnit.length, syncSampleFlags),
        ),
      ),
    );
  return Buffer.concat([moof(moof(0).length + 8), box('mdat', keyframe.accessUnit)]);
}
