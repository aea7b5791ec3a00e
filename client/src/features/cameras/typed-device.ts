import { rtspUrlSchema } from '@choi-canh/shared/rtsp-address';

/** What a person typed as the address of one camera. */
export type TypedDevice =
  | { kind: 'onvif'; deviceAddress: string }
  | { kind: 'rtsp'; url: string }
  | { kind: 'wrong' }
  | { kind: 'credentials' };

/** As the server takes them. */
export const maxDeviceAddressLength = 500;
/** Where every ONVIF device answers (ONVIF Core, 5.1.1: entry point of the device service). */
const deviceServicePath = '/onvif/device_service';
/** As of a network: 192.168.1.0/24. */
const range = /^[\d.]+\/\d{1,2}$/;
const dotted = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * The device service behind an address, a host with or without a port, or a whole URL; the address of a stream is distinguished
 * apart. A user name or a password is refused there: addresses are shown and kept.
 */
export function typedDevice(text: string): TypedDevice {
  const typed = text.trim();
  if (typed === '' || typed.length > maxDeviceAddressLength || /\s/.test(typed) || range.test(typed))
    return { kind: 'wrong' };
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  // Wherever it stands: a password may hold a slash.
  if (typed.includes('@')) return { kind: 'credentials' };
  const [authority = ''] = (scheme === undefined ? typed : typed.slice(scheme.length + 3)).split(/[/?#]/);
  if (scheme === 'rtsp' || scheme === 'rtsps') {
    return rtspUrlSchema.safeParse(typed).success ? { kind: 'rtsp', url: typed } : { kind: 'wrong' };
  }
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') return { kind: 'wrong' };
  const whole = scheme === undefined ? `http://${typed}` : typed;
  if (!URL.canParse(whole)) return { kind: 'wrong' };
  const url = new URL(whole);
  // `URL` completes "192.168.1" and reads numbers in other bases: that is not the host that was typed.
  const host = authority.replace(/:\d*$/, '').toLowerCase();
  const isPlainHost = host.startsWith('[') || (host === url.hostname && /^[a-z\d.-]+$/.test(host));
  if (!isPlainHost || (/^[\d.]+$/.test(host) && !dotted.test(host))) return { kind: 'wrong' };
  if (url.pathname === '/' && url.search === '') url.pathname = deviceServicePath;
  url.hash = '';
  return { kind: 'onvif', deviceAddress: url.href };
}
