import { splitNals } from '../h264/annex-b.js';
import { h265NalType, h265ParameterPayloads, h265Payloads } from '../rtsp/h265-payloads.js';
import { PacketTemplate } from '../rtsp/packet-template.js';
import { unitsInOrder, type LoopMedia, type PictureLoop } from './picture-loop.js';

const [vpsType, spsType, ppsType] = [32, 33, 34];
const firstNonPicture = 32;
const isKeyframe = (type: number): boolean => type >= 16 && type <= 21;

/** Cuts an H.265 encoder's Annex B output, without B-frames, into a loop. */
export function buildH265Loop(stream: Buffer, media: LoopMedia): PictureLoop {
  const nals = splitNals(stream);
  const pictures: { keyframe: boolean; parameterSets: Buffer[]; slices: Buffer[] }[] = [];
  let parameterSets: Buffer[] = [];
  for (const nal of nals) {
    const type = h265NalType(nal);
    if (type >= vpsType && type <= ppsType) parameterSets.push(nal);
    if (type >= firstNonPicture) continue;
    const last = pictures.at(-1);
    const isFirstSlice = ((nal[2] ?? 0) & 0x80) !== 0;
    if (isFirstSlice || !last) {
      pictures.push({ keyframe: isKeyframe(type), parameterSets, slices: [nal] });
      parameterSets = [];
    } else {
      last.slices.push(nal);
    }
  }
  const set = (type: number) => {
    const nal = nals.find((candidate) => h265NalType(candidate) === type);
    if (!nal) throw new Error('the encoded scene lacks a parameter set');
    return nal.toString('base64');
  };
  const { width, height, framesPerSecond, bitrateKbps, gopFrames } = media;
  return {
    ...{ codec: 'h265', width, height, framesPerSecond, bitrateKbps, gopFrames },
    profileName: 'Main',
    payloadType: 96,
    encodingName: 'H265',
    // RFC 7798 7.1
    formatParameters: `sprop-vps=${set(vpsType)};sprop-sps=${set(spsType)};sprop-pps=${set(ppsType)}`,
    units: unitsInOrder(
      pictures.map((picture) => ({
        keyframe: picture.keyframe,
        parameterSets: PacketTemplate.ofPayloads(
          h265ParameterPayloads(picture.parameterSets, media.aggregateParameterSets),
        ),
        slices: PacketTemplate.ofPayloads(picture.slices.flatMap(h265Payloads)),
      })),
    ),
    reorderFrames: 0,
  };
}
