import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { escapeXml } from './soap.js';

/** How a camera's ONVIF services differ from what the standard asks, in ways that are met in the field. */
export const onvifMannerSchema = z.strictObject({
  /** What it understands: everything; SOAP 1.2 with the action named in Content-Type; SOAP 1.1. What it does not gets 200 and nothing. */
  soap: z.enum(['1.2', '1.2-action', '1.1']).default('1.2'),
  /** `brand`: as the brand has it. */
  authentication: z.enum(['brand', 'token', 'digest', 'basic']).default('brand'),
  /** `redirects`: http leads to https at another port. `old-tls`: TLS 1.0 alone. */
  transport: z.enum(['http', 'https', 'old-tls', 'redirects']).default('http'),
  /** `local`: it states no UTC. */
  time: z.enum(['utc', 'local']).default('utc'),
  /** XAddrs that hold two addresses with a blank between, the second one useless. */
  twoAddresses: z.boolean().default(false),
  streamUris: z.enum(['plain', 'raw-ampersand', 'escaped-twice', 'with-password']).default('plain'),
  around: z.enum(['nothing', 'bytes-behind', 'two-declarations', 'two-namespaces']).default('nothing'),
  /** Of faults; `standard` as SOAP 1.2 has it. */
  faultStatus: z.union([z.literal('standard'), z.literal(200), z.literal(400), z.literal(500)]).default('standard'),
  /** Offers Media2 (Profile T); default where a stream is H.265, which Media cannot name. */
  media2: z.boolean().optional(),
  endpointReference: z.enum(['urn', 'empty', 'none']).default('urn'),
  /** It has no ONVIF at all: nothing answers HTTP or discovery. */
  absent: z.boolean().default(false),
});
export type OnvifManner = z.infer<typeof onvifMannerSchema>;

/** Whether the device understands how a request is written (WS-I Basic Profile for 1.1; SOAP 1.2 part 2, 6.5.3). */
export function understands({ soap }: OnvifManner, request: IncomingMessage): boolean {
  const type = request.headers['content-type'] ?? '';
  if (soap === '1.1') return type.startsWith('text/xml') && request.headers.soapaction !== undefined;
  return soap === '1.2' || (type.startsWith('application/soap+xml') && /;\s*action="[^"]+"/.test(type));
}

export const contentTypeOf = ({ soap }: OnvifManner): string =>
  soap === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8';

/** An envelope as such a device writes it. */
export function inManner(
  manner: OnvifManner,
  envelope: string,
  account: { username: string; password: string },
): string {
  let text = envelope;
  if (manner.time === 'local') text = text.replace(/<tt:UTCDateTime>.*?<\/tt:UTCDateTime>/s, '');
  if (manner.twoAddresses)
    text = text.replace(/<(t\w+:XAddr)>([^<]*)</g, '<$1>$2 http://169.254.1.1/onvif/device_service<');
  text = text.replace(
    /<(t\w+:Uri)>(rtsp:[^<]*)</g,
    (_whole, name: string, uri: string) => `<${name}>${uriOf(manner, uri, account)}<`,
  );
  if (manner.soap === '1.1')
    text = faultOf11(text).replace(
      'http://www.w3.org/2003/05/soap-envelope',
      'http://schemas.xmlsoap.org/soap/envelope/',
    );
  const namespace = 'xmlns:tt="http://www.onvif.org/ver10/schema"';
  if (manner.around === 'two-namespaces') text = text.replace(namespace, `${namespace} ${namespace}`);
  if (manner.around === 'two-declarations') return `<?xml version="1.0" encoding="UTF-8"?>\n${text}`;
  return manner.around === 'bytes-behind' ? `${text}0\r\n` : text;
}

function uriOf(
  { streamUris }: OnvifManner,
  uri: string,
  { username, password }: { username: string; password: string },
): string {
  if (streamUris === 'raw-ampersand') return uri.replaceAll('&amp;', '&');
  if (streamUris === 'escaped-twice') return uri.replaceAll('&amp;', '&amp;amp;');
  return streamUris === 'with-password'
    ? uri.replace('rtsp://', `rtsp://${escapeXml(`${username}:${password}`)}@`)
    : uri;
}

/** Code and reason of a SOAP 1.2 fault in the elements of 1.1 (SOAP 1.1, 4.4). */
function faultOf11(text: string): string {
  const code = [...text.matchAll(/<env:Value>([^<]*)</g)].at(-1)?.[1];
  const reason = /<env:Text[^>]*>([^<]*)</.exec(text)?.[1];
  if (code === undefined || reason === undefined) return text;
  const fault = `<env:Fault><faultcode>${code}</faultcode><faultstring>${reason}</faultstring></env:Fault>`;
  return text.replace(/<env:Fault>.*<\/env:Fault>/s, fault);
}
