import type { VideoCodec } from '../camera-kind.js';
import type { PacketTemplate } from '../rtsp/packet-template.js';

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

/** A scene as a camera sends it, over and over: it starts with a keyframe and its groups of pictures are closed. */
export interface PictureLoop {
  readonly codec: VideoCodec;
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitrateKbps: number;
  readonly gopFrames: number;
  /** As ONVIF names it. */
  readonly profileName: string;
  /** What a session description says of it. */
  readonly payloadType: number;
  readonly encodingName: string;
  readonly formatParameters: string | undefined;
  /** In decoding order. */
  readonly units: readonly LoopUnit[];
  /** How many pictures later than captured the last one of a reordered group leaves the encoder. */
  readonly reorderFrames: number;
}

/** How a stream was encoded, in so far as its bytes do not say it. */
export interface LoopMedia {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly bitrateKbps: number;
  readonly gopFrames: number;
  readonly aggregateParameterSets: boolean;
}

/** Pictures that are captured in the order in which they are sent. */
export function unitsInOrder(
  pictures: readonly { keyframe: boolean; parameterSets: PacketTemplate; slices: PacketTemplate }[],
): LoopUnit[] {
  if (!pictures[0]?.keyframe) throw new Error('the encoded scene does not start with a keyframe');
  return pictures.map((picture, captureIndex) => ({ ...picture, captureIndex, startsClosed: true }));
}
