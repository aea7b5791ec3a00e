import { z } from 'zod';
import { instantSchema } from './common.js';

/** What can be wrong with the console itself, and how grave it is. */
export const consoleAlertSeverities = {
  database_unreachable: 'critical', // nothing can be saved or read; recording goes on
  database_full: 'critical', // the disk or quota of the database is full: nothing can be saved
  database_damaged: 'critical', // its file is not what it was written as
  data_disk_full: 'critical', // of DATA_DIR: nothing can be saved (`freeBytes`)
  keys_unreadable: 'critical', // stored passwords do not open with the key of this installation (`cameras`, `recorders`)
  backup_failed: 'critical', // `reason`: code of the error, `backupFailures.<code>`
  database_locked: 'warning', // another program keeps the database locked
  data_disk_low: 'warning', // `freeBytes`
  proxy_not_trusted: 'warning', // X-Forwarded-* came from `address`, which is not in the list
  proxy_header_missing: 'warning', // the reverse proxy does not forward `header`
  backup_overdue: 'warning', // `lastAt` (instant) where there is one, `days` allowed
} as const;
export const consoleAlertCodes = Object.keys(consoleAlertSeverities) as [ConsoleAlertCode, ...ConsoleAlertCode[]];
export type ConsoleAlertCode = keyof typeof consoleAlertSeverities;

/** Something about the console itself that a person should know or do. Numbers and names of its sentence are in `facts`. */
export const consoleAlert = z.object({
  code: z.enum(consoleAlertCodes),
  /** Tells alerts of one code apart, for example the id of a recorder; mostly empty. */
  subject: z.string(),
  severity: z.enum(['critical', 'warning']),
  sinceAt: instantSchema,
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type ConsoleAlert = z.infer<typeof consoleAlert>;

/** All of them, gravest first. */
export const consoleAlertListResponse = z.object({ items: z.array(consoleAlert) });
export type ConsoleAlertListResponse = z.infer<typeof consoleAlertListResponse>;
