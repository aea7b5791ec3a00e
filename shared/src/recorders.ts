import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';

export const recorderResponse = z.object({
  id: idSchema,
  name: z.string(),
  reachable: z.boolean(),
  lastSeenAt: instantSchema.nullable(),
  recordingCameras: z.int(),
  freeBytes: z.int().nullable(),
  footageBytes: z.int().nullable(),
  /** Oldest footage on the disk. */
  oldestAt: instantSchema.nullable(),
  version: z.string().nullable(),
});
export type RecorderResponse = z.infer<typeof recorderResponse>;
export const recorderListResponse = z.object({ items: z.array(recorderResponse) });
