import { groupAccessUnits, nalType, nalTypes, splitNals, type AccessUnit } from '../h264/annex-b.js';
import { captureOrder, parseSequenceParameters, pictureOrderLsb } from '../h264/picture-order.js';
import { h264ParameterPayloads, h264Payloads } from '../rtsp/h264-payloads.js';
import { PacketTemplate } from '../rtsp/packet-template.js';
import type { LoopMedia, LoopUnit, PictureLoop } from './picture-loop.js';

/** Cuts an encoder's Annex B output into a loop. Throws where the stream is not one closed run of pictures. */
export function buildH264Loop(stream: Buffer, media: LoopMedia): PictureLoop {
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
      parameterSets: PacketTemplate.ofPayloads(
        h264ParameterPayloads(picture.parameterSets, media.aggregateParameterSets),
      ),
      slices: PacketTemplate.ofPayloads(picture.slices.flatMap(h264Payloads)),
    };
  });
  const profileLevelId = sps.subarray(1, 4).toString('hex').toUpperCase();
  const parameterSets = `${sps.toString('base64')},${pps.toString('base64')}`;
  return {
    codec: 'h264',
    width: parameters.width,
    height: parameters.height,
    framesPerSecond: media.framesPerSecond,
    bitrateKbps: media.bitrateKbps,
    gopFrames: media.gopFrames,
    profileName: profileNameOf(sps),
    payloadType: 96,
    encodingName: 'H264',
    // RFC 6184 8.2.1
    formatParameters: `packetization-mode=1;profile-level-id=${profileLevelId};sprop-parameter-sets=${parameterSets}`,
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

function profileNameOf(sps: Buffer): string {
  if (sps[1] === 66) return 'Baseline';
  return sps[1] === 77 ? 'Main' : 'High';
}
