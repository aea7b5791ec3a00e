import { z } from 'zod';
import { geoPoint, retentionDaysSchema } from './areas.js';
import { givenInstantSchema, idSchema, instantSchema } from './common.js';
import { cameraReasonSchema, cameraStateInterval, cameraStateSchema } from './health.js';
import { rtspUrlSchema } from './rtsp-address.js';
import { cameraRuntime } from './recorder-facts.js';

export const streamFacts = z.object({
  /** ONVIF profile token; of a camera without ONVIF `main` or `sub`. */
  profileToken: z.string(),
  codec: z.string(),
  width: z.int(),
  height: z.int(),
  frameRate: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
  /** RTSP address, of a camera that was added by it; absent: ONVIF says. */
  url: rtspUrlSchema.optional(),
});
export type StreamFacts = z.infer<typeof streamFacts>;

/** What a device is: one camera (with one lens or several), a box that encodes analogue ones, or an NVR or DVR. */
export const deviceKinds = ['camera', 'encoder', 'nvr'] as const;
export type DeviceKind = (typeof deviceKinds)[number];
/** More inputs than any device has that was met. */
export const maxDeviceChannels = 256;
/** One video source of a device. All its profiles come from that source. */
export const channelFacts = z.object({
  /** ONVIF token of the video source; empty where the device states none. */
  sourceToken: z.string().max(128),
  /** As the device counts its inputs, from 1. */
  number: z.int().min(1),
  /** What the device calls it; may be empty. */
  name: z.string().max(120),
  /** Whether a picture comes in; null: the device does not say. */
  signal: z.boolean().nullable(),
  /** Null: it offers nothing that can be recorded. */
  main: streamFacts.nullable(),
  sub: streamFacts.nullable(),
  profiles: z.array(streamFacts).max(64),
});
export type ChannelFacts = z.infer<typeof channelFacts>;

export const cameraResponse = z.object({
  id: idSchema,
  areaId: idSchema,
  recorderId: idSchema,
  name: z.string(),
  /** Where it stands, in words: "Ngã ba chợ". */
  place: z.string(),
  location: geoPoint.nullable(),
  /** What it is a channel of. */
  deviceId: idSchema,
  deviceKind: z.enum(deviceKinds),
  /** ONVIF token of its video source; empty where the device states none. */
  sourceToken: z.string(),
  /** As the device counts its inputs, from 1. */
  channelNumber: z.int(),
  /** What the device calls it; may be empty. */
  channelName: z.string(),
  /** ONVIF device service address, e.g. `http://192.168.1.64/onvif/device_service`; without credentials. */
  deviceAddress: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  serialNumber: z.string(),
  username: z.string(),
  enabled: z.boolean(),
  /** Its own choice; null: as its area has it. */
  retentionDays: z.int().nullable(),
  /** Days its footage is kept, and whose choice that is; `area`: `retentionAreaId`, which may lie above the scope. */
  effectiveRetentionDays: z.int(),
  retentionSource: z.enum(['camera', 'area', 'default']),
  retentionAreaId: idSchema.nullable(),
  /** Sound is recorded too, where the camera sends AAC or G.711. */
  audio: z.boolean(),
  main: streamFacts.nullable(),
  sub: streamFacts.nullable(),
  state: cameraStateSchema,
  reason: cameraReasonSchema,
  detail: z.string(),
  sinceAt: instantSchema,
  createdAt: instantSchema,
  /** Since when it is out of use; null: it is in use. */
  retiredAt: instantSchema.nullable(),
});
export type CameraResponse = z.infer<typeof cameraResponse>;
/**
 * Whether a camera was tried at once; if not, because somebody had it tried just before: `waitMs` until it may be again.
 * Devices lock an account after a few wrong passwords.
 */
export const cameraRetryResponse = z.object({ tried: z.boolean(), waitMs: z.int().min(0) });
export type CameraRetryResponse = z.infer<typeof cameraRetryResponse>;
/** `retired`: those out of use, instead of those in use. */
export const cameraListQuery = z.object({ areaId: idSchema.optional(), retired: z.literal('1').optional() });
/** All cameras of the scope, ordered by name as people count ("Cam 2" before "Cam 10"); 515 rows are one answer. */
export const cameraListResponse = z.object({ items: z.array(cameraResponse) });

export const cameraPatchRequest = z.object({
  name: z.string().trim().min(1).max(120).optional(),
  place: z.string().trim().max(200).optional(),
  location: geoPoint.nullable().optional(),
  areaId: idSchema.optional(),
  enabled: z.boolean().optional(),
  retentionDays: retentionDaysSchema.nullable().optional(),
  audio: z.boolean().optional(),
  username: z.string().trim().min(1).max(80).optional(),
  password: z.string().min(1).max(200).optional(),
});
export type CameraPatchRequest = z.infer<typeof cameraPatchRequest>;
/**
 * Another address that a person typed, with the password for it: the stored one is not sent there. The device must take
 * it and be the same one; from then on it is the camera's.
 */
export const cameraMoveRequest = z.object({
  deviceAddress: z.url().max(500),
  /** Absent: the camera's own. */
  username: z.string().trim().min(1).max(80).optional(),
  password: z.string().min(1).max(200),
});
export type CameraMoveRequest = z.infer<typeof cameraMoveRequest>;

/** A device that says that it is one of ours, at another address. Nothing here is proven, nothing was sent there. */
export const cameraSighting = z.object({
  deviceId: idSchema,
  /** The first of its cameras. */
  cameraId: idSchema,
  deviceAddress: z.string(),
  /** Where the camera is by our records. */
  knownAddress: z.string(),
  endpointReference: z.string(),
  name: z.string(),
  hardware: z.string(),
  firstSeenAt: instantSchema,
  lastSeenAt: instantSchema,
});
export type CameraSighting = z.infer<typeof cameraSighting>;
/** Questions that wait for an answer, the newest first; at most 500. */
export const cameraSightingsResponse = z.object({ items: z.array(cameraSighting) });
/** Whether it is this camera. Without a password the stored one is sent, never in clear. */
export const sightingAnswer = z.object({
  deviceAddress: z.string().max(500),
  same: z.boolean(),
  username: z.string().trim().min(1).max(80).optional(),
  password: z.string().min(1).max(200).optional(),
});
export type SightingAnswer = z.infer<typeof sightingAnswer>;
export const cameraRetireRequest = z.object({ reason: z.string().trim().min(3).max(500) });
/** A camera out of use comes back as itself: the device that it was must answer at this address and take this password. */
export const cameraReturnRequest = z.object({
  deviceAddress: z.url().max(500),
  username: z.string().trim().min(1).max(80),
  password: z.string().min(1).max(200),
});
export type CameraReturnRequest = z.infer<typeof cameraReturnRequest>;

/** What the recorder says of the camera now; null while the recorder is lost or does not know the camera yet. */
export const cameraRuntimeResponse = z.object({ askedAt: instantSchema, runtime: cameraRuntime.nullable() });
export type CameraRuntimeResponse = z.infer<typeof cameraRuntimeResponse>;

export const cameraHistoryQuery = z.object({ from: givenInstantSchema, to: givenInstantSchema });
/** At most 5,000 intervals, the newest; `leftOutBefore`: there are more before this instant. Null: these are all. */
export const cameraHistoryResponse = z.object({
  items: z.array(cameraStateInterval),
  leftOutBefore: instantSchema.nullable(),
});
export type CameraHistoryResponse = z.infer<typeof cameraHistoryResponse>;

/** Unicast ranges in CIDR (at most a /22 each) for routed networks that multicast does not cross. */
export const discoveryRequest = z.object({
  recorderId: idSchema,
  ranges: z
    .array(z.string().regex(/^\d{1,3}(\.\d{1,3}){3}(\/(2[2-9]|3[0-2]))?(:\d{1,5})?$/))
    .max(16)
    .default([]),
});
export const discoveredDevice = z.object({
  /** WS-Addressing endpoint reference, stable per device. */
  endpointReference: z.string(),
  deviceAddress: z.string(),
  host: z.string(),
  name: z.string(),
  hardware: z.string(),
  /** From the scope `onvif://www.onvif.org/location/…`, decoded; may be empty. */
  locationHint: z.string(),
  /** Id of the camera that this device is: it has this reference, or (where one of them tells none) this address. */
  knownCameraId: idSchema.nullable(),
  /** Address that this camera has in the system, where that is another: it got a new one from its network. */
  movedFrom: z.string().nullable(),
});
export type DiscoveredDevice = z.infer<typeof discoveredDevice>;
export const discoveryResponse = z.object({
  id: idSchema,
  state: z.enum(['running', 'done', 'failed']),
  /** 0…1 */
  progress: z.number(),
  startedAt: instantSchema,
  devices: z.array(discoveredDevice),
  /** Packets or answers that were junk; they disturb nothing and are counted. */
  rejectedAnswers: z.int(),
  errorCode: z.string().nullable(),
});
export type DiscoveryResponse = z.infer<typeof discoveryResponse>;

/** A channel that a person chose; without profiles the largest is its main stream and the smallest its sub-stream. */
export const chosenChannel = z.object({
  sourceToken: z.string().max(128),
  name: z.string().trim().max(120).default(''),
  place: z.string().trim().max(200).default(''),
  /** Both of this channel's own profiles. */
  mainProfileToken: z.string().max(128).optional(),
  subProfileToken: z.string().max(128).nullable().optional(),
});
export type ChosenChannel = z.infer<typeof chosenChannel>;

/**
 * Adds up to 600 found devices with one password. Each is identified by its recorder first; one that fails is told apart. Of
 * a device with several channels people choose: it is offered (`choose_channels`), and added by a second request that names
 * the first in place of the password, which stays in the server's memory for a quarter of an hour.
 */
export const cameraAddRequest = z
  .object({
    recorderId: idSchema,
    areaId: idSchema,
    username: z.string().trim().min(1).max(80),
    password: z.string().min(1).max(200).optional(),
    /** The addition that offered these devices' channels, by the same person. */
    passwordOf: idSchema.optional(),
    devices: z
      .array(
        z.object({
          deviceAddress: z.url().max(500),
          name: z.string().trim().max(120).default(''),
          place: z.string().trim().max(200).default(''),
          endpointReference: z.string().max(200).default(''),
          channels: z.array(chosenChannel).min(1).max(maxDeviceChannels).optional(),
        }),
      )
      .min(1)
      .max(600),
    /** A device that was a camera of this area before, now out of use: comes back as that camera, or is a new one. */
    former: z.enum(['return', 'new']).default('return'),
  })
  .refine(({ password, passwordOf }) => (password === undefined) !== (passwordOf === undefined), {
    message: 'either a password or the addition that has it',
    path: ['password'],
  });
export type CameraAddRequest = z.infer<typeof cameraAddRequest>;
/** A channel that may be added; `knownCameraId`: it is that camera already (null also where nobody may know). */
export const offeredChannel = channelFacts.extend({ taken: z.boolean(), knownCameraId: idSchema.nullable() });
export type OfferedChannel = z.infer<typeof offeredChannel>;
/** What answered at an address, with its channels: those without a signal last. */
export const deviceOffer = z.object({
  deviceAddress: z.string(),
  kind: z.enum(deviceKinds),
  manufacturer: z.string(),
  model: z.string(),
  serialNumber: z.string(),
  channels: z.array(offeredChannel).max(maxDeviceChannels),
});
export type DeviceOffer = z.infer<typeof deviceOffer>;
export const cameraAddResult = z.object({
  deviceAddress: z.string(),
  outcome: z.enum([
    'added',
    'returned',
    'already_there',
    'choose_channels',
    'wrong_password',
    'account_locked',
    'unreachable',
    'forbidden',
    'tls_unusable',
    'bad_answer',
    'no_video',
    'recorder_full',
  ]),
  detail: z.string(),
  /** The camera, of several channels the first. */
  camera: cameraResponse.nullable(),
  /** The device, where the person may see a camera of it. */
  deviceId: idSchema.nullable().default(null),
  /** Cameras added or brought back. */
  cameras: z.int().min(0).default(0),
  /** With `choose_channels`. */
  offer: deviceOffer.nullable().default(null),
});
/** Adding runs in the background; ask again until `state` is done, or listen to `camera.add`. */
export const cameraAddResponse = z.object({
  id: idSchema,
  state: z.enum(['running', 'done']),
  /** Where they go, and by which account of theirs. */
  areaId: idSchema,
  username: z.string(),
  total: z.int(),
  results: z.array(cameraAddResult),
});
export type CameraAddResponse = z.infer<typeof cameraAddResponse>;

export const offeredPictureQuery = z.object({
  deviceAddress: z.string().max(500),
  sourceToken: z.string().max(128).default(''),
});
export const channelPictureQuery = z.object({ sourceToken: z.string().max(128).default('') });

export const deviceResponse = z.object({
  id: idSchema,
  recorderId: idSchema,
  kind: z.enum(deviceKinds),
  deviceAddress: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  serialNumber: z.string(),
  firmwareVersion: z.string(),
  username: z.string(),
  /** It speaks only TLS that is out of date (1.0, 1.1 or weak ciphers). */
  oldTls: z.boolean(),
  /** Cameras in use that the person may see, and how many of them are down. */
  cameras: z.int().min(0),
  down: z.int().min(0),
  /** All of them are down for one reason: that is one fact, about the device. */
  trouble: z.object({ reason: cameraReasonSchema, sinceAt: instantSchema }).nullable(),
});
export const deviceDetailResponse = z.object({
  device: deviceResponse,
  /** Its cameras in use that the person may see, in the order of its channels. */
  items: z.array(cameraResponse),
  /** Others have cameras of it too: what changes the whole device is not this person's to do. */
  shared: z.boolean(),
});
export type DeviceDetailResponse = z.infer<typeof deviceDetailResponse>;
/** More channels of a known device, with the password that it has. */
export const channelAddRequest = z.object({
  areaId: idSchema,
  channels: z.array(chosenChannel).min(1).max(maxDeviceChannels),
});
export type ChannelAddRequest = z.infer<typeof channelAddRequest>;
/** Which of its channel's profiles a camera is recorded and shown by. */
export const cameraProfilesRequest = z.object({
  mainProfileToken: z.string().min(1).max(128),
  subProfileToken: z.string().min(1).max(128).nullable(),
});
export type CameraProfilesRequest = z.infer<typeof cameraProfilesRequest>;
