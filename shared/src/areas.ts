import { z } from 'zod';
import { idSchema } from './common.js';

/** Code of a level. The levels are data that an administrator edits, see `names.ts`. */
export const areaLevelSchema = z.string().min(1).max(60);
export type AreaLevel = z.infer<typeof areaLevelSchema>;
/** The level of an area that has none: its name says everything. */
export const noAreaLevel = 'other';

export const geoPoint = z.object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });

/** Days that footage is kept. */
export const retentionDaysSchema = z.int().min(1).max(3650);

/** Node of the administrative tree. A caller sees the nodes of its own subtree; the root it sees may have a parentId. */
export const areaResponse = z.object({
  id: idSchema,
  parentId: idSchema.nullable(),
  name: z.string(),
  level: areaLevelSchema,
  /** Short mark used in incident numbers, e.g. "CĐ" for Chí Đám. */
  code: z.string(),
  centre: geoPoint.nullable(),
  /** Cameras directly in this area, without its children. */
  cameraCount: z.int(),
  /** Its own choice for everything below it; null: as the area above has it. */
  retentionDays: z.int().nullable(),
  /** What a camera here gets that has no choice of its own. */
  effectiveRetentionDays: z.int(),
  /** The same, had this area no choice of its own. */
  inheritedRetentionDays: z.int(),
});
export type AreaResponse = z.infer<typeof areaResponse>;

export const areaCreateRequest = z.object({
  parentId: idSchema.nullable(),
  name: z.string().trim().min(1).max(120),
  level: areaLevelSchema,
  /** Default: the initials of the name. */
  code: z.string().trim().min(1).max(12).optional(),
  centre: geoPoint.nullable().optional(),
  retentionDays: retentionDaysSchema.nullable().optional(),
});
export type AreaCreateRequest = z.infer<typeof areaCreateRequest>;
export const areaPatchRequest = areaCreateRequest.partial();
export type AreaPatchRequest = z.infer<typeof areaPatchRequest>;
export const areaListResponse = z.object({
  items: z.array(areaResponse),
  /** Where no area says otherwise. */
  defaultRetentionDays: z.int(),
});
