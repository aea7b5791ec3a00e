import { z } from 'zod';
import { deviceShapes } from './device-shape.js';
import { onvifMannerSchema } from './onvif/onvif-manner.js';

const codec = z.enum(['h264', 'h265', 'mjpeg', 'mpeg4']);

/** What sort of camera it is, in so far as no fault: how it encodes, and how its RTSP server speaks. */
export const cameraKindSchema = z.strictObject({
  /** One camera, or a device with several inputs (`device-shape.ts`), each with a picture and a stamp of its own. */
  device: z.enum(deviceShapes).default('camera'),
  codec: codec.default('h264'),
  /** Of the sub-stream. */
  subCodec: codec.default('h264'),
  /**
   * `tcp`: interleaved only, as most are; `both`: also over UDP; `udp-461`, `udp-400`: UDP only, and that is the
   * answer to TCP.
   */
  transport: z.enum(['tcp', 'both', 'udp-461', 'udp-400']).default('tcp'),
  /** Of RTSP. `digest` is MD5 without qop; `digest-both` offers SHA-256 and MD5; `basic-and-digest` MD5 and Basic. */
  authentication: z
    .enum(['digest', 'digest-qop', 'digest-sha256', 'digest-both', 'basic', 'basic-and-digest', 'none'])
    .default('digest'),
  /** Answers DESCRIBE at its known port with 302 and serves at another one. */
  redirects: z.boolean().default(false),
  /**
   * Of the session description. `relative`: to Content-Base; `no-base`: relative, and there is no Content-Base;
   * `absolute`: whole URLs; `aggregate`: whole URLs, and PLAY only at the one that the session states (else 460).
   */
  controlUrls: z.enum(['relative', 'no-base', 'absolute', 'aggregate']).default('relative'),
  /** What keeps a session alive; what is not offered in Public is answered 501. */
  keepAlive: z.enum(['get-parameter', 'set-parameter', 'options']).default('get-parameter'),
  audio: z.enum(['none', 'aac', 'pcma', 'pcmu']).default('none'),
  /** ONVIF SetSynchronizationPoint; default as the brand has it. */
  synchronizationPoint: z.boolean().optional(),
  /** Its ONVIF has a service of events, with pull points. */
  events: z.boolean().default(false),
  /** How its ONVIF services speak; what is left out is plain. */
  onvif: onvifMannerSchema.default(() => onvifMannerSchema.parse({})),
});

export type CameraKind = z.infer<typeof cameraKindSchema>;
/** As a caller may write it: what is left out stays as it is. */
export type CameraKindInput = z.input<typeof cameraKindSchema>;
export type VideoCodec = CameraKind['codec'];

export const plainKind: CameraKind = cameraKindSchema.parse({});
