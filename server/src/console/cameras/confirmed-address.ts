import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { hostOf } from '../../lib/confirmed-hosts.js';
import type { DeviceRow } from './device.entity.js';

/** What is kept when the password of a device was typed for this address, and the device there took it. */
export function typedFor(
  deviceAddress: string,
  facts: Pick<IdentifyResponse, 'tlsKey' | 'oldTls' | 'deviceAddress'>,
  at: number,
): Pick<DeviceRow, 'deviceAddress' | 'confirmedHost' | 'confirmedBy' | 'passwordTypedAt' | 'tlsKey' | 'oldTls'> {
  return {
    deviceAddress: securedAddress(deviceAddress, facts.deviceAddress),
    confirmedHost: hostOf(deviceAddress),
    confirmedBy: 'typed',
    passwordTypedAt: at,
    tlsKey: facts.tlsKey ?? null,
    oldTls: facts.oldTls ?? false,
  };
}

/** The address over https where the device redirected there, on its own host alone; else the one that was typed. */
function securedAddress(typed: string, stated: string | undefined): string {
  if (stated === undefined || !typed.startsWith('http:') || !stated.startsWith('https:') || !URL.canParse(stated))
    return typed;
  const { username, password, hash, href } = new URL(stated);
  return username + password + hash === '' && hostOf(stated) === hostOf(typed) ? href : typed;
}
