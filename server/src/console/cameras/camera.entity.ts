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
  /** The host, at any port, that its password may go to: a person confirmed that the camera is there. */
  confirmedHost: string;
  /** How: the password was typed for it, a person recognised it, its TLS key did, or it is from before this was asked. */
  confirmedBy: 'before' | 'typed' | 'answered' | 'key';
  /** When the password was typed last; 0: before this was noted. */
  passwordTypedAt: number;
  /** SHA-256 of the public key that it showed over https when its address was given; null over http. */
  tlsKey: string | null;
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
    confirmedHost: textColumn('confirmed_host'),
    confirmedBy: textColumn('confirmed_by'),
    passwordTypedAt: instantColumn('password_typed_at'),
    tlsKey: textColumn('tls_key', { nullable: true }),
    enabled: booleanColumn('enabled'),
    retentionDays: integerColumn('retention_days', { nullable: true }),
    audio: booleanColumn('audio'),
    mainStream: jsonColumn('main_stream', { nullable: true }),
    subStream: jsonColumn('sub_stream', { nullable: true }),
    createdAt: instantColumn('created_at'),
    retiredAt: instantColumn('deleted_at', { nullable: true }),
  },
});
