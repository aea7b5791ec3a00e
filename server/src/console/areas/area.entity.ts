import type { AreaLevel } from '@choi-canh/shared/areas';
import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, integerColumn, realColumn, textColumn } from '../../platform/db/columns.js';

export interface AreaRow {
  id: string;
  parentId: string | null;
  name: string;
  level: AreaLevel;
  code: string;
  /** Materialised path, `/<root id>/…/<own id>/`: a descendant's path starts with its ancestor's. */
  path: string;
  centreLat: number | null;
  centreLon: number | null;
  /** Days that footage is kept here and below; null: as above. */
  retentionDays: number | null;
  createdAt: number;
}

export const areaEntity = new EntitySchema<AreaRow>({
  name: 'area',
  columns: {
    id: idColumn('id', { primary: true }),
    parentId: idColumn('parent_id', { nullable: true }),
    name: textColumn('name'),
    level: textColumn('level'),
    code: textColumn('code'),
    path: textColumn('path'),
    centreLat: realColumn('centre_lat', { nullable: true }),
    centreLon: realColumn('centre_lon', { nullable: true }),
    retentionDays: integerColumn('retention_days', { nullable: true }),
    createdAt: instantColumn('created_at'),
  },
});
