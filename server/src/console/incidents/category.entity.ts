import { EntitySchema } from 'typeorm';
import { booleanColumn, integerColumn, textColumn } from '../../platform/db/columns.js';

export interface CategoryRow {
  code: string;
  vi: string;
  en: string;
  /** Place in the catalogue, from 0. */
  position: number;
  /** Not offered for new incidents any more. */
  retired: boolean;
}

export const categoryEntity = new EntitySchema<CategoryRow>({
  name: 'incident_category',
  tableName: 'incident_category',
  columns: {
    code: textColumn('code', { primary: true }),
    vi: textColumn('vi'),
    en: textColumn('en'),
    position: integerColumn('position'),
    retired: booleanColumn('retired'),
  },
});
