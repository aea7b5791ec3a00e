import { z } from 'zod';
import { givenInstantSchema, idSchema, instantSchema, pageOf } from './common.js';

/** `<noun>.<verb>`; one per kind of mutation or opening. The browser's words are `auditActions.<action>`. */
export const auditActions = [
  'setup.complete',
  'session.sign_in',
  'session.sign_in_failed',
  'session.sign_out',
  'account.create',
  'account.update',
  'area.create',
  'area.update',
  'area.delete',
  'camera.discover',
  'camera.channels',
  'camera.add_failed',
  'camera.address_confirm',
  'camera.address_dismiss',
  'camera.address_failed',
  'camera.create',
  'camera.update',
  'camera.retry',
  'camera.delete',
  'camera.retire',
  'camera.return',
  'live.view',
  'recorder.create',
  'recorder.change',
  'recorder.scan_ranges',
  'recorder.delete',
  'recorder.event_retry',
  'recorder.event_dismiss',
  'recorder.clock_confirm',
  'recorder.volume_accept',
  'recorder.take_over',
  'recorder.dropped_confirm',
  'recorder.chain_settle',
  'recorder.chain_download',
  'footage.open',
  'incident.create',
  'incident.update',
  'tag.create',
  'tag.update',
  'tag.delete',
  'hold.create',
  'hold.release',
  'hold.assign',
  'clip.create',
  'clip.download',
  'clip.delete',
  'name.create',
  'name.update',
  'name.delete',
  'backup.restore',
] as const;
export type AuditAction = (typeof auditActions)[number];
/** `unknown`: of another version of the product. */
export const auditActionsRead = [...auditActions, 'unknown'] as const;

export const auditRecordResponse = z.object({
  id: idSchema,
  at: instantSchema,
  /** Null: nobody was signed in, e.g. a failed sign-in. */
  accountId: idSchema.nullable(),
  /** Name as it was then. */
  accountName: z.string(),
  action: z.enum(auditActionsRead),
  areaId: idSchema.nullable(),
  subjectType: z.string(),
  subjectId: z.string().nullable(),
  /** Words for people: name of the camera, number of the incident. */
  subjectName: z.string(),
  /** Purpose of opening footage, or reason of a destructive action; empty where none is asked. */
  purpose: z.string(),
  /** Before and after, ranges and the like; never a secret. */
  details: z.record(z.string(), z.unknown()),
  address: z.string(),
  /** What the ids in the details are called now: numbers of incidents, names of cameras and recorders. */
  names: z.record(z.string(), z.string()),
});
export type AuditRecordResponse = z.infer<typeof auditRecordResponse>;

export const auditQuery = z.object({
  from: givenInstantSchema.optional(),
  to: givenInstantSchema.optional(),
  accountId: idSchema.optional(),
  action: z.enum(auditActions).optional(),
  subjectId: z.string().max(80).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const auditPageResponse = pageOf(auditRecordResponse);
