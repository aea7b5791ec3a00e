import { EntitySchema } from 'typeorm';
import { booleanColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** An address at which a device says that it is one of ours. Nothing of it is proven. */
export interface DeviceSightingRow {
  deviceId: string;
  deviceAddress: string;
  endpointReference: string;
  name: string;
  hardware: string;
  firstSeenAt: number;
  lastSeenAt: number;
  /** A person said that it is another device: it is not asked about again. */
  dismissed: boolean;
}

export const deviceSightingEntity = new EntitySchema<DeviceSightingRow>({
  name: 'device_sighting',
  tableName: 'device_sighting',
  columns: {
    deviceId: idColumn('device_id', { primary: true }),
    deviceAddress: textColumn('device_address', { primary: true }),
    endpointReference: textColumn('endpoint_reference'),
    name: textColumn('name'),
    hardware: textColumn('hardware'),
    firstSeenAt: instantColumn('first_seen_at'),
    lastSeenAt: instantColumn('last_seen_at'),
    dismissed: booleanColumn('dismissed'),
  },
});
