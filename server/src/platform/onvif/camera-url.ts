import { AppError } from '../../lib/errors.js';

const maxUrlLength = 500;
const maxReportedLength = 2000;
const maxAddresses = 8;

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

/** Addresses that escape `&` twice or thrice are what their author meant: `&amp;` is nowhere part of one. */
function unescaped(reported: string): string {
  let text = reported.slice(0, maxReportedLength);
  for (let round = 0; round < 3 && /&(?:amp|#38|#x26);/i.test(text); round += 1) {
    text = text.replace(/&(?:amp|#38|#x26);/gi, '&');
  }
  return text;
}

/** Nobody reaches these; cameras list them beside the one that counts. */
const isUseless = ({ hostname }: URL): boolean => /^(?:169\.254\.|127\.|0\.0\.0\.0$|\[fe80:)/i.test(hostname);

/** The one of the reported addresses that counts: on the host that we reached, else the first that somebody can reach. */
function chosenUrl(device: URL, reported: string): URL | undefined {
  const urls = unescaped(reported)
    .split(/\s+/)
    .slice(0, maxAddresses)
    .flatMap((text) => (text.length <= maxUrlLength && URL.canParse(text) ? [new URL(text)] : []))
    .filter((url) => /^https?:$/.test(url.protocol) && url.hostname !== '');
  return urls.find((url) => url.hostname === device.hostname) ?? urls.find((url) => !isUseless(url)) ?? urls[0];
}

/**
 * Where a service of the camera is, from the XAddr it reported, in which several addresses may stand. Cameras report
 * addresses of another network, of a link-local interface or of a factory default; we reached the camera at `device`, so
 * that host is used. It also means that credentials are sent to no host but the one a person typed or a probe found. Behind
 * another host the reported port means nothing either; on the same host it is kept, but never from https down to http.
 */
export function serviceUrl(device: URL, reported: string): URL {
  const url = chosenUrl(device, reported);
  if (url === undefined) return new URL(device);
  const isDown = device.protocol === 'https:' && url.protocol === 'http:';
  const result = new URL(url.hostname === device.hostname && !isDown ? url.origin : device.origin);
  result.pathname = url.pathname;
  result.search = url.search;
  return result;
}

const authority = /^(\[[^\]/?#@]*\]|[^/:?#@\s]*)(?::(\d{1,5}))?(?=[/?#]|$)/;

const isAddress = (host: string): boolean => host.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
const isDottedName = (host: string): boolean => /^[\w-]+(?:\.[\w-]+)+$/.test(host);

/**
 * Host and what follows it, without credentials. A password may hold `/`, `?`, `#` and `@`, unescaped, and so may a path:
 * credentials end at the last `@` behind which an address stands, else a name with a dot, else anything like a host.
 */
function withoutCredentials(rest: string, deviceHost: string): string {
  const hostOf = (text: string) => authority.exec(text)?.[1];
  const first = hostOf(rest) ?? '';
  if (!rest.includes('@') || first === deviceHost || isAddress(first) || isDottedName(first)) return rest;
  const behind = [...rest.matchAll(/@/g)].map(({ index }) => rest.slice(index + 1)).reverse();
  const kinds = [(host: string) => host === deviceHost || isAddress(host), isDottedName, () => true];
  for (const kind of kinds) {
    const found = behind.find((text) => {
      const host = hostOf(text);
      return host !== undefined && kind(host);
    });
    if (found !== undefined) return found;
  }
  return rest;
}

/**
 * The address of a stream on the camera's own host, without credentials. The reported port is kept: RTSP has its own.
 * @throws AppError unavailable `bad_answer` when it is no RTSP address.
 */
export function streamUrl(device: URL, reported: string): string {
  const text = unescaped(reported).trim();
  const match = /^(rtsps?):\/\/(.+)$/i.exec(text);
  const rest = match === null ? '' : withoutCredentials(match[2] ?? '', device.hostname);
  const found = authority.exec(rest);
  // eslint-disable-next-line no-control-regex -- control characters would end a line of an RTSP request
  if (match === null || found === null || reported.length > maxReportedLength || /[\u0000-\u0020\u007f]/.test(text)) {
    throw new AppError('unavailable', 'bad_answer', 'the camera reported no RTSP address', {
      details: { reason: 'bad_answer' },
    });
  }
  const path = rest.slice(found[0].length);
  const port = found[2] === undefined ? '' : `:${found[2]}`;
  return `${(match[1] ?? 'rtsp').toLowerCase()}://${device.hostname}${port}${path === '' ? '/' : path}`;
}

/** Like {@link streamUrl} for a picture address over HTTP. */
export function pictureUrl(device: URL, reported: string): string {
  if (!/^\s*https?:\/\//i.test(reported)) {
    throw new AppError('unavailable', 'bad_answer', 'the camera reported no picture address', {
      details: { reason: 'bad_answer' },
    });
  }
  return serviceUrl(device, reported).href;
}
