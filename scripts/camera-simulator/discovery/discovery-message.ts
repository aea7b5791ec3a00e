import { XMLParser } from 'fast-xml-parser';
import { child, escapeXml, textAt, type XmlValue } from '../onvif/soap.js';

const discoveryNamespace = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const addressingNamespace = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';
const anonymous = `${addressingNamespace}/role/anonymous`;
const deviceNamespace = 'http://www.onvif.org/ver10/device/wsdl';
const networkNamespace = 'http://www.onvif.org/ver10/network/wsdl';
const scopesByPrefix = `${discoveryNamespace}/rfc3986`;
const scopesByString = `${discoveryNamespace}/strcmp0`;
const cameraTypes = new Set([`${networkNamespace} NetworkVideoTransmitter`, `${deviceNamespace} Device`]);

export interface DiscoveryRequest {
  readonly kind: 'probe' | 'resolve';
  readonly messageId: string;
  /** `namespace local-name` of each type asked for. */
  readonly types: readonly string[];
  readonly scopes: readonly string[];
  readonly matchBy: string;
  /** Of a resolve. */
  readonly address: string;
}

/** What of a camera a discovery message speaks of. */
export interface DiscoveryTarget {
  /** `urn:uuid:…`, the same for the life of the camera; empty: it says so; undefined: it has no reference. */
  readonly urn: string | undefined;
  readonly scopes: readonly string[];
  readonly deviceAddress: string;
}

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  ignoreDeclaration: true,
});

/** Reads a Probe or Resolve (WS-Discovery, April 2005, 5.2 and 6.2); undefined for any other datagram. */
export function parseDiscoveryRequest(datagram: Buffer): DiscoveryRequest | undefined {
  const text = datagram.toString('utf8');
  let document: XmlValue;
  try {
    document = parser.parse(text, true) as XmlValue;
  } catch {
    return undefined; // junk is not answered
  }
  const envelope = child(document, 'Envelope');
  const body = child(envelope, 'Body');
  const messageId = textAt(envelope, 'Header', 'MessageID');
  if (typeof body !== 'object' || messageId === undefined) return undefined;
  const kind = 'Probe' in body ? 'probe' : 'Resolve' in body ? 'resolve' : undefined;
  if (
    !kind ||
    textAt(envelope, 'Header', 'Action') !== `${discoveryNamespace}/${kind === 'probe' ? 'Probe' : 'Resolve'}`
  )
    return undefined;
  const probe = child(body, 'Probe');
  return {
    kind,
    messageId,
    types: words(textAt(probe, 'Types')).map((name) => qualified(name, text)),
    scopes: words(textAt(probe, 'Scopes')),
    matchBy: textAt(child(probe, 'Scopes'), '@MatchBy') ?? scopesByPrefix,
    address: textAt(child(body, 'Resolve'), 'EndpointReference', 'Address') ?? '',
  };
}

/** Whether a camera has to answer (WS-Discovery 5.3, 5.1 for scopes). */
export function matches(request: DiscoveryRequest, target: DiscoveryTarget): boolean {
  if (request.kind === 'resolve') return request.address === target.urn;
  if (!request.types.every((type) => cameraTypes.has(type))) return false;
  return request.scopes.every((wanted) => target.scopes.some((scope) => scopeMatches(scope, wanted, request.matchBy)));
}

function scopeMatches(scope: string, wanted: string, matchBy: string): boolean {
  if (matchBy === scopesByString) return scope === wanted;
  if (matchBy !== scopesByPrefix) return false;
  const segments = wanted.replace(/\/$/, '').split('/');
  const own = scope.split('/');
  // Scheme and authority are compared without regard to case, whole segments of the path exactly.
  return segments.every((segment, index) =>
    index < 3 ? segment.toLowerCase() === own[index]?.toLowerCase() : segment === own[index],
  );
}

/** ProbeMatches or ResolveMatches for one camera. */
export function buildDiscoveryAnswer(
  request: DiscoveryRequest,
  target: DiscoveryTarget,
  sequence: { messageId: string; instanceId: number; messageNumber: number },
): Buffer {
  const name = request.kind === 'probe' ? 'ProbeMatch' : 'ResolveMatch';
  const match =
    (target.urn === undefined
      ? ''
      : `<wsa:EndpointReference><wsa:Address>${target.urn}</wsa:Address></wsa:EndpointReference>`) +
    '<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>' +
    `<d:Scopes>${target.scopes.map(escapeXml).join(' ')}</d:Scopes>` +
    `<d:XAddrs>${escapeXml(target.deviceAddress)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`;
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>' +
      '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"' +
      ` xmlns:wsa="${addressingNamespace}" xmlns:d="${discoveryNamespace}"` +
      ` xmlns:dn="${networkNamespace}" xmlns:tds="${deviceNamespace}">` +
      `<env:Header><wsa:MessageID>${sequence.messageId}</wsa:MessageID>` +
      `<wsa:RelatesTo>${escapeXml(request.messageId)}</wsa:RelatesTo><wsa:To>${anonymous}</wsa:To>` +
      `<wsa:Action>${discoveryNamespace}/${name}es</wsa:Action>` +
      `<d:AppSequence InstanceId="${sequence.instanceId}" MessageNumber="${sequence.messageNumber}"/></env:Header>` +
      `<env:Body><d:${name}es><d:${name}>${match}</d:${name}></d:${name}es></env:Body></env:Envelope>`,
  );
}

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

/** Resolves a QName in content by the declarations of the message; a prefix is declared once in practice. */
function qualified(name: string, message: string): string {
  const [prefix, local] = name.includes(':') ? name.split(':', 2) : ['', name];
  const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  const found = message.split(/\s+|(?=<)/).find((part) => part.startsWith(`${declaration}=`));
  const uri = found ? /=["']([^"']*)["']/.exec(found)?.[1] : undefined;
  return `${uri ?? ''} ${local ?? ''}`;
}
