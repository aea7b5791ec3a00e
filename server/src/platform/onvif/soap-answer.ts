import { accountLockMs } from '../../lib/account-lock.js';
import { AppError } from '../../lib/errors.js';
import { answerText } from './answer-text.js';
import type { HttpAnswer } from './http-exchange.js';
import { isPasswordRefused, readFault, type SoapFault } from './soap-fault.js';
import { parseEnvelope, type XmlElement } from './soap-xml.js';

export function soapFailure(kind: 'unavailable' | 'precondition', code: string, message: string): AppError {
  return new AppError(kind, code, message, { details: { reason: code } });
}

/** What answers hold, or why they are no envelope: each is read by several who judge it. */
const read = new WeakMap<HttpAnswer, { body: XmlElement } | { error: unknown }>();

/** The SOAP body of an answer, whatever its status. @throws AppError unavailable `bad_answer`, as `parseEnvelope` */
export function soapBodyOf(answer: HttpAnswer): XmlElement {
  let known = read.get(answer);
  if (known === undefined) {
    try {
      known = { body: parseEnvelope(answerText(answer.body, answer.contentType)).body };
    } catch (error) {
      known = { error };
    }
    read.set(answer, known);
  }
  if ('error' in known) throw known.error;
  return known.body;
}

/** The fault in an answer; undefined also where it is no envelope. */
export function faultOf(answer: HttpAnswer): SoapFault | undefined {
  try {
    return readFault(soapBodyOf(answer));
  } catch {
    return undefined; // judged by readSoapAnswer, which says what is wrong with it
  }
}

/** How long the account stays locked, where the answer is a refusal that says so: a fault, or a status of 400 and more. */
export function lockMsOf(answer: HttpAnswer): number | undefined {
  const fault = faultOf(answer);
  if (fault !== undefined) return accountLockMs([...fault.codes, fault.reason].join(' '));
  if (answer.status < 400) return undefined;
  return accountLockMs(answerText(answer.body.subarray(0, 8192), answer.contentType));
}

function accountLocked(where: string, lockMs: number): AppError {
  return new AppError('precondition', 'account_locked', `${where}: the device keeps the account locked`, {
    details: { reason: 'account_locked', lockMs },
  });
}

/**
 * The SOAP body of an answer. `where`: host and port, for the message.
 * @throws AppError precondition `wrong_password` or `account_locked`, unavailable `forbidden` or `bad_answer`
 */
export function readSoapAnswer(where: string, operation: string, answer: HttpAnswer): XmlElement {
  const lockMs = lockMsOf(answer);
  if (lockMs !== undefined) throw accountLocked(where, lockMs);
  if (answer.status === 401) throw soapFailure('precondition', 'wrong_password', `${where}: ${operation} was refused`);
  const success = answer.status >= 200 && answer.status < 300;
  let body: XmlElement;
  try {
    body = soapBodyOf(answer);
  } catch (error) {
    if (answer.status === 403)
      throw soapFailure('unavailable', 'forbidden', `${where}: ${operation} is forbidden (403)`);
    if (!success) throw soapFailure('unavailable', 'bad_answer', `${where}: ${operation}: HTTP ${answer.status}`);
    const what = error instanceof AppError ? error.message : 'unreadable answer';
    throw soapFailure('unavailable', 'bad_answer', `${where}: ${operation}: ${what}`);
  }
  const fault = readFault(body);
  if (fault !== undefined) {
    if (isPasswordRefused(fault))
      throw soapFailure('precondition', 'wrong_password', `${where}: ${operation} was refused`);
    const text = [...fault.codes, fault.reason].filter((part) => part !== '').join(' ');
    throw soapFailure('unavailable', 'bad_answer', `${where}: ${operation}: fault ${text}`);
  }
  return body;
}
