import { AppError } from '../../lib/errors.js';

const maxUrlLength = 500;

/** @throws AppError invalid `bad_device_address` unless the text is an http or https URL of bounded length without credentials. */
export function parseDeviceAddress(text: string): URL {
  let url: URL | undefined;
  try {
    url = text.length <= maxUrlLength ? new URL(text) : undefined;
  } catch {
    url = undefined;
  }
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.hostname === '' ||
    url.username + url.password !== ''
  ) {
    throw new AppError('invalid', 'bad_device_address', 'a device address is an http or https URL without credentials');
  }
  return url;
}

/**
 * Where a service of the camera is, from the XAddr it reported. Cameras report addresses of another network, of a
 * link-local interface or of a factory default; we reached the camera at `device`, so that host is used. It also means
 * that credentials are sent to no host but the one a person typed or a probe found. Behind another host the reported port
 * means nothing either; on the same host it is kept.
 */
export function serviceUrl(device: URL, reported: string): URL {
  let url: URL;
  try {
    url = new URL(reported.slice(0, maxUrlLength));
  } catch {
    return new URL(device);
  }
  if (!/^https?:$/.test(url.protocol)) return new URL(device);
  const result = new URL(url.hostname === device.hostname ? url.origin : device.origin);
  result.pathname = url.pathname;
  result.search = url.search;
  return result;
}

/**
 * The address of a stream on the camera's own host, without credentials. The reported port is kept: RTSP has its own.
 * @throws AppError unavailable `bad_answer` when it is no RTSP address.
 */
export function streamUrl(device: URL, reported: string): string {
  const match = /^(rtsps?):\/\/(?:[^/?#@]*@)?(\[[^\]/]*\]|[^/:?#]*)(?::(\d{1,5}))?([/?#].*)?$/i.exec(reported.trim());
  // eslint-disable-next-line no-control-regex -- control characters would end a line of an RTSP request
  if (match === null || reported.length > 2000 || /[\u0000-\u0020\u007f]/.test(reported.trim())) {
    throw new AppError('unavailable', 'bad_answer', 'the camera reported no RTSP address', {
      details: { reason: 'bad_answer' },
    });
  }
  const [, scheme = 'rtsp', , port, rest] = match;
  return `${scheme.toLowerCase()}://${device.hostname}${port === undefined ? '' : `:${port}`}${rest ?? '/'}`;
}

/** Like {@link streamUrl} for a picture address over HTTP. */
export function pictureUrl(device: URL, reported: string): string {
  if (!/^https?:\/\//i.test(reported)) {
    throw new AppError('unavailable', 'bad_answer', 'the camera reported no picture address', {
      details: { reason: 'bad_answer' },
    });
  }
  return serviceUrl(device, reported).href;
}
