import { z } from 'zod';
import { idSchema, instantSchema } from './common.js';

/** Events that devices report by ONVIF. */
export const deviceEventKinds = ['motion', 'tamper', 'line_crossing', 'digital_input', 'storage_failure'] as const;
export type DeviceEventKind = (typeof deviceEventKinds)[number];

export const deviceEvent = z.object({
  kind: z.enum(deviceEventKinds),
  /** It began or ended; null: it happened. */
  active: z.boolean().nullable(),
  /** By our clock: the device's own time, less how far its clock was ahead. */
  at: instantSchema,
  /** As the device stated it; null: it stated none, and `at` is when it was heard. */
  deviceAt: instantSchema.nullable(),
  /** The device's clock minus ours then, ms; null: not known. */
  clockOffsetMs: z.number().nullable(),
});
export type DeviceEvent = z.infer<typeof deviceEvent>;

export const maxDeviceEvents = 500;
/** The newest in [from, to), newest first. */
export const deviceEventsResponse = z.object({
  cameraId: idSchema,
  items: z.array(deviceEvent).max(maxDeviceEvents),
  /** There are older ones in the range that are not listed. */
  more: z.boolean(),
});
export type DeviceEventsResponse = z.infer<typeof deviceEventsResponse>;
