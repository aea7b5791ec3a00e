import { XMLParser } from 'fast-xml-parser';

const namespaces = {
  env: 'http://www.w3.org/2003/05/soap-envelope',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
  ter: 'http://www.onvif.org/ver10/error',
} as const;

/** An element as the parser gives it: text, or its children by local name. */
export type XmlValue = string | { [name: string]: XmlValue | XmlValue[] } | undefined;

export interface SoapRequest {
  /** Local name of the first element of the body. */
  readonly operation: string;
  readonly parameters: XmlValue;
  readonly header: XmlValue;
}

/** Fault to answer with; `subcodes` from the outer to the inner, as ONVIF Core 5.8.2 lists them. */
export class SoapFault extends Error {
  readonly code: 'Sender' | 'Receiver';
  readonly subcodes: readonly string[];

  constructor(code: 'Sender' | 'Receiver', subcodes: readonly string[], reason: string) {
    super(reason);
    this.name = 'SoapFault';
    this.code = code;
    this.subcodes = subcodes;
  }
}

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  ignoreDeclaration: true,
});

/** Reads a SOAP 1.2 envelope. Throws {@link SoapFault} for anything else. */
export function parseSoapRequest(text: string): SoapRequest {
  let document: unknown;
  try {
    document = parser.parse(text, true);
  } catch (error) {
    throw new SoapFault('Sender', ['ter:WellFormed'], `Not well-formed XML: ${String(error)}`);
  }
  const envelope = child(document as XmlValue, 'Envelope');
  const body = child(envelope, 'Body');
  const operation = typeof body === 'object' ? Object.keys(body)[0] : undefined;
  if (operation === undefined) throw new SoapFault('Sender', ['ter:WellFormed'], 'No operation in a SOAP body');
  return { operation, parameters: child(body, operation), header: child(envelope, 'Header') };
}

/** First child element of a name. */
export function child(parent: XmlValue, name: string): XmlValue {
  if (typeof parent !== 'object') return undefined;
  const value = parent[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Text below a path of element names; undefined where there is none. */
export function textAt(parent: XmlValue, ...path: string[]): string | undefined {
  const value = path.reduce<XmlValue>(child, parent);
  return typeof value === 'string' ? value : textOfMixed(value);
}

function textOfMixed(value: XmlValue): string | undefined {
  const text = child(value, '#text');
  return typeof text === 'string' ? text : undefined;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

export function envelope(body: string): string {
  const declarations = Object.entries(namespaces).map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<env:Envelope ${declarations.join(' ')}><env:Body>${body}</env:Body></env:Envelope>`
  );
}

/** SOAP 1.2 Part 1, 5.4; HTTP status by SOAP 1.2 Part 2, table 20. */
export function faultEnvelope(fault: SoapFault): string {
  const subcode = fault.subcodes.reduceRight(
    (inner, value) => `<env:Subcode><env:Value>${value}</env:Value>${inner}</env:Subcode>`,
    '',
  );
  const code = `<env:Code><env:Value>env:${fault.code}</env:Value>${subcode}</env:Code>`;
  const reason = `<env:Reason><env:Text xml:lang="en">${escapeXml(fault.message)}</env:Text></env:Reason>`;
  return envelope(`<env:Fault>${code}${reason}</env:Fault>`);
}

export const faultStatus = (fault: SoapFault): number => (fault.code === 'Sender' ? 400 : 500);
