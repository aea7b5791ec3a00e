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
