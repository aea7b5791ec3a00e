import { element, elements, textAt, type XmlElement } from './soap-xml.js';

/** A SOAP fault as the camera told it; both SOAP 1.2 and the 1.1 shape that some cameras fall back to. */
export interface SoapFault {
  /** Codes without prefix, outermost first, e.g. ['Sender', 'NotAuthorized']. */
  codes: string[];
  /** At most 200 characters. */
  reason: string;
}

const withoutPrefix = (code: string): string => code.slice(code.indexOf(':') + 1);

export function readFault(body: XmlElement): SoapFault | undefined {
  const fault = element(body, 'Fault');
  if (fault === undefined) return undefined;
  const codes: string[] = [];
  for (let code = element(fault, 'Code'); code !== undefined && codes.length < 6; code = element(code, 'Subcode')) {
    codes.push(withoutPrefix(textAt(code, 'Value')));
  }
  if (codes.length === 0) codes.push(withoutPrefix(textAt(fault, 'faultcode')));
  const reason =
    elements(element(fault, 'Reason'), 'Text')
      .map((text) => textAt(text))
      .find((text) => text !== '') ?? textAt(fault, 'faultstring');
  return { codes: codes.filter((code) => code !== ''), reason: reason.slice(0, 200) };
}

const wrong = '(?:wrong|invalid|incorrect|bad|error|mismatch|not\\s+match|denied|refused)';
const refusal = new RegExp(
  'not\\s*authori[sz]ed|unauthori[sz]ed|authori[sz]ation|authenticat|access\\s+denied|密码|密碼|' +
    `\\b${wrong}[\\s:_-]{1,3}(?:pass\\s*word|passwd|user|log[io]n|credential)|` +
    `\\b(?:pass\\s*word|passwd|user\\s*name|credentials?)\\b[^.]{0,40}\\b${wrong}\\b`,
  'i',
);

/** ONVIF Core, 5.11.2.2 and WS-Security, 12: the password was refused, under the names and words that cameras use for it. */
export function isPasswordRefused(fault: SoapFault): boolean {
  return (
    fault.codes.some((code) =>
      /^(NotAuthorized|FailedAuthentication|InvalidSecurity|InvalidSecurityToken|OperationProhibited)$/i.test(code),
    ) || refusal.test(fault.reason)
  );
}

/** The camera does not know the WS-Security header and refuses it; SOAP 1.2 part 1, 5.4.8. */
export function isHeaderNotUnderstood(fault: SoapFault): boolean {
  return fault.codes.includes('MustUnderstand');
}

/** It knows another version of SOAP than that of the request; SOAP 1.2 part 1, 5.4.7, and SOAP 1.1, 4.4.1. */
export function isVersionRefused(fault: SoapFault): boolean {
  return fault.codes.includes('VersionMismatch');
}
