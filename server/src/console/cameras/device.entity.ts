import type { DeviceKind } from '@choi-canh/shared/cameras';
import { EntitySchema } from 'typeorm';
import { booleanColumn, choiceColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** What stands at an address: a camera, an encoder, or an NVR with many channels. */
export interface DeviceRow {
  id: string;
  recorderId: string;
  kind: DeviceKind;
  deviceAddress: string;
  endpointReference: string;
  manufacturer: string;
  model: string;
  serialNumber: string;
  firmwareVersion: string;
  username: string;
  /** Password of all its channels, sealed; bound to the device's id. */
  passwordBox: string;
  /** The host, at any port, that its password may go to: a person confirmed that the device is there. */
  confirmedHost: string;
  /** How: the password was typed for it, a person recognised it, its TLS key did, or it is from before this was asked. */
  confirmedBy: 'before' | 'typed' | 'answered' | 'key';
  /** When the password was typed last; 0: before this was noted. */
  passwordTypedAt: number;
  /** SHA-256 of the public key that it showed over https when its address was given; null over http. */
  tlsKey: string | null;
  /** It speaks only TLS that is out of date, as far as it was asked. */
  oldTls: boolean;
  createdAt: number;
  /** Since when none of its channels is in use. It has no password then. */
  retiredAt: number | null;
}

export const deviceEntity = new EntitySchema<DeviceRow>({
  name: 'device',
  tableName: 'device',
  columns: {
    id: idColumn('id', { primary: true }),
    recorderId: idColumn('recorder_id'),
    kind: choiceColumn<DeviceKind>('kind', ['camera', 'encoder', 'nvr'], 'camera'),
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
    oldTls: booleanColumn('old_tls'),
    createdAt: instantColumn('created_at'),
    retiredAt: instantColumn('deleted_at', { nullable: true }),
  },
});
