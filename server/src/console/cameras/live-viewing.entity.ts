import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** Somebody watches a camera live. The row is there from before the first picture until its audit record is. */
export interface LiveViewingRow {
  id: string;
  sessionId: string;
  cameraId: string;
  /** As it was called when the viewing began. */
  cameraName: string;
  areaId: string;
  accountId: string;
  accountName: string;
  /** Peer address of the viewer. */
  address: string;
  beganAt: number;
  /** It went on at least until then; seconds behind while it does. */
  seenAt: number;
}

export const liveViewingEntity = new EntitySchema<LiveViewingRow>({
  name: 'live_viewing',
  tableName: 'live_viewing',
  columns: {
    id: idColumn('id', { primary: true }),
    sessionId: idColumn('session_id'),
    cameraId: idColumn('camera_id'),
    cameraName: textColumn('camera_name'),
    areaId: idColumn('area_id'),
    accountId: idColumn('account_id'),
    accountName: textColumn('account_name'),
    address: textColumn('address'),
    beganAt: instantColumn('began_at'),
    seenAt: instantColumn('seen_at'),
  },
});
