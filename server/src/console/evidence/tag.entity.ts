import { EntitySchema } from 'typeorm';
import { booleanColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

export interface TagRow {
  id: string;
  incidentId: string;
  cameraId: string;
  fromAt: number;
  toAt: number;
  note: string;
  decisive: boolean;
  /** The hold that keeps its range. */
  holdId: string | null;
  createdAt: number;
  createdById: string;
  createdByName: string;
}

export const tagEntity = new EntitySchema<TagRow>({
  name: 'tag',
  tableName: 'tag',
  columns: {
    id: idColumn('id', { primary: true }),
    incidentId: idColumn('incident_id'),
    cameraId: idColumn('camera_id'),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    note: textColumn('note'),
    decisive: booleanColumn('decisive'),
    holdId: idColumn('hold_id', { nullable: true }),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id'),
    createdByName: textColumn('created_by_name'),
  },
});
