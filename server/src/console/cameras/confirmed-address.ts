import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { hostOf } from '../../lib/confirmed-hosts.js';
import type { DeviceRow } from './device.entity.js';

/** What is kept when the password of a device was typed for this address, and the device there took it. */
export function typedFor(
  deviceAddress: string,
  facts: Pick<IdentifyResponse, 'tlsKey'>,
  at: number,
): Pick<DeviceRow, 'deviceAddress' | 'confirmedHost' | 'confirmedBy' | 'passwordTypedAt' | 'tlsKey'> {
  return {
    deviceAddress,
    confirmedHost: hostOf(deviceAddress),
    confirmedBy: 'typed',
    passwordTypedAt: at,
    tlsKey: facts.tlsKey ?? null,
  };
}
