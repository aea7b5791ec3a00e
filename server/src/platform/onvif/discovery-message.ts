import { randomUUID } from 'node:crypto';
import type { DiscoveredCamera } from './onvif.js';
import { answerText } from './answer-text.js';
import { element, elements, parseEnvelope, textAt, type XmlElement } from './soap-xml.js';

/** No datagram is longer; anything that claims to be is junk. */
export const maxPacketBytes = 65_536;

const discovery = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const addressing = 'http://schemas.xmlsoap.org/ws/2004/08/addressing';

/**
 * A Probe for ONVIF devices (WS-Discovery 2005/04, 5.2; ONVIF Core, 7.3.2) for one host alone. The multicast ones are made
 * by node-onvif.
 */
export function buildProbe(messageId: string = randomUUID()): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="${addressing}">` +
      `<s:Header><a:Action s:mustUnderstand="1">${discovery}/Probe</a:Action><a:MessageID>uuid:${messageId}</a:MessageID>` +
      `<a:ReplyTo><a:Address>${addressing}/role/anonymous</a:Address></a:ReplyTo>` +
      `<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>` +
      `<s:Body><d:Probe xmlns:d="${discovery}"><d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">` +
      `dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>`,
    'utf8',
  );
}

const words = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, 100);

const onvifScope = /^onvif:\/\/www\.onvif\.org\/([a-z]+)\/(.+)$/i;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}

/** Values of one kind of scope (ONVIF Core, 7.3.2.2), decoded; without the country that every camera of a factory has. */
function scopeValues(scopes: readonly string[], kind: string): string[] {
  return scopes.flatMap((scope) => {
    const match = onvifScope.exec(scope);
    if (match?.[1]?.toLowerCase() !== kind || /^country\//i.test(match[2] ?? '')) return [];
    const value = decoded((match[2] ?? '').replace(/^(?:city|town|region|building|floor|room|street)\//i, ''))
      .replaceAll('_', ' ')
      // eslint-disable-next-line no-control-regex -- a scope is shown to people
      .replace(/[\u0000-\u001f\u007f]/g, '')
      .trim();
    return value === '' ? [] : [value];
  });
}

/**
 * The address to talk to: the one on the host that answered, if it is among those told; else the first usable one, moved to
 * that host, since the packet shows that it is reachable.
 */
function chooseAddress(xaddrs: readonly string[], sender: string): URL | undefined {
  const urls = xaddrs.flatMap((text) => {
    if (text.length > 500 || !URL.canParse(text)) return [];
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username + url.password === '' ? [url] : [];
  });
  const plainFirst = urls.sort((a, b) => a.protocol.length - b.protocol.length);
  const same = plainFirst.find((url) => url.hostname === sender);
  if (same !== undefined) return same;
  const moved = plainFirst.find((url) => !url.hostname.startsWith('[')) ?? plainFirst[0];
  if (moved !== undefined) moved.hostname = sender;
  return moved;
}

function readMatch(match: XmlElement, sender: string): DiscoveredCamera | undefined {
  const endpointReference = textAt(match, 'EndpointReference', 'Address');
  const scopes = words(textAt(match, 'Scopes'));
  const isOnvif =
    words(textAt(match, 'Types')).some((type) => /(?:^|:)(?:NetworkVideoTransmitter|Device)$/.test(type)) ||
    scopes.some((scope) => onvifScope.test(scope));
  const url = chooseAddress(words(textAt(match, 'XAddrs')), sender);
  if (!isOnvif || url === undefined || endpointReference.length > 200) return undefined;
  const bounded = (values: string[]) => values.join(', ').slice(0, 120);
  return {
    endpointReference,
    deviceAddress: url.href,
    host: url.hostname,
    name: bounded(scopeValues(scopes, 'name').slice(0, 1)),
    hardware: bounded(scopeValues(scopes, 'hardware').slice(0, 1)),
    locationHint: bounded(scopeValues(scopes, 'location')),
  };
}

/**
 * The cameras that a datagram from `sender` tells of. Undefined for junk: no XML, another
 * message, another kind of device, no usable address.
 */
export function readProbeMatches(packet: Buffer, sender: string): DiscoveredCamera[] | undefined {
  if (packet.length > maxPacketBytes) return undefined;
  try {
    const { body } = parseEnvelope(answerText(packet));
    const found = elements(element(body, 'ProbeMatches'), 'ProbeMatch')
      .slice(0, 64)
      .flatMap((match) => readMatch(match, sender) ?? []);
    return found.length === 0 ? undefined : found;
  } catch {
    return undefined; // counted by the scan
  }
}
