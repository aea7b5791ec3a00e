import { mpeg4Payloads } from '../rtsp/mpeg4-payloads.js';
import { PacketTemplate } from '../rtsp/packet-template.js';
import { unitsInOrder, type LoopMedia, type PictureLoop } from './picture-loop.js';

const [userData, groupOfVop, vop] = [0xb2, 0xb3, 0xb6];

/** Cuts MPEG-4 Visual (ISO/IEC 14496-2), without B-pictures, into a loop. */
export function buildMpeg4Loop(stream: Buffer, media: LoopMedia): PictureLoop {
  const parts: { code: number; bytes: Buffer }[] = [];
  for (let at = stream.indexOf('\0\0\x01', 0, 'latin1'); at !== -1;) {
    const next = stream.indexOf('\0\0\x01', at + 3, 'latin1');
    parts.push({ code: stream[at + 3] ?? 0, bytes: stream.subarray(at, next === -1 ? stream.length : next) });
    at = next;
  }
  const pictures: { keyframe: boolean; headers: Buffer; picture: Buffer }[] = [];
  let headers: Buffer[] = [];
  let group: Buffer[] = [];
  for (const { code, bytes } of parts) {
    if (code === vop) {
      const keyframe = ((bytes[4] ?? 0) & 0xc0) === 0; // vop_coding_type I
      pictures.push({ keyframe, headers: Buffer.concat(headers), picture: Buffer.concat([...group, bytes]) });
      headers = [];
      group = [];
    } else if (code === groupOfVop) {
      group.push(bytes);
    } else if (code !== userData) {
      headers.push(bytes);
    }
  }
  const configuration = pictures[0]?.headers.toString('hex').toUpperCase() ?? '';
  const { width, height, framesPerSecond, bitrateKbps, gopFrames } = media;
  return {
    ...{ codec: 'mpeg4', width, height, framesPerSecond, bitrateKbps, gopFrames },
    profileName: 'SP',
    payloadType: 96,
    encodingName: 'MP4V-ES',
    formatParameters: `profile-level-id=1;config=${configuration}`, // RFC 6416 7.1
    units: unitsInOrder(
      pictures.map(({ keyframe, headers: before, picture }) => ({
        keyframe,
        parameterSets: PacketTemplate.ofPayloads(before.length > 0 ? mpeg4Payloads(before) : []),
        slices: PacketTemplate.ofPayloads(mpeg4Payloads(picture)),
      })),
    ),
    reorderFrames: 0,
  };
}
