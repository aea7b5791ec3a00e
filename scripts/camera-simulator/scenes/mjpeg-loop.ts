import { jpegPayloads, parseJpeg } from '../rtsp/jpeg-payloads.js';
import { PacketTemplate } from '../rtsp/packet-template.js';
import { unitsInOrder, type LoopMedia, type PictureLoop } from './picture-loop.js';

/** Cuts a run of JPEGs into a loop; every picture is one to begin with. */
export function buildMjpegLoop(stream: Buffer, media: LoopMedia): PictureLoop {
  const pictures: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const next = stream.indexOf('\xff\xd8\xff', at + 3, 'latin1');
    const end = next === -1 ? stream.length : next;
    pictures.push(stream.subarray(at, end));
    at = end;
  }
  const { width, height, framesPerSecond, bitrateKbps } = media;
  return {
    ...{ codec: 'mjpeg', width, height, framesPerSecond, bitrateKbps, gopFrames: 1 },
    profileName: 'Baseline',
    payloadType: 26, // static (RFC 3551)
    encodingName: 'JPEG',
    formatParameters: undefined,
    units: unitsInOrder(
      pictures.map((picture) => ({
        keyframe: true,
        parameterSets: PacketTemplate.nothing,
        slices: PacketTemplate.ofPayloads(jpegPayloads(parseJpeg(picture))),
      })),
    ),
    reorderFrames: 0,
  };
}
