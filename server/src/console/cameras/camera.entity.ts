import type { StreamFacts } from '@choi-canh/shared/cameras';
import { EntitySchema } from 'typeorm';
import {
  booleanColumn,
  idColumn,
  instantColumn,
  integerColumn,
  jsonColumn,
  realColumn,
  textColumn,
} from '../../platform/db/columns.js';

export interface CameraRow {
  id: string;
  areaId: string;
  recorderId: string;
  name: string;
  place: string;
  lat: number | null;
  lon: number | null;
  deviceAddress: string;
  endpointReference: string;
  manufacturer: string;
  model: string;
  serialNumber: string;
  firmwareVersion: string;
  username: string;
  /** Password, sealed; bound to the camera's id. */
  passwordBox: string;
  enabled: boolean;
  /** Its own choice; null: as its area has it. */
  retentionDays: number | null;
  audio: boolean;
  mainStream: StreamFacts | null;
  subStream: StreamFacts | null;
  createdAt: number;
  /** Since when it is out of use; its footage, states, tags and clips stay its own. It has no password then. */
  retiredAt: number | null;
}

export const cameraEntity = new EntitySchema<CameraRow>({
  name: 'camera',
  tableName: 'camera',
  columns: {
    id: idColumn('id', { primary: true }),
    areaId: idColumn('area_id'),
    recorderId: idColumn('recorder_id'),
    name: textColumn('name'),
    place: textColumn('place'),
    lat: realColumn('lat', { nullable: true }),
    lon: realColumn('lon', { nullable: true }),
    deviceAddress: textColumn('device_address'),
    endpointReference: textColumn('endpoint_reference'),
    manufacturer: textColumn('manufacturer'),
    model: textColumn('model'),
    serialNumber: textColumn('serial_number'),
    firmwareVersion: textColumn('firmware_version'),
    username: textColumn('username'),
    passwordBox: textColumn('password_box'),
    enabled: booleanColumn('enabled'),
    retentionDays: integerColumn('retention_days', { nullable: true }),
    audio: booleanColumn('audio'),
    mainStream: jsonColumn('main_stream', { nullable: true }),
    subStream: jsonColumn('sub_stream', { nullable: true }),
    createdAt: instantColumn('created_at'),
    retiredAt: instantColumn('deleted_at', { nullable: true }),
  },
});
