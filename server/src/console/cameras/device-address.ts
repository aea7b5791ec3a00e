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
