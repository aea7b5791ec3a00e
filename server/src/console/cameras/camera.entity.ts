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
import type { DeviceRow } from './device.entity.js';

/** One channel of a device, as it is stored. */
export interface ChannelRow {
  id: string;
  areaId: string;
  recorderId: string;
  name: string;
  place: string;
  lat: number | null;
  lon: number | null;
  deviceId: string;
  /** ONVIF token of its video source; empty where the device states none, or has not been asked since it got channels. */
  sourceToken: string;
  /** As the device counts its inputs, from 1. */
  channelNumber: number;
  /** What the device calls it. */
  channelName: string;
  enabled: boolean;
  /** Its own choice; null: as its area has it. */
  retentionDays: number | null;
  audio: boolean;
  mainStream: StreamFacts | null;
  subStream: StreamFacts | null;
  createdAt: number;
  /** Since when it is out of use; its footage, states, tags and clips stay its own.  */
  retiredAt: number | null;
}

/** What a camera has of its device. */
export type DeviceFacts = Omit<DeviceRow, 'id' | 'recorderId' | 'createdAt' | 'retiredAt'>;
/** A camera: a channel, with what its device is. */
export type CameraRow = ChannelRow & DeviceFacts;

export const cameraEntity = new EntitySchema<ChannelRow>({
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
    deviceId: idColumn('device_id'),
    sourceToken: textColumn('source_token'),
    channelNumber: integerColumn('channel_number'),
    channelName: textColumn('channel_name'),
    enabled: booleanColumn('enabled'),
    retentionDays: integerColumn('retention_days', { nullable: true }),
    audio: booleanColumn('audio'),
    mainStream: jsonColumn('main_stream', { nullable: true }),
    subStream: jsonColumn('sub_stream', { nullable: true }),
    createdAt: instantColumn('created_at'),
    retiredAt: instantColumn('deleted_at', { nullable: true }),
  },
});
