import type { holdCauseKinds, holdStates } from '@choi-canh/shared/evidence';
import { EntitySchema } from 'typeorm';
import { bigintColumn, booleanColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

export type HoldState = (typeof holdStates)[number];

/** One for each camera and incident. */
export interface HoldRow {
  id: string;
  /** Null: a recorder holds footage of which no incident here is known. */
  incidentId: string | null;
  /** May be one that is not known here. */
  cameraId: string;
  /** Where the footage lies; a camera may have another recorder by now. */
  recorderId: string;
  /** Follows from its ranges: pending before held before releasing before released. */
  state: HoldState;
  /** What the recorder was told by whom it held this for. */
  foreignIncidentId: string | null;
  foreignIncidentNumber: string;
  createdAt: number;
  createdById: string | null;
  createdByName: string;
}

/** A range as the recorder keeps it. It never changes but for its state. */
export interface HoldRangeRow {
  id: string;
  holdId: string;
  recorderId: string;
  cameraId: string;
  fromAt: number;
  toAt: number;
  state: HoldState;
  /** `holdHash` */
  hash: number;
  /** Footage of it had been deleted when the recorder got it. */
  gone: boolean;
}

/** Why a range is held. */
export interface HoldCauseRow {
  id: string;
  holdId: string;
  kind: (typeof holdCauseKinds)[number];
  /** Of the tag or clip. */
  subjectId: string | null;
  fromAt: number;
  toAt: number;
  createdAt: number;
  createdById: string | null;
  createdByName: string;
  releasedAt: number | null;
  releasedByName: string;
  releaseReason: string;
}

export const holdEntity = new EntitySchema<HoldRow>({
  name: 'hold',
  tableName: 'hold',
  columns: {
    id: idColumn('id', { primary: true }),
    incidentId: idColumn('incident_id', { nullable: true }),
    cameraId: idColumn('camera_id'),
    recorderId: idColumn('recorder_id'),
    state: textColumn('state'),
    foreignIncidentId: idColumn('foreign_incident_id', { nullable: true }),
    foreignIncidentNumber: textColumn('foreign_incident_number'),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id', { nullable: true }),
    createdByName: textColumn('created_by_name'),
  },
});

export const holdRangeEntity = new EntitySchema<HoldRangeRow>({
  name: 'hold_range',
  tableName: 'hold_range',
  columns: {
    id: idColumn('id', { primary: true }),
    holdId: idColumn('hold_id'),
    recorderId: idColumn('recorder_id'),
    cameraId: idColumn('camera_id'),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    state: textColumn('state'),
    hash: bigintColumn('hash'),
    gone: booleanColumn('gone'),
  },
});

export const holdCauseEntity = new EntitySchema<HoldCauseRow>({
  name: 'hold_cause',
  tableName: 'hold_cause',
  columns: {
    id: idColumn('id', { primary: true }),
    holdId: idColumn('hold_id'),
    kind: textColumn('kind'),
    subjectId: idColumn('subject_id', { nullable: true }),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    createdAt: instantColumn('created_at'),
    createdById: idColumn('created_by_id', { nullable: true }),
    createdByName: textColumn('created_by_name'),
    releasedAt: instantColumn('released_at', { nullable: true }),
    releasedByName: textColumn('released_by_name'),
    releaseReason: textColumn('release_reason'),
  },
});

export const holdEntities = [holdEntity, holdRangeEntity, holdCauseEntity];
