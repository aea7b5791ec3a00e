import { z } from 'zod';
import { givenInstantSchema, idSchema, instantSchema, pageOf } from './common.js';

export const incidentStates = ['new', 'under_review', 'resolved', 'unresolved', 'unfounded'] as const;
export type IncidentState = (typeof incidentStates)[number];
/** Names of the states as the pages show them, by which incidents are searched too. */
export const incidentStateNames: Record<IncidentState, { vi: string; en: string }> = {
  new: { vi: 'Mới', en: 'New' },
  under_review: { vi: 'Đang xác minh', en: 'Under review' },
  resolved: { vi: 'Đã giải quyết', en: 'Resolved' },
  unresolved: { vi: 'Chưa giải quyết được', en: 'Unresolved' },
  unfounded: { vi: 'Tin không có cơ sở', en: 'Unfounded' },
};
export const incidentSources = [
  'police_patrol',
  'tip_zalo',
  'tip_phone',
  'tip_in_person',
  'grassroots_team',
  'mass_organisation',
  'camera_event',
  'other',
] as const;

/** How far ahead of the server's clock a time of occurrence may lie, for clocks that differ: beyond is the future. */
export const occurredAtToleranceMs = 2 * 60_000;

export const categoryResponse = z.object({
  code: z.string(),
  vi: z.string(),
  en: z.string(),
  /** Not offered for new incidents any more. */
  retired: z.boolean(),
});
export type CategoryResponse = z.infer<typeof categoryResponse>;
export const categoryListResponse = z.object({ items: z.array(categoryResponse) });

export const incidentResponse = z.object({
  id: idSchema,
  /** e.g. "2026/CĐ-0147": year, mark of the area, running number of that year and area. */
  number: z.string(),
  areaId: idSchema,
  title: z.string(),
  occurredAt: instantSchema,
  place: z.string(),
  category: z.string(),
  source: z.enum(incidentSources),
  description: z.string(),
  state: z.enum(incidentStates),
  /** What was found out; asked for when the state becomes resolved, unresolved or unfounded. */
  outcome: z.string(),
  closedAt: instantSchema.nullable(),
  /** Derived: resolved, and at least one decisive tag. Never typed. */
  resolvedByFootage: z.boolean(),
  tagCount: z.int(),
  clipCount: z.int(),
  createdAt: instantSchema,
  createdByName: z.string(),
  /** Grows with each change; send it back in PATCH to notice a colleague's change. */
  version: z.int(),
});
export type IncidentResponse = z.infer<typeof incidentResponse>;

export const incidentCreateRequest = z.object({
  areaId: idSchema,
  title: z.string().trim().max(200).default(''),
  occurredAt: givenInstantSchema,
  place: z.string().trim().min(1).max(200),
  category: z.string().min(1).max(60),
  source: z.enum(incidentSources).default('other'),
  description: z.string().trim().max(5000).default(''),
});
export type IncidentCreateRequest = z.infer<typeof incidentCreateRequest>;
export const incidentPatchRequest = z.object({
  version: z.int().optional(),
  title: z.string().trim().max(200).optional(),
  occurredAt: givenInstantSchema.optional(),
  place: z.string().trim().min(1).max(200).optional(),
  category: z.string().min(1).max(60).optional(),
  source: z.enum(incidentSources).optional(),
  description: z.string().trim().max(5000).optional(),
  state: z.enum(incidentStates).optional(),
  outcome: z.string().trim().max(5000).optional(),
});
export type IncidentPatchRequest = z.infer<typeof incidentPatchRequest>;

export const incidentQuery = z.object({
  areaId: idSchema.optional(),
  state: z.enum(incidentStates).optional(),
  category: z.string().max(60).optional(),
  /** By occurredAt. */
  from: givenInstantSchema.optional(),
  to: givenInstantSchema.optional(),
  resolvedByFootage: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  text: z.string().trim().max(100).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const incidentPageResponse = pageOf(incidentResponse);
