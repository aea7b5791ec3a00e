import { groupAccessUnits, nalType, nalTypes, splitNals, type AccessUnit } from '../h264/annex-b.js';
import { captureOrder, parseSequenceParameters, pictureOrderLsb } from '../h264/picture-order.js';
import { PacketTemplate } from '../rtsp/packet-template.js';

/** One access unit of a loop, ready to be sent. */
export interface LoopUnit {
  /** Place in capture order inside the loop. */
  readonly captureIndex: number;
  readonly keyframe: boolean;
  /** Whether all pictures captured before this place in decoding order have been sent when it is reached. */
  readonly startsClosed: boolean;
  readonly parameterSets: PacketTemplate;
  readonly slices: PacketTemplate;
}

/** A scene as a camera sends it, over and over: it starts with an IDR and its groups of pictures are closed. */
export interface PictureLoop {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitrateKbps: number;
  readonly gopFrames: number;
  readonly profileName: 'Baseline' | 'Main' | 'High';
  readonly sps: Buffer;
  readonly pps: Buffer;
  /** In decoding order. */
  readonly units: readonly LoopUnit[];
  /** How many pictures later than captured the last one of a reordered group leaves the encoder. */
  readonly reorderFrames: number;
}

/** Cuts an encoder's Annex B output into a loop. Throws where the stream is not one closed run of pictures. */
export function buildPictureLoop(
  stream: Buffer,
  media: { framesPerSecond: number; bitrateKbps: number; gopFrames: number; aggregateParameterSets: boolean },
): PictureLoop {
  const nals = splitNals(stream);
  const sps = nals.find((nal) => nalType(nal) === nalTypes.sps);
  const pps = nals.find((nal) => nalType(nal) === nalTypes.pps);
  const pictures = groupAccessUnits(nals);
  if (!sps || !pps || !pictures[0]?.keyframe) throw new Error('the encoded scene does not start with a keyframe');
  const parameters = parseSequenceParameters(sps);
  const order = orderOf(pictures, parameters);
  let reorderFrames = 0;
  let sent = 0;
  let highest = -1;
  const units = pictures.map((picture, index): LoopUnit => {
    const captureIndex = order[index] ?? index;
    reorderFrames = Math.max(reorderFrames, captureIndex - index);
    const startsClosed = highest === sent - 1;
    highest = Math.max(highest, captureIndex);
    sent += 1;
    return {
      captureIndex,
      keyframe: picture.keyframe,
      startsClosed,
      parameterSets: PacketTemplate.ofParameterSets(picture.parameterSets, media.aggregateParameterSets),
      slices: PacketTemplate.ofSlices(picture.slices),
    };
  });
  return {
    width: parameters.width,
    height: parameters.height,
    framesPerSecond: media.framesPerSecond,
    bitrateKbps: media.bitrateKbps,
    gopFrames: media.gopFrames,
    profileName: profileNameOf(sps),
    sps: Buffer.from(sps),
    pps: Buffer.from(pps),
    units,
    reorderFrames,
  };
}

function orderOf(pictures: AccessUnit[], parameters: ReturnType<typeof parseSequenceParameters>): number[] {
  if (parameters.pictureOrderBits === undefined) return pictures.map((_, index) => index);
  const counted = pictures.map((picture) => {
    const slice = picture.slices[0];
    return { keyframe: picture.keyframe, lsb: slice ? (pictureOrderLsb(slice, parameters) ?? 0) : 0 };
  });
  return captureOrder(counted, parameters.pictureOrderBits);
}

function profileNameOf(sps: Buffer): PictureLoop['profileName'] {
  if (sps[1] === 66) return 'Baseline';
  return sps[1] === 77 ? 'Main' : 'High';
}
