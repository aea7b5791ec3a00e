import { EntitySchema } from 'typeorm';
import { booleanColumn, integerColumn, textColumn } from '../../platform/db/columns.js';

/** An entry of any list of names: what people read for a code, in both languages. */
export interface NameRow {
  code: string;
  vi: string;
  en: string;
  /** Place in its list, from 0. */
  position: number;
  /** Kept for what bears it, not offered any more. */
  retired: boolean;
}

export type NameEntity = EntitySchema<NameRow>;

const nameEntity = (table: string): NameEntity =>
  new EntitySchema<NameRow>({
    name: table,
    tableName: table,
    columns: {
      code: textColumn('code', { primary: true }),
      vi: textColumn('vi'),
      en: textColumn('en'),
      position: integerColumn('position'),
      retired: booleanColumn('retired'),
    },
  });

export const roleNameEntity = nameEntity('role_name');
export const areaLevelEntity = nameEntity('area_level');
export const reportTextEntity = nameEntity('report_text');
export const nameEntities = [roleNameEntity, areaLevelEntity, reportTextEntity];
