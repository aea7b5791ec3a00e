import type { AddressRules } from '../../lib/address-rules.js';
import { AppError } from '../../lib/errors.js';

/**
 * One way to write the address of a device service, so that the same device is recognised: lower-case host, no default
 * port, no credentials, no fragment. @throws AppError invalid `bad_device_address` unless it is http or https.
 */
export function normalDeviceAddress(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new AppError('invalid', 'bad_device_address', 'not the address of a device service');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new AppError('invalid', 'bad_device_address', 'a device service is reached over http or https');
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return url.href;
}

/**
 * The same, of an address that a camera may have. What a name resolves to is judged by the recorder, which connects.
 * @throws AppError invalid `bad_device_address`, `address_not_allowed`
 */
export function usableDeviceAddress(address: string, rules: AddressRules): string {
  const normal = normalDeviceAddress(address);
  rules.checkHost(new URL(normal).hostname);
  return normal;
}
