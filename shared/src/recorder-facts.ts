import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';
import { cameraStatus } from './health.js';

// What a recorder tells of itself and its cameras, as the console passes it on.

/** Why a camera is pulled by the engine that it has. */
export const engineReasons = [
  'default', // native, as usual
  'configured', // the recorder is set to this engine
  'codec', // ffmpeg: native does not take this codec
  'transport', // ffmpeg: the camera does not send over RTSP/TCP
  'tls', // ffmpeg: native cannot speak the TLS of its rtsps
  'refused', // ffmpeg: the camera refused what native asked for
  'no_keyframe', // ffmpeg: the camera sends no keyframes that native could begin with
  'native_failed', // ffmpeg: native failed again and again
  'no_stream', // ffmpeg: native got no picture, again and again
  'stalled', // ffmpeg: what native got broke off, again and again
] as const;
export type EngineReason = (typeof engineReasons)[number];
/** What a camera does against the rules, and is recorded all the same. */
export const streamQuirks = [
  'payload_type', // packets have another payload type than was described
  'start_codes', // NAL units with start codes, or several in one
  'shared_time_stamps', // two pictures with one time stamp
  'outlying_time_stamps', // single time stamps that are far off
  'order_numbers', // decoding order numbers before the NAL units of H.265
  'no_video_parameters', // H.265 without a video parameter set
  'keep_alive', // it ends sessions when it is asked whether they live
  'tls_unverified', // ffmpeg pulls it over TLS and does not check its key
] as const;
export type StreamQuirk = (typeof streamQuirks)[number];
export const videoCodecs = ['h264', 'h265', 'mjpeg', 'mpeg4'] as const;

export const cameraRuntime = cameraStatus.extend({
  engine: z.enum(['ffmpeg', 'native']).nullable(),
  engineReason: z.enum(engineReasons).nullable(),
  /** One of `videoCodecs`, or what the camera calls it; null before the stream was described. */
  codec: z.string().max(40).nullable(),
  frameRate: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
  lastFragmentAt: instantSchema.nullable(),
  /** How far the camera's clock is ahead of the recorder's; the last that was measured, also over a restart. */
  clockOffsetMs: z.number().nullable(),
  /** When that was measured. A recorder that does not keep it says nothing. */
  clockMeasuredAt: instantSchema.nullable().default(null),
  /** Attempts to connect after the first. */
  reconnects: z.int(),
  /** RTP packets that never came, since the recorder started. */
  lostPackets: z.int().min(0),
  /** Where the instants of its footage come from now: the camera's sender reports, or the moment of arrival. */
  timeSource: z.enum(['rtcp', 'arrival']).nullable(),
  /** Bound on how far the instant of a frame may be off. */
  timeErrorMs: z.number().min(0).nullable(),
  /** Sound is being recorded. */
  audio: z.boolean(),
  /** Encoding of the sound that the camera offers, as RTP names it (`PCMA`); null: none, or not known. */
  sound: z.string().max(40).nullable().default(null),
  /** Some of `streamQuirks`, and those of another version. A recorder from before there were any says nothing. */
  quirks: z.array(z.string().max(40)).max(40).default([]),
});
export type CameraRuntime = z.infer<typeof cameraRuntime>;

export const recorderClock = z.object({
  /** Grows by one with every step of the host's clock. */
  epoch: z.int().min(0),
  /** The clock stepped: nothing is deleted by age until a person confirms that it is right. */
  ageDeletionSuspended: z.boolean(),
  /** Size of the newest step, positive forwards; null: none yet. */
  stepMs: z.number().nullable(),
  steppedAt: instantSchema.nullable(),
});
export type RecorderClock = z.infer<typeof recorderClock>;
/** `missing`: the footage volume is not mounted; `foreign`: another volume than before is. Then nothing is recorded. */
export const storageStates = ['ok', 'slow', 'full', 'missing', 'foreign'] as const;
export const recorderStorage = z.object({
  state: z.enum(storageStates),
  /** The footage folder on the recorder's machine; empty where the recorder does not say. */
  directory: z.string().max(1000).default(''),
  /** Full, and would not be without what is held. A recorder that does not tell them apart says nothing. */
  fullOfHeld: z.boolean().default(false),
  /** Cameras that lost fragments to a slow or failing disk in the last minute. */
  slowCameras: z.int().min(0),
  /** Since the recorder started. */
  droppedFragments: z.int().min(0),
  /** Its list of holds was lost: nothing is deleted before a console has confirmed what is held. */
  awaitingHolds: z.boolean(),
  /** The catalogue is being rebuilt from the folder; the past may still look empty. */
  rebuilding: z.boolean(),
});
export type RecorderStorage = z.infer<typeof recorderStorage>;

/** ffmpeg makes pictures and previews, and records what native ingest cannot take. */
export const recorderFfmpeg = z.object({
  /** Null where it cannot be run. */
  version: z.string().max(100).nullable(),
  problem: z.enum(['missing', 'too_old']).nullable(),
});
export type RecorderFfmpeg = z.infer<typeof recorderFfmpeg>;

export const cameraRetentionFacts = z.object({
  cameraId: idSchema,
  retentionDays: z.int(),
  /** At the present bitrate; 0 where nothing is recorded. */
  bytesPerDay: z.number().min(0),
  footageBytes: z.number().min(0),
  /** Of these, held: never deleted. */
  heldBytes: z.number().min(0),
  oldestAt: instantSchema.nullable(),
});
export type CameraRetentionFacts = z.infer<typeof cameraRetentionFacts>;
/** What a forecast of retention is made from (retention.ts). */
export const retentionFacts = z.object({
  freeBytes: z.number().min(0),
  totalBytes: z.number().min(0),
  /** Bytes that recording leaves free. */
  minFreeBytes: z.number().min(0),
  footageBytes: z.number().min(0),
  cameras: z.array(cameraRetentionFacts).max(20_000),
});
export type RetentionFacts = z.infer<typeof retentionFacts>;
