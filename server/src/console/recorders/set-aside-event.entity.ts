import type { SetAsideCause } from '@choi-canh/shared/recorders';
import { EntitySchema } from 'typeorm';
import { bigintColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** An event of a recorder that was not applied, or not whole, as it came. */
export interface SetAsideEventRow {
  id: string;
  recorderId: string;
  sequence: number;
  type: string;
  cause: SetAsideCause;
  /** What did not fit, or why it could not be applied; English, for technicians. */
  detail: string;
  /** When it happened, by the recorder; null where the event does not say so. */
  at: number | null;
  setAsideAt: number;
  state: 'waiting' | 'applied' | 'dismissed';
  /** The event's JSON. */
  body: string;
}

export const setAsideEventEntity = new EntitySchema<SetAsideEventRow>({
  name: 'recorder_event_aside',
  tableName: 'recorder_event_aside',
  columns: {
    id: idColumn('id', { primary: true }),
    recorderId: idColumn('recorder_id'),
    sequence: bigintColumn('sequence'),
    type: textColumn('type'),
    cause: textColumn('cause'),
    detail: textColumn('detail'),
    at: instantColumn('at', { nullable: true }),
    setAsideAt: instantColumn('set_aside_at'),
    state: textColumn('state'),
    body: textColumn('body'),
  },
});
