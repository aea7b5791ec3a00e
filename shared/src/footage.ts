import { z } from 'zod';
import { givenInstantSchema, idSchema, instantSchema } from './common.js';

/** Footage that exists: continuous, half-open. `timeErrorMs` bounds how far its clock may be off. */
export const coverageRange = z.object({
  from: instantSchema,
  to: instantSchema,
  timeSource: z.enum(['rtcp', 'arrival']),
  /** The recorder's clock was set back: two recordings claim these instants. */
  overlap: z.boolean().optional(),
});
export type CoverageRange = z.infer<typeof coverageRange>;

/** A stretch without footage, and why (from the camera's state intervals; `unknown` where nothing was noted). */
export const coverageGap = z.object({ from: instantSchema, to: instantSchema, reason: z.string() });
export type CoverageGap = z.infer<typeof coverageGap>;

export const cameraCoverage = z.object({
  cameraId: idSchema,
  recorded: z.array(coverageRange),
  gaps: z.array(coverageGap),
  /** First and last footage of this camera at all; null: never recorded. */
  oldestAt: instantSchema.nullable(),
  newestAt: instantSchema.nullable(),
  /**
   * Its recorder is out of reach, and was heard last at `since`; null: never. Then nothing is known of its footage, and the
   * whole range is a gap for that reason.
   */
  away: z.object({ since: instantSchema.nullable() }).optional(),
});
export type CameraCoverage = z.infer<typeof cameraCoverage>;

export const coverageQuery = z.object({
  cameraIds: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idSchema).min(1).max(16)),
  from: givenInstantSchema,
  to: givenInstantSchema,
});
export const coverageResponse = z.object({ items: z.array(cameraCoverage) });

/**
 * Past footage is opened before it is seen: the opening is what the audit trail records, one record a camera, and
 * every playlist, media range and thumbnail is served under it and only inside its cameras and range.
 */
export const openingRequest = z
  .object({
    cameraIds: z.array(idSchema).min(1).max(4),
    from: givenInstantSchema,
    to: givenInstantSchema,
    incidentId: idSchema.optional(),
    /** Required, one typed sentence, where there is no incident. */
    purpose: z.string().trim().min(5).max(300).optional(),
  })
  .refine((body) => body.incidentId !== undefined || body.purpose !== undefined, {
    message: 'an incident or a purpose is required',
    path: ['purpose'],
  })
  .refine((body) => Date.parse(body.from) < Date.parse(body.to), { message: 'to must be after from', path: ['to'] })
  .refine((body) => Date.parse(body.to) - Date.parse(body.from) <= 24 * 3600_000, {
    message: 'at most 24 hours at once',
    path: ['to'],
  });
export type OpeningRequest = z.infer<typeof openingRequest>;
export const openingResponse = z.object({
  id: idSchema,
  from: instantSchema,
  to: instantSchema,
  cameras: z.array(cameraCoverage),
});
export type OpeningResponse = z.infer<typeof openingResponse>;
