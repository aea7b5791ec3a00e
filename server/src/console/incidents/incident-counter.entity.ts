import { EntitySchema } from 'typeorm';
import { integerColumn, textColumn } from '../../platform/db/columns.js';

/** Last running number of a year and area mark. */
export interface IncidentCounterRow {
  year: number;
  code: string;
  last: number;
}

export const incidentCounterEntity = new EntitySchema<IncidentCounterRow>({
  name: 'incident_counter',
  tableName: 'incident_counter',
  columns: {
    year: integerColumn('year', { primary: true }),
    code: textColumn('code', { primary: true }),
    last: integerColumn('last'),
  },
});
