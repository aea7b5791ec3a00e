import { cameraReasons, cameraStates, type CameraReason, type CameraState } from '@choi-canh/shared/health';
import { EntitySchema } from 'typeorm';
import { choiceColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** One stretch of time in one state; exactly one row a camera has no end. */
export interface CameraStateIntervalRow {
  id: string;
  cameraId: string;
  state: CameraState;
  reason: CameraReason;
  detail: string;
  sinceAt: number;
  toAt: number | null;
}

export const cameraStateIntervalEntity = new EntitySchema<CameraStateIntervalRow>({
  name: 'camera_state_interval',
  tableName: 'camera_state_interval',
  columns: {
    id: idColumn('id', { primary: true }),
    cameraId: idColumn('camera_id'),
    state: choiceColumn('state', cameraStates, 'unknown'),
    reason: choiceColumn('reason', cameraReasons, 'unknown'),
    detail: textColumn('detail'),
    sinceAt: instantColumn('since_at'),
    toAt: instantColumn('to_at', { nullable: true }),
  },
});
