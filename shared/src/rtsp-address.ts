import { z } from 'zod';

export const maxRtspUrlLength = 1000;
const pattern =
  /^rtsps?:\/\/(?:\[[0-9a-f:.]+\]|[^\s/:?#@[\]]+)(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?(?:[/?#]\S*)?$/i;

/** RTSP address of a stream (RFC 2326, 3.2), without user name and password. */
export const rtspUrlSchema = z
  .string()
  .max(maxRtspUrlLength)
  .regex(pattern)
  // eslint-disable-next-line no-control-regex -- they would end a line of a request
  .refine((text) => !/[\u0000-\u0020\u007f]/.test(text));

/**
 * An RTSP address, or the part of it behind the host, as it may be shown: values of parameters that are called a password
 * become `***` (some cameras take theirs there, `…/user=admin&password=x&channel=1` or with `_` between). What stands for the
 * device's own (`{password}`) stays.
 */
export function withoutPasswords(address: string): string {
  return address.replace(
    /(?<![a-z])((?:password|passwd|pass|pwd)=)(?!\{password(?::[a-z]+)?\}).*?(?=[&;?#/]|_(?:channel|stream|user)\b|_[a-z]+=|$)/gi,
    '$1***',
  );
}
