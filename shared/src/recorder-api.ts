import { z } from 'zod';
import { channelFacts, deviceKinds, maxDeviceChannels, streamFacts } from './cameras.js';
import { chainHeadsRecord, chainStatus } from './chain.js';
import { idSchema, instantSchema } from './common.js';
import { clipFile, clipStates } from './evidence.js';
import { coverageRange } from './footage.js';
import { cameraReasonSchema, cameraStatus } from './health.js';
import { rtspUrlSchema } from './rtsp-address.js';
import { cameraRuntime, recorderClock, recorderFfmpeg, recorderStorage } from './recorder-facts.js';

export * from './recorder-facts.js';

/**
 * What a console may ask of a recorder: HTTP/1.1 under `/v1`, `Authorization: Bearer <token>`; with * only the console
 * that it follows, by `x-choi-canh-console` (recorder-protocol.ts). Errors are
 * `errorResponse`. Ids of cameras, holds and extractions are made by the console; every PUT is idempotent, and so are
 * changes of holds.
 *
 *   GET    /v1/status                                        recorderStatus
 *   GET    /v1/retention                                     retentionFacts
 *   POST   /v1/clock/confirm                              *  the host's clock is right: deletion by age goes on
 *   POST   /v1/volume/accept                              *  storage is `missing` or `foreign`: footage goes there from now on
 *   PUT    /v1/desired-state                                 desiredState → desiredStateAnswer; from its console only
 *   GET    /v1/desired-state                                 desiredMarks: what it was given last, by marks
 *   GET    /v1/cameras                                       knownCameras: for a console that takes it over; no passwords
 *   POST   /v1/console                                       consoleTakeOver → consoleTakeOver: whom it follows from now on
 *   POST   /v1/holds                                         holdChanges → holdChangesAnswer; from its console only
 *   GET    /v1/holds?after=<id>&limit=<1…1000>               holdPage
 *   POST   /v1/holds/confirm                                 holdSummary+consoleId: these are all → {confirmed}
 *   GET    /v1/events?after=<sequence>&waitMs=<0…25000>      eventPage (long poll)
 *   POST   /v1/discoveries                                *  discoveryStart → recorderDiscovery
 *   GET    /v1/discoveries/:id                               recorderDiscovery
 *   POST   /v1/identify                                      identifyRequest → identifyResponse
 *   POST   /v1/tls-key                                       tlsKeyRequest → tlsKeyResponse
 *   POST   /v1/stream-probe                                  streamProbeRequest → streamProbeResponse: tries an RTSP address
 *   POST   /v1/snapshot                                      snapshotRequest → the JPEG that the device makes of a profile
 *   GET    /v1/cameras/:id/coverage?from&to                  recorderCoverage
 *   GET    /v1/cameras/:id/events?from&to                    deviceEventsResponse: events that its device reported, newest first
 *   POST   /v1/cameras/:id/retry                          *  cameraRetryResponse: a camera that is down is tried at once
 *   GET    /v1/cameras/:id/playlist.m3u8?from&to[&mode=keyframes]
 *                 media playlist; its URIs are relative: `files/<fileId>.mp4` with EXT-X-BYTERANGE and EXT-X-MAP,
 *                 or `keyframes/<fileId>-<offset>.m4s` and `inits/<fileId>.mp4`
 *   GET    /v1/cameras/:id/files/:fileId.mp4?from&to         Range required; refused outside the fragments of [from,to)
 *   GET    /v1/cameras/:id/inits/:fileId.mp4
 *   GET    /v1/cameras/:id/keyframes/:fileId-:offset.m4s?from&to
 *   GET    /v1/cameras/:id/thumbnail.jpg?at[&width]          nearest keyframe at or before `at`, within 60 s, of
 *                 footage; header x-picture-at: instant of the picture; 404 no_footage
 *   GET    /v1/cameras/:id/live/:stream/playlist.m3u8        stream main|sub; URIs `init-<id>.mp4`, `<sequence>.m4s`
 *   GET    /v1/cameras/:id/live/:stream/…                    those
 *   GET    /v1/cameras/:id/live/:stream/picture.jpg          newest keyframe as JPEG
 *   GET    /v1/live?streams=<camera>.<stream>[.<after>],…    several live streams in one answer (live-multiplex)
 *   POST   /v1/chain/sign                                    chainHeadsRecord: where all chains stand now, signed
 *   GET    /v1/chain/records?after=<sequence>                chainRecordPage
 *   PUT    /v1/extractions/:id                            *  extractionRequest → extractionStatus
 *   GET    /v1/extractions/:id                               extractionStatus
 *   GET    /v1/extractions/:id/files/:index                  the MP4
 *   DELETE /v1/extractions/:id                            *  forgets it and its files (after the console has them)
 */

/**
 * A channel of a device. Each carries what its device needs, so that a recorder from before devices had channels records it
 * all the same; channels of one `deviceId` have the same address, account and hosts.
 */
export const desiredCamera = z.object({
  id: idSchema,
  name: z.string(),
  /** Absent, as in a state from before devices had channels: the camera is a device of its own. */
  deviceId: idSchema.optional(),
  /** ONVIF token of its video source; empty: not known. */
  sourceToken: z.string().max(128).optional(),
  deviceAddress: z.string(),
  username: z.string(),
  /** Null: the console does not have it (it took the camera over from the recorder), the recorder keeps its own. */
  password: z.string().nullable(),
  /** Hosts that a person confirmed for this camera: its password goes to no other. Absent: that of `deviceAddress`. */
  confirmedHosts: z.array(z.string().min(1).max(255)).max(8).optional(),
  /** The password may go as it is (RTSP Basic): a person typed it for this host. Absent: yes. */
  plainPassword: z.boolean().optional(),
  /** When it was typed last, Unix milliseconds; what was learnt of the camera's authentication before is forgotten then. */
  passwordTypedAt: z.int().optional(),
  /** SHA-256 of the public key (SPKI, hex) that the camera must have over https; null: any. */
  tlsKey: z.string().max(64).nullable().optional(),
  enabled: z.boolean(),
  retentionDays: z.int(),
  mainProfileToken: z.string(),
  subProfileToken: z.string().nullable(),
  /**
   * Addresses of its streams where it was added by them: ONVIF is not asked. Absent: ONVIF says. From 1.4 on the recorder
   * fills in `{username}` and `{password}` when it connects (server/src/lib/address-account.ts).
   */
  mainUrl: rtspUrlSchema.optional(),
  subUrl: rtspUrlSchema.nullable().optional(),
  /** Record sound too, where the camera sends AAC or G.711. A state from before there was a choice has none. */
  audio: z.boolean().default(false),
  /** The console's mark of exactly this content; it compares by it what the recorder has. */
  mark: z.string().max(64).default(''),
});
export type DesiredCamera = z.infer<typeof desiredCamera>;

/** More cameras are refused when they are added: beyond what was measured of one recorder. */
export const maxRecorderCameras = 5000;

/**
 * What the console wants of cameras and disk, whole or as a change to revision `base`. The recorder keeps it encrypted
 * and boots from it without a console. It follows one console: another one changes nothing before it has taken over.
 */
export const desiredState = z.object({
  /** Kept in the console's database: an emptied or another one has another id. */
  consoleId: idSchema,
  revision: z.int(),
  /** Null: `cameras` is complete, and a camera that is not listed is dropped. Its footage stays. */
  base: z.int().nullable().default(null),
  cameras: z.array(desiredCamera).max(maxRecorderCameras),
  removed: z.array(idSchema).max(maxRecorderCameras).default([]),
  /** Bytes that stay free on the footage disk. */
  minFreeBytes: z.int().min(0),
  /**
   * Cameras out of use: nothing is recorded of them, and the footage there is is kept for so many days. All of them;
   * absent in a change: as before.
   */
  keptCameras: z
    .array(z.object({ id: idSchema, retentionDays: z.int() }))
    .max(50_000)
    .optional(),
});
export type DesiredState = z.infer<typeof desiredState>;
export const desiredStateAnswer = z.object({
  revision: z.int(),
  /** Cameras that it recorded and drops with this. */
  dropped: z.array(z.object({ id: idSchema, name: z.string() })).max(maxRecorderCameras),
});
export type DesiredStateAnswer = z.infer<typeof desiredStateAnswer>;
export const desiredMarks = z.object({
  consoleId: idSchema.nullable(),
  revision: z.int(),
  minFreeBytes: z.int(),
  cameras: z.array(z.object({ id: idSchema, mark: z.string() })).max(20_000),
  /** Of the cameras out of use (server/src/lib/kept-digest.ts). */
  keptDigest: z.string().max(64),
});
export type DesiredMarks = z.infer<typeof desiredMarks>;
export const knownCameras = z.object({
  cameras: z.array(desiredCamera.omit({ password: true, mark: true })).max(20_000),
});
export type KnownCamera = z.infer<typeof knownCameras>['cameras'][number];

/** `previous`: whom it follows until then, null: nobody. Refused where that is another one meanwhile. */
export const consoleTakeOver = z.object({ consoleId: idSchema, previous: idSchema.nullable() });

export const desiredHold = z.object({
  id: idSchema,
  cameraId: idSchema,
  from: instantSchema,
  to: instantSchema,
  /** What it is held for, so that another console can say so. */
  incident: z
    .object({ id: idSchema, number: z.string().max(60) })
    .nullable()
    .default(null),
});
export type DesiredHold = z.infer<typeof desiredHold>;
export const holdPageSize = 1000;
/** Idempotent: what is known stays, what is not there is released already. A hold that is not named stays as it is. */
export const holdChanges = z.object({
  consoleId: idSchema,
  put: z.array(desiredHold).max(holdPageSize),
  release: z.array(idSchema).max(holdPageSize),
});
export type HoldChanges = z.infer<typeof holdChanges>;
/** How many holds it keeps for consoles, and the sum of their hashes (server/src/lib/hold-digest.ts), hex. */
export const holdSummary = z.object({ count: z.int().min(0), digest: z.string().max(40) });
export type HoldSummary = z.infer<typeof holdSummary>;
export const holdChangesAnswer = holdSummary.extend({
  /** Of those put: footage of their range was deleted, or was just being deleted. */
  gone: z.array(idSchema).max(holdPageSize),
});
export type HoldChangesAnswer = z.infer<typeof holdChangesAnswer>;
export const holdPage = holdSummary.extend({ holds: z.array(desiredHold).max(holdPageSize) });
export type HoldPage = z.infer<typeof holdPage>;
/** These are all holds that there are for it: from then on it deletes again what is not held. */
export const holdConfirmation = holdSummary.extend({ consoleId: idSchema });
export const holdConfirmationAnswer = z.object({ confirmed: z.boolean() });

export const recorderStatus = z.object({
  version: z.string(),
  /** Of this protocol (recorder-protocol.ts). A recorder from before there were versions says nothing. */
  protocol: z.object({ major: z.int(), minor: z.int() }).default({ major: 1, minor: 0 }),
  revision: z.int(),
  startedAt: instantSchema,
  now: instantSchema,
  cameras: z.array(cameraRuntime),
  footageBytes: z.int(),
  freeBytes: z.int(),
  totalBytes: z.int(),
  oldestAt: instantSchema.nullable(),
  clock: recorderClock,
  storage: recorderStorage,
  chain: chainStatus,
  ffmpeg: recorderFfmpeg.default({ version: null, problem: null }),
  /** Streams that are being turned into H.264 for browsers, and how many may be at once. */
  transcodes: z.object({ running: z.int().min(0), limit: z.int().min(0) }),
  /** IPv4 networks of its interfaces, in CIDR: what it may search. A recorder from before says nothing. */
  networks: z.array(z.string().max(40)).max(32).default([]),
  /** Sequence of the newest outbox event. */
  sequence: z.int(),
  /** Whom it follows; null: nobody yet. */
  consoleId: idSchema.nullable().default(null),
  holds: holdSummary.nullable().default(null),
});
export type RecorderStatus = z.infer<typeof recorderStatus>;

/** Facts that travel once and durably: applied once by (recorder, sequence). */
export const recorderEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('camera.state'), sequence: z.int(), at: instantSchema, status: cameraStatus }),
  z.object({
    type: z.literal('extraction.state'),
    sequence: z.int(),
    at: instantSchema,
    extraction: z.lazy(() => extractionStatus),
  }),
  z.object({
    type: z.literal('hold.state'),
    sequence: z.int(),
    at: instantSchema,
    holdId: idSchema,
    held: z.boolean(),
  }),
  /** It did not run in [from, to): killed, switched off or without power. By the clock that its footage has. */
  z.object({
    type: z.literal('recorder.stopped'),
    sequence: z.int(),
    at: instantSchema,
    from: instantSchema,
    to: instantSchema,
  }),
  z.object({ type: z.literal('chain.heads'), sequence: z.int(), at: instantSchema, record: chainHeadsRecord }),
]);
export type RecorderEvent = z.infer<typeof recorderEvent>;
/** `progress` is volatile and comes with any page: extractions that run now. */
export const eventPage = z.object({ events: z.array(recorderEvent).max(500), sequence: z.int() });
export type EventPage = z.infer<typeof eventPage>;

export const discoveryStart = z.object({
  ranges: z.array(z.string()).max(16),
  /** IPv4 networks beside the recorder's own in which the ranges may lie: what administrators added to them. */
  added: z.array(z.string().max(40)).max(64).default([]),
});
export const recorderDiscovery = z.object({
  id: idSchema,
  state: z.enum(['running', 'done', 'failed']),
  progress: z.number(),
  startedAt: instantSchema,
  devices: z.array(
    z.object({
      endpointReference: z.string(),
      deviceAddress: z.string(),
      host: z.string(),
      name: z.string(),
      hardware: z.string(),
      locationHint: z.string(),
    }),
  ),
  rejectedAnswers: z.int(),
  errorCode: z.string().nullable(),
});
export type RecorderDiscovery = z.infer<typeof recorderDiscovery>;

/** The key that a device shows over https, seen without sending it anything; null where it has none. */
export const tlsKeyRequest = z.object({ deviceAddress: z.string() });
export const tlsKeyResponse = z.object({ tlsKey: z.string().max(64).nullable() });

export const identifyRequest = z.object({
  deviceAddress: z.string(),
  username: z.string(),
  password: z.string(),
  /** The key that the device must have over https; null: any. */
  tlsKey: z.string().max(64).nullable().default(null),
  /** The password may go as it is (HTTP Basic): a person typed it for this address. */
  plainPassword: z.boolean().default(false),
});
/** Tries an RTSP address, filled in as those of cameras are; the password goes to its host alone. */
export const streamProbeRequest = z.object({
  url: rtspUrlSchema,
  username: z.string().max(200),
  password: z.string().max(200),
  /** The password may go as it is (Basic): a person typed it for this address. */
  plainPassword: z.boolean().default(false),
});
export type StreamProbeRequest = z.infer<typeof streamProbeRequest>;
export const streamProbeResponse = z.object({
  /** `ok`: pictures came. */
  reason: cameraReasonSchema,
  /** English detail for technicians, free of credentials; may be empty. */
  detail: z.string().max(300),
  engine: z.enum(['native', 'ffmpeg']),
  codec: z.string().max(20).nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  /** Pictures a second, as they came. */
  frameRate: z.number().nullable(),
  bitrateKbps: z.number().nullable(),
  /** Encoding of the sound that is offered, as RTP names it (`PCMA`, `MPEG4-GENERIC`); null: none, or not known. */
  sound: z.string().max(40).nullable(),
});
export type StreamProbeResponse = z.infer<typeof streamProbeResponse>;
/** A picture of one profile, made by the device; the password goes as in `identifyRequest`. */
export const snapshotRequest = identifyRequest.extend({ profileToken: z.string().min(1).max(128) });
export const identifyResponse = z.object({
  manufacturer: z.string(),
  model: z.string(),
  firmwareVersion: z.string(),
  serialNumber: z.string(),
  clockOffsetMs: z.number().nullable(),
  /** SHA-256 of the public key that the device had over https (SPKI, hex); null over http. */
  tlsKey: z.string().max(64).nullable().optional(),
  /** It speaks only TLS that is out of date (1.0, 1.1 or weak ciphers). */
  oldTls: z.boolean().optional(),
  /** Its own address: that of the request, over https where it redirects there. Absent: that of the request. */
  deviceAddress: z.string().max(500).optional(),
  /** Of its first channel that can be recorded. */
  main: streamFacts,
  sub: streamFacts.nullable(),
  kind: z.enum(deviceKinds).default('camera'),
  /** Its video sources, in its order. A recorder from before devices had channels says nothing. */
  channels: z.array(channelFacts).max(maxDeviceChannels).default([]),
});
export type IdentifyResponse = z.infer<typeof identifyResponse>;

export const recorderCoverage = z.object({
  cameraId: idSchema,
  recorded: z.array(coverageRange),
  oldestAt: instantSchema.nullable(),
  newestAt: instantSchema.nullable(),
});
export type RecorderCoverage = z.infer<typeof recorderCoverage>;

export const extractionRequest = z.object({ cameraId: idSchema, from: instantSchema, to: instantSchema });
export type ExtractionRequest = z.infer<typeof extractionRequest>;
export const extractionStatus = z.object({
  id: idSchema,
  cameraId: idSchema,
  from: instantSchema,
  to: instantSchema,
  state: z.enum(clipStates),
  progress: z.number(),
  errorCode: z.string().nullable(),
  files: z.array(clipFile),
});
export type ExtractionStatus = z.infer<typeof extractionStatus>;
