// RTSP addresses: which are taken at all, and how the control attributes of a session description become those of
// SETUP and PLAY (RFC 2326 C.1.1).
import { IngestFailure } from '../ingest-failure.js';

export const defaultRtspPort = 554;
/** RTSP over TLS (RFC 7826 19.4). */
const defaultSecurePort = 322;
const maxAddressLength = 2048;
// eslint-disable-next-line no-control-regex -- what would end a request line
const unsafe = /[\s\u0000-\u001f\u007f]/;

/** Without credentials. @throws IngestFailure bad_answer */
export function rtspAddress(text: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(text);
  } catch {
    throw new IngestFailure('bad_answer', 'the camera names no valid stream address');
  }
  const isRtsp = parsed.protocol === 'rtsp:' || parsed.protocol === 'rtsps:';
  if (!isRtsp || parsed.hostname === '' || text.length > maxAddressLength || unsafe.test(text))
    throw new IngestFailure('bad_answer', 'the camera names no RTSP address');
  parsed.username = '';
  parsed.password = '';
  return parsed;
}

/** Where a connection to the address goes. */
export function endpointOf(address: URL): { host: string; port: number; key: string } {
  const host = address.hostname.replace(/^\[|\]$/g, '');
  const usual = address.protocol === 'rtsps:' ? defaultSecurePort : defaultRtspPort;
  const port = address.port === '' ? usual : Number(address.port);
  return { host, port, key: `${host.toLowerCase()} ${port}` };
}

/** The base of relative controls: what the answer to DESCRIBE says, where it can be used, else the request's address. */
export function baseAddress(stated: readonly (string | undefined)[], requested: string): string {
  for (const one of stated) {
    if (one === undefined || one === '') continue;
    try {
      // Some cameras write the scheme twice.
      const once = one.replace(/^(?:rtsps?:\/\/)+(?=rtsps?:\/\/)/i, '');
      // Not as URL writes it: a server compares letter by letter, and URL would drop nothing but also add.
      rtspAddress(once);
      return once.replace(/^(rtsps?:\/\/)[^/@?#]*@/i, '$1');
    } catch {
      continue; // relative or of another protocol
    }
  }
  return requested;
}

/**
 * Addresses that a control attribute may mean, the likeliest first; never empty. Controls are appended to the base, also
 * behind its query, as cameras with queries in their addresses expect; strictly by RFC 3986 only where that fails.
 * @throws IngestFailure bad_answer
 */
export function controlAddresses(base: string, control: string): string[] {
  if (control === '' || control === '*') return [base];
  if (control.length > maxAddressLength || unsafe.test(control))
    throw new IngestFailure('bad_answer', 'the camera names no valid track address');
  if (/^rtsps?:\/\//i.test(control)) {
    rtspAddress(control);
    return [control.replace(/^(rtsps?:\/\/)[^/@?#]*@/i, '$1')];
  }
  const joined = base.endsWith('/') || control.startsWith('?') ? `${base}${control}` : `${base}/${control}`;
  const query = base.indexOf('?');
  const found: string[] = [];
  // `//` begins a host of its own (RFC 3986 4.2), which may be none: then only the joined address is left.
  if (control.startsWith('/') && URL.canParse(control, base)) found.push(new URL(control, base).href);
  found.push(control.startsWith('/') ? joined.replace(/([^:/])\/\/+/g, '$1/') : joined);
  if (query > 0) {
    const path = base.slice(0, query);
    found.push(
      `${path}${path.endsWith('/') ? '' : '/'}${control.replace(/^\//, '')}${base.slice(query).replace(/\/$/, '')}`,
    );
  }
  return [...new Set(found)];
}
