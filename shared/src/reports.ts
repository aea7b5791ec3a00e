import { z } from 'zod';
import { givenInstantSchema, idSchema, instantSchema } from './common.js';

export const reportQuery = z.object({ areaId: idSchema.optional(), from: givenInstantSchema, to: givenInstantSchema });

const counts = { incidents: z.int(), resolved: z.int(), resolvedByFootage: z.int() };
/** Incidents whose `occurredAt` lies in [from, to), within the area and everything below it. */
export const caseReportResponse = z.object({
  areaId: idSchema.nullable(),
  areaName: z.string(),
  from: instantSchema,
  to: instantSchema,
  total: z.object(counts),
  /** Every category in use, also those with none, in the order of the catalogue; old ones only with incidents. */
  byCategory: z.array(z.object({ category: z.string(), ...counts })),
  /** Every area that has an incident, and every child of the asked area. */
  byArea: z.array(z.object({ areaId: idSchema, areaName: z.string(), ...counts })),
  cells: z.array(z.object({ areaId: idSchema, category: z.string(), ...counts })),
  /** At the moment of asking, whatever the period: working without complaint. */
  camerasAlive: z.int(),
  /** Recorded, but something is wrong with them; not among the working ones. */
  camerasDegraded: z.int(),
  camerasTotal: z.int(),
});
export type CaseReportResponse = z.infer<typeof caseReportResponse>;
