import { z } from 'zod';
import { chainStatus } from './chain.js';
import { idSchema, instantSchema } from './common.js';
import { cameraRetentionFacts, recorderClock, recorderStorage, retentionFacts } from './recorder-facts.js';

export const recorderAlertCodes = [
  'recorder_lost', // critical: it does not answer; its cameras are unknown
  'storage_full', // critical: no room, and nothing that may be deleted (`held`: 1 where held footage takes it); recording pauses
  'storage_missing', // critical: the footage volume is not mounted (`foreign`: 1 where another one is); nothing is recorded
  'chain_trouble', // critical: the chain of the footage does not fit
  'console_unknown', // critical: it follows another console, or one from before this database (`cameras`, `holds`)
  'desired_refused', // critical: it does not take what this console wants (`code`)
  'cameras_dropped', // warning: a restored database does not know cameras that it recorded (`cameras`, `names`)
  'holds_unknown', // warning: it holds footage of which no incident here is known (`ranges`)
  'clock_stepped', // warning: deletion by age waits for a person
  'storage_slow', // warning: footage is being lost to a slow disk
  'holds_missing', // warning: its list of holds was lost, nothing is deleted before it is confirmed
  'catalogue_rebuilding', // warning: the past may still look empty
  'ffmpeg_missing', // warning: no previews, and no footage of cameras that need it (`old`: 1 where it is too old)
  'device_key_changed', // critical: devices of so many `cameras` show another TLS key than the one that is pinned
  'recorder_incompatible', // critical: another major version of the protocol; it records, and nothing is exchanged (`newer`: 1, `version`, `protocol`)
  'recorder_key_changed', // critical: another key (`key`) answers at its address; nothing is sent to it
  'recorder_unpaired', // critical: entered before there were keys, or it does not know this console (`refused`: 1)
  'recorder_newer', // warning: `events` were not understood, whole or in part, and are kept; `values` of its status neither (`example`)
  'events_failed', // critical: `events` could not be applied and are kept; those behind them are applied
  'events_stuck', // warning: it answers, and its events cannot be taken
] as const;
export type RecorderAlertCode = (typeof recorderAlertCodes)[number];

/** Something about a recorder that a person should know or do. Numbers and instants of its sentence are in `facts`. */
export const recorderAlert = z.object({
  code: z.enum(recorderAlertCodes),
  severity: z.enum(['critical', 'warning']),
  sinceAt: instantSchema,
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type RecorderAlert = z.infer<typeof recorderAlert>;

/** The alerts of one recorder, all of them: an empty list clears. */
export const recorderAlerts = z.object({
  recorderId: idSchema,
  recorderName: z.string(),
  alerts: z.array(recorderAlert),
});
export type RecorderAlerts = z.infer<typeof recorderAlerts>;

export const recorderResponse = z.object({
  id: idSchema,
  name: z.string(),
  /** Started by this console itself; another one was registered by its address. */
  embedded: z.boolean(),
  /** Null for the embedded one. */
  url: z.string().nullable(),
  /** Fingerprint of the key that it is held to (SHA-256, hex); null beside the console, and before it is paired. */
  key: z.string().nullable(),
  reachable: z.boolean(),
  /** It has not been heard since then, and is not lost yet: what is said of it is of then. */
  silentSince: instantSchema.nullable(),
  lastSeenAt: instantSchema.nullable(),
  /** All cameras that it records. */
  cameras: z.int(),
  recordingCameras: z.int(),
  /** How many of them each engine pulls now. */
  engines: z.object({ native: z.int(), ffmpeg: z.int() }),
  freeBytes: z.int().nullable(),
  totalBytes: z.int().nullable(),
  footageBytes: z.int().nullable(),
  /** Oldest footage on the disk. */
  oldestAt: instantSchema.nullable(),
  version: z.string().nullable(),
  /** These as it told them last; null before it answered once. */
  clock: recorderClock.nullable(),
  /** What its clock showed when it answered last. */
  clockNow: instantSchema.nullable(),
  storage: recorderStorage.nullable(),
  chain: chainStatus.nullable(),
  transcodes: z.object({ running: z.int(), limit: z.int() }).nullable(),
  /** IPv4 networks of its interfaces, in CIDR, as it said last: it may search them for cameras. */
  networks: z.array(z.string()),
  /** What administrators added to them. */
  scanRanges: z.array(z.string()),
  alerts: z.array(recorderAlert),
});
export type RecorderResponse = z.infer<typeof recorderResponse>;
export const recorderListResponse = z.object({ items: z.array(recorderResponse) });

/**
 * Facts for a forecast. Cameras outside the caller's scope are not named, but summed per number of days; so is what is
 * left of deleted cameras, which `cameras` does not count.
 */
export const recorderRetentionResponse = retentionFacts.extend({
  others: z.array(cameraRetentionFacts.omit({ cameraId: true }).extend({ cameras: z.int() })),
  /** Where neither camera nor area says otherwise. */
  defaultRetentionDays: z.int(),
  askedAt: instantSchema,
});
export type RecorderRetentionResponse = z.infer<typeof recorderRetentionResponse>;

export const defaultRecorderPort = 8471;
/** `host`, `host:port` or `https://host:port`, without path and credentials; `https://host:port` comes out. */
export const recorderAddress = z
  .string()
  .trim()
  .max(300)
  .regex(/^(https:\/\/)?(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?\/?$/i, 'only host and port')
  .transform((text) => {
    const plain = text
      .replace(/^https:\/\//i, '')
      .replace(/\/$/, '')
      .toLowerCase();
    return `https://${/:\d{1,5}$/.test(plain) ? plain : `${plain}:${defaultRecorderPort}`}`;
  })
  .refine((url) => z.url().safeParse(url).success, 'only host and port');
/** What `choi-canh pairing-code` printed on the recorder's machine, in any writing. */
const pairingCode = z
  .string()
  .max(60)
  .regex(/^([\s-]*[0-9a-z]){16}[\s-]*$/i, '16 letters and digits');

/** A recorder on another machine. It is paired before it is taken in. */
export const recorderCreateRequest = z.object({
  name: z.string().trim().min(1).max(120),
  url: recorderAddress,
  code: pairingCode,
  /** It has cameras already: what it does for another console ends. */
  takeOver: z.boolean().default(false),
});
export type RecorderCreateRequest = z.infer<typeof recorderCreateRequest>;

/** What is absent stays. With a code it is paired again; at another address without one its key must be the known one. */
export const recorderPatchRequest = recorderCreateRequest.pick({ name: true, url: true, code: true }).partial();
export type RecorderPatchRequest = z.infer<typeof recorderPatchRequest>;
export const recorderDeleteRequest = z.object({ reason: z.string().trim().min(3).max(500) });

/** Networks beside its own in which a recorder may search for cameras: IPv4 in CIDR, each at most a /22. */
export const recorderScanRangesRequest = z.object({
  ranges: z.array(z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/(2[2-9]|3[0-2])$/)).max(64),
});

export const clockConfirmRequest = z.object({ reason: z.string().trim().min(3).max(500) });
export const volumeAcceptRequest = z.object({ reason: z.string().trim().min(3).max(500) });

/** Another database's recorder becomes this console's: its cameras come into this area, with their ids. */
export const recorderTakeOverRequest = z.object({ areaId: idSchema, reason: z.string().trim().min(3).max(500) });
/** `skipped`: a camera with this id or address is known here already. */
export const recorderTakeOverResponse = z.object({ adopted: z.int(), skipped: z.int() });
export const droppedConfirmRequest = z.object({ reason: z.string().trim().min(3).max(500) });
/** Why an event was set aside: not understood, understood in part (that was applied), or not to be applied. */
export const setAsideCauses = ['unknown_event', 'unknown_value', 'failed'] as const;
export type SetAsideCause = (typeof setAsideCauses)[number];
export const setAsideEventResponse = z.object({
  id: idSchema,
  sequence: z.int(),
  type: z.string(),
  cause: z.enum(setAsideCauses),
  /** English, for technicians. */
  detail: z.string(),
  /** By the recorder's clock; null where the event does not say so. */
  at: instantSchema.nullable(),
  setAsideAt: instantSchema,
});
export type SetAsideEventResponse = z.infer<typeof setAsideEventResponse>;
/** At most 200, newest first; `waiting` counts all. */
export const setAsideEventsResponse = z.object({ waiting: z.int(), items: z.array(setAsideEventResponse) });
const setAsideIds = z.array(idSchema).min(1).max(200);
export const setAsideRetryRequest = z.object({ ids: setAsideIds });
export const setAsideDismissRequest = z.object({ ids: setAsideIds, reason: z.string().trim().min(3).max(500) });
export const setAsideChangeResponse = z.object({ count: z.int() });
