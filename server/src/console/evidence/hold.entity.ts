import type { holdStates } from '@choi-canh/shared/evidence';
import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

export interface HoldRow {
  id: string;
  incidentId: string;
  cameraId: string;
  fromAt: number;
  toAt: number;
  state: (typeof holdStates)[number];
  releaseReason: string;
  createdAt: number;
  createdById: string;
  createdByName: string;
}

export const holdEntity = new EntitySchema<HoldRow>({
  name: 'hold',
  tableName: 'hold',
  columns: {
    id: idColumn('id', { primary: true }),
    incidentId: idColumn('incident_id'),
    cameraId: idColumn('camera_id'),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    state: textColumn('state'),
    releaseReason: textColumn('release_reason'),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id'),
    createdByName: textColumn('created_by_name'),
  },
});
