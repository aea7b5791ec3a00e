import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';

const range = { from: instantSchema, to: instantSchema };
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
    ...range,
    note: z.string().trim().max(1000).default(''),
    decisive: z.boolean().default(false),
  })
  .refine(ordered, orderedMessage);
export type TagCreateRequest = z.infer<typeof tagCreateRequest>;
export const tagPatchRequest = z
  .object({
    from: instantSchema.optional(),
    to: instantSchema.optional(),
    note: z.string().trim().max(1000).optional(),
    decisive: z.boolean().optional(),
  })
  .refine(ordered, orderedMessage);
export const tagListResponse = z.object({ items: z.array(tagResponse) });

/** Protection of a range from retention. `pending` until the recorder has acknowledged it. */
export const holdStates = ['pending', 'held', 'releasing', 'released'] as const;
export const holdResponse = z.object({
  id: idSchema,
  incidentId: idSchema,
  cameraId: idSchema,
  cameraName: z.string(),
  ...range,
  state: z.enum(holdStates),
  createdAt: instantSchema,
  createdByName: z.string(),
});
export type HoldResponse = z.infer<typeof holdResponse>;
export const holdCreateRequest = z
  .object({ cameraIds: z.array(idSchema).min(1).max(64), ...range })
  .refine(ordered, orderedMessage);
export const holdReleaseRequest = z.object({ reason: z.string().trim().min(3).max(500) });
export const holdListResponse = z.object({ items: z.array(holdResponse) });

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
  frames: z.int(),
  timeSource: z.enum(['rtcp', 'arrival']),
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
  .object({ cameraId: idSchema, ...range, note: z.string().trim().max(1000).default('') })
  .refine(ordered, orderedMessage)
  .refine((body) => Date.parse(body.to) - Date.parse(body.from) <= 6 * 3600_000, {
    message: 'at most 6 hours a clip',
    path: ['to'],
  });
export type ClipCreateRequest = z.infer<typeof clipCreateRequest>;
export const clipListResponse = z.object({ items: z.array(clipResponse) });
