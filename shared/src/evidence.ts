import { z } from 'zod';
import { givenInstantSchema, idSchema, instantSchema, pageOf } from './common.js';

const range = { from: instantSchema, to: instantSchema };
const givenRange = { from: givenInstantSchema, to: givenInstantSchema };
const ordered = (body: { from?: string | undefined; to?: string | undefined }) =>
  body.from === undefined || body.to === undefined || Date.parse(body.from) < Date.parse(body.to);
const orderedMessage = { message: 'to must be after from', path: ['to'] };

/** A mark on footage, bound to an incident. */
export const tagResponse = z.object({
  id: idSchema,
  incidentId: idSchema,
  cameraId: idSchema,
  cameraName: z.string(),
  ...range,
  note: z.string(),
  decisive: z.boolean(),
  createdAt: instantSchema,
  createdByName: z.string(),
});
export type TagResponse = z.infer<typeof tagResponse>;
export const tagCreateRequest = z
  .object({
    cameraId: idSchema,
    ...givenRange,
    note: z.string().trim().max(1000).default(''),
    decisive: z.boolean().default(false),
  })
  .refine(ordered, orderedMessage);
export type TagCreateRequest = z.infer<typeof tagCreateRequest>;
export const tagPatchRequest = z
  .object({
    from: givenInstantSchema.optional(),
    to: givenInstantSchema.optional(),
    note: z.string().trim().max(1000).optional(),
    decisive: z.boolean().optional(),
  })
  .refine(ordered, orderedMessage);
export const tagListResponse = z.object({ items: z.array(tagResponse) });

/** Protection of footage from retention. `pending` until the recorder has acknowledged it. */
export const holdStates = ['pending', 'held', 'releasing', 'released'] as const;
/** Who needs it: a person held it by hand, a tag, a clip, or the recorder had it and the console did not. */
export const holdCauseKinds = ['hand', 'tag', 'clip', 'recorder'] as const;
export const holdCause = z.object({
  id: idSchema,
  kind: z.enum(holdCauseKinds),
  /** Of the tag or clip. */
  subjectId: idSchema.nullable(),
  ...range,
  createdAt: instantSchema,
  createdByName: z.string(),
  released: z.boolean(),
  releaseReason: z.string(),
});
export type HoldCause = z.infer<typeof holdCause>;
export const holdRange = z.object({
  ...range,
  state: z.enum(holdStates),
  /** Footage of it was deleted before it was held. */
  gone: z.boolean(),
});
/** One for each camera and incident: what is held, as a union of ranges, and what needs it. */
export const holdResponse = z.object({
  id: idSchema,
  incidentId: idSchema,
  cameraId: idSchema,
  cameraName: z.string(),
  state: z.enum(holdStates),
  /** Disjoint, by time. Of a released hold, what was held. */
  ranges: z.array(holdRange),
  causes: z.array(holdCause),
  createdAt: instantSchema,
  createdByName: z.string(),
});
export type HoldResponse = z.infer<typeof holdResponse>;
export const holdCreateRequest = z
  .object({ cameraIds: z.array(idSchema).min(1).max(64), ...givenRange })
  .refine(ordered, orderedMessage);
/** Without a cause all of it is released; with one, what nothing else needs. */
export const holdReleaseRequest = z.object({
  reason: z.string().trim().min(3).max(500),
  causeId: idSchema.optional(),
});
export const holdListResponse = z.object({ items: z.array(holdResponse) });

/** Footage that a recorder holds and of which no incident here is known. */
export const unknownHold = holdResponse.omit({ incidentId: true, causes: true }).extend({
  /** Null: no camera of that id is known here. */
  cameraName: z.string().nullable(),
  /** What the recorder was told that it is for; empty: nothing. */
  incidentNumber: z.string(),
});
export type UnknownHold = z.infer<typeof unknownHold>;
export const unknownHoldPage = pageOf(unknownHold).extend({
  /** Ranges in all. */
  ranges: z.int(),
});
export const unknownHoldQuery = z.object({
  cursor: z.string().max(80).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const unknownHoldAssignRequest = z.object({ incidentId: idSchema });
export const unknownHoldReleaseRequest = holdReleaseRequest.omit({ causeId: true });

export const clipStates = ['queued', 'running', 'done', 'failed'] as const;
/** One continuous piece: a clip across a gap or a change of stream parameters is several files in one result. */
export const clipFile = z.object({
  index: z.int(),
  fileName: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  /** What the presentation shows, frame exact. */
  ...range,
  /** Media before `from` that the file carries so that it can be decoded, and that the edit list hides. */
  hiddenPreRollMs: z.number(),
  /** Nothing from which decoding can begin lies that far back: what is shown at first may be damaged. */
  startsDamaged: z.boolean().optional(),
  frames: z.int(),
  timeSource: z.enum(['rtcp', 'arrival']),
  /** Its tracks of sound: as the camera sent it, and converted from that for listening. Absent: none, or not reported. */
  sounds: z
    .array(z.object({ codec: z.enum(['aac', 'alaw', 'ulaw']), converted: z.boolean() }))
    .max(4)
    .optional(),
});
export type ClipFile = z.infer<typeof clipFile>;
export const clipResponse = z.object({
  id: idSchema,
  incidentId: idSchema,
  cameraId: idSchema,
  cameraName: z.string(),
  ...range,
  state: z.enum(clipStates),
  /** 0…1 */
  progress: z.number(),
  /** Key of the sentence `clipErrors.<code>`: no_footage, footage_gone, recorder_unreachable, disk_full, internal. */
  errorCode: z.string().nullable(),
  note: z.string(),
  files: z.array(clipFile),
  createdAt: instantSchema,
  createdByName: z.string(),
  finishedAt: instantSchema.nullable(),
});
export type ClipResponse = z.infer<typeof clipResponse>;
export const clipCreateRequest = z
  .object({ cameraId: idSchema, ...givenRange, note: z.string().trim().max(1000).default('') })
  .refine(ordered, orderedMessage)
  .refine((body) => Date.parse(body.to) - Date.parse(body.from) <= 6 * 3600_000, {
    message: 'at most 6 hours a clip',
    path: ['to'],
  });
export type ClipCreateRequest = z.infer<typeof clipCreateRequest>;
export const clipListResponse = z.object({ items: z.array(clipResponse) });
