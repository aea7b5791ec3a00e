import type { KnownCamera } from '@choi-canh/shared/recorder-api';
import { hostOf } from '../../lib/confirmed-hosts.js';
import type { DeviceRow } from './device.entity.js';

/**
 * The device of a camera that a recorder knows and this database does not. As the recorder had it confirmed: its password stays
 * there, and goes nowhere else. What it is, is learnt when it is asked.
 */
export function adoptedDevice(known: KnownCamera, id: string, recorderId: string, createdAt: number): DeviceRow {
  const { deviceAddress, username, confirmedHosts, plainPassword, passwordTypedAt, tlsKey } = known;
  return {
    ...{ id, recorderId, kind: 'camera', deviceAddress, endpointReference: '', username, createdAt },
    ...{ manufacturer: '', model: '', serialNumber: '', firmwareVersion: '', passwordBox: '' },
    confirmedHost: confirmedHosts?.[0] ?? (URL.canParse(deviceAddress) ? hostOf(deviceAddress) : ''),
    confirmedBy: plainPassword !== false ? 'before' : tlsKey ? 'key' : 'answered',
    ...{ passwordTypedAt: passwordTypedAt ?? 0, tlsKey: tlsKey ?? null, oldTls: false, retiredAt: null },
  };
}
