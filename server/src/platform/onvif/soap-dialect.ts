import type { HttpAnswer } from './http-exchange.js';
import { answerText } from './answer-text.js';
import { soapBodyOf } from './soap-answer.js';
import { isVersionRefused, readFault } from './soap-fault.js';

/** How a request is written: SOAP 1.2 as ONVIF wants it, the same with the action named, SOAP 1.1 for old servers. */
export type SoapDialect = 'soap12' | 'soap12-action' | 'soap11';
export const soapDialects: readonly SoapDialect[] = ['soap12', 'soap12-action', 'soap11'];

const namespaces: Readonly<Record<string, string>> = {
  tds: 'http://www.onvif.org/ver10/device/wsdl',
  trt: 'http://www.onvif.org/ver10/media/wsdl',
  tr2: 'http://www.onvif.org/ver20/media/wsdl',
  tev: 'http://www.onvif.org/ver10/events/wsdl',
  tt: 'http://www.onvif.org/ver10/schema',
};
const declarations = Object.entries(namespaces)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(' ');
const envelopeNamespaces: Readonly<Record<SoapDialect, string>> = {
  soap12: 'http://www.w3.org/2003/05/soap-envelope',
  'soap12-action': 'http://www.w3.org/2003/05/soap-envelope',
  soap11: 'http://schemas.xmlsoap.org/soap/envelope/',
};

/** Envelope and headers of a request; `body` begins with its operation under one of ONVIF's usual prefixes. */
export function soapRequest(dialect: SoapDialect, header: string, body: string, moreNamespaces = '') {
  const [, prefix = '', operation = ''] = /^\s*<(\w+):(\w+)/.exec(body) ?? [];
  const action = `"${namespaces[prefix] ?? ''}/${operation}"`;
  const text =
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${envelopeNamespaces[dialect]}" ${declarations}${moreNamespaces}>` +
    `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
  const headers: Record<string, string> =
    dialect === 'soap11'
      ? { 'content-type': 'text/xml; charset=utf-8', soapaction: action }
      : {
          'content-type': `application/soap+xml; charset=utf-8${dialect === 'soap12' ? '' : `; action=${action}`}`,
        };
  return { text, headers };
}

/**
 * The device did not understand how the request was written: no body, a refusal of the media type or of the version, or
 * (`isNew`: no envelope came of it yet) a refusal that is no envelope at all.
 */
export function isDialectRefused(answer: HttpAnswer, isNew: boolean): boolean {
  const { status } = answer;
  if (status === 401 || status === 403) return false;
  try {
    const fault = readFault(soapBodyOf(answer));
    return fault !== undefined && isVersionRefused(fault);
  } catch {
    if (answerText(answer.body, answer.contentType).trim() === '') return status < 300 || status >= 400;
    return status === 415 || (isNew && (status === 400 || status === 500));
  }
}
