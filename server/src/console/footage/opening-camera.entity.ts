import { EntitySchema } from 'typeorm';
import { idColumn } from '../../platform/db/columns.js';

export interface OpeningCameraRow {
  openingId: string;
  cameraId: string;
}

export const openingCameraEntity = new EntitySchema<OpeningCameraRow>({
  name: 'opening_camera',
  tableName: 'opening_camera',
  columns: {
    openingId: idColumn('opening_id', { primary: true }),
    cameraId: idColumn('camera_id', { primary: true }),
  },
});
