import { EntitySchema } from 'typeorm';
import { idColumn, textColumn } from '../../platform/db/columns.js';

/** One word by which an incident is found (`indexedWords`). */
export interface IncidentWordRow {
  word: string;
  incidentId: string;
}

export const incidentWordEntity = new EntitySchema<IncidentWordRow>({
  name: 'incident_word',
  tableName: 'incident_word',
  columns: {
    word: textColumn('word', { primary: true }),
    incidentId: idColumn('incident_id', { primary: true }),
  },
});
