import type { clipStates, ClipFile } from '@choi-canh/shared/evidence';
import { EntitySchema } from 'typeorm';
import {
  booleanColumn,
  idColumn,
  instantColumn,
  jsonColumn,
  realColumn,
  textColumn,
} from '../../platform/db/columns.js';

/** A clip and its place in the extraction queue. */
export interface ClipRow {
  id: string;
  incidentId: string;
  cameraId: string;
  recorderId: string;
  holdId: string | null;
  fromAt: number;
  toAt: number;
  state: (typeof clipStates)[number];
  /** 0…1 */
  progress: number;
  errorCode: string | null;
  note: string;
  files: ClipFile[];
  /** The recorder may still have its copy; it is told to forget it. */
  recorderCopy: boolean;
  createdAt: number;
  createdById: string;
  createdByName: string;
  finishedAt: number | null;
  /** Deleted by a person; the row goes when its files are gone. */
  deletedAt: number | null;
}

export const clipEntity = new EntitySchema<ClipRow>({
  name: 'clip',
  tableName: 'clip',
  columns: {
    id: idColumn('id', { primary: true }),
    incidentId: idColumn('incident_id'),
    cameraId: idColumn('camera_id'),
    recorderId: idColumn('recorder_id'),
    holdId: idColumn('hold_id', { nullable: true }),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    state: textColumn('state'),
    progress: realColumn('progress'),
    errorCode: textColumn('error_code', { nullable: true }),
    note: textColumn('note'),
    files: jsonColumn('files'),
    recorderCopy: booleanColumn('recorder_copy'),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id'),
    createdByName: textColumn('created_by_name'),
    finishedAt: instantColumn('finished_at', { nullable: true }),
    deletedAt: instantColumn('deleted_at', { nullable: true }),
  },
});
