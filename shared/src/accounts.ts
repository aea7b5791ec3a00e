import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';
import { permissions, roleSchema } from './permissions.js';

export const localeSchema = z.enum(['vi', 'en']);
export type Locale = z.infer<typeof localeSchema>;

/** At least 10 characters; no rule of composition (NIST SP 800-63B 5.1.1). */
export const newPasswordSchema = z.string().min(10).max(200);
export const usernameSchema = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{2,39}$/);

export const signInRequest = z.object({ username: z.string().min(1).max(80), password: z.string().min(1).max(200) });

/** First start: the one-time link carries the token. */
export const setupRequest = z.object({
  token: z.string().min(20).max(200),
  username: usernameSchema,
  displayName: z.string().trim().min(1).max(120),
  password: newPasswordSchema,
});
/** `needed` is true only while no administrator exists. */
export const setupStateResponse = z.object({ needed: z.boolean() });

export const accountResponse = z.object({
  id: idSchema,
  username: z.string(),
  displayName: z.string(),
  role: roleSchema,
  /** Scope: this area and everything below it; null is everything. */
  areaId: idSchema.nullable(),
  locale: localeSchema,
  enabled: z.boolean(),
  createdAt: instantSchema,
  lastSignInAt: instantSchema.nullable(),
});
export type AccountResponse = z.infer<typeof accountResponse>;

export const meResponse = z.object({
  account: accountResponse,
  areaName: z.string().nullable(),
  permissions: z.array(z.enum(permissions)),
  /** The server's wall time when it answered; the browser corrects its own clock by it. */
  serverNow: instantSchema,
});
export type MeResponse = z.infer<typeof meResponse>;

export const accountCreateRequest = z.object({
  username: usernameSchema,
  displayName: z.string().trim().min(1).max(120),
  role: roleSchema,
  areaId: idSchema.nullable(),
  locale: localeSchema.default('vi'),
  password: newPasswordSchema,
});
export const accountPatchRequest = z.object({
  displayName: z.string().trim().min(1).max(120).optional(),
  role: roleSchema.optional(),
  areaId: idSchema.nullable().optional(),
  locale: localeSchema.optional(),
  enabled: z.boolean().optional(),
  /** Sets a new password and ends the account's sessions. */
  password: newPasswordSchema.optional(),
});
export const accountListResponse = z.object({ items: z.array(accountResponse) });

/** What a person may change of themselves. */
export const mePatchRequest = z.object({
  locale: localeSchema.optional(),
  currentPassword: z.string().max(200).optional(),
  newPassword: newPasswordSchema.optional(),
});
