import type { Clock } from '../../lib/clock.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { isConfirmedHost, withheld } from '../../lib/confirmed-hosts.js';
import { AppError } from '../../lib/errors.js';
import { chooseChallenge, createDigestAnswerer, type DigestAnswerer } from './http-digest.js';
import { exchange, type HttpAnswer } from './http-exchange.js';
import { isHeaderNotUnderstood, isPasswordRefused, readFault } from './soap-fault.js';
import { parseEnvelope, type XmlElement } from './soap-xml.js';
import { usernameTokenHeader } from './username-token.js';

export interface Credentials {
  username: string;
  password: string;
  /** Hosts that they may go to, at any port. */
  confirmedHosts: readonly string[];
  /** The key that the camera must have over https; null and absent: any. */
  tlsKey?: string | null | undefined;
}

export interface OnvifConnectionOptions extends Credentials {
  clock: Clock;
  /** For one exchange. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  rules: AddressRules;
}

/** A picture of 8 megapixels. */
const maxPictureBytes = 4 * 1024 * 1024;

const envelopeNamespace = 'http://www.w3.org/2003/05/soap-envelope';
const namespaces =
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" ' +
  'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"';

function failure(kind: 'unavailable' | 'precondition', code: string, message: string): AppError {
  return new AppError(kind, code, message, { details: { reason: code } });
}

/**
 * SOAP calls to one camera, with whatever authentication it wants: WS-UsernameToken in the camera's own time first, HTTP
 * Digest when it challenges, and from then on the one that worked. At most two passwords are sent for a call, because
 * cameras lock an account after a few wrong ones. Nothing goes to a host that is not confirmed.
 */
export function createOnvifConnection(options: OnvifConnectionOptions) {
  const { username, password, clock, timeoutMs, signal } = options;
  let scheme: 'token' | 'digest' = 'token';
  let digest: DigestAnswerer | undefined;
  /** Camera time minus ours, ms. */
  let cameraAheadMs = 0;

  const envelope = (header: string, body: string) =>
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${envelopeNamespace}" ${namespaces}>` +
    `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;

  let tlsKey: string | undefined;

  /** Whatever a camera reports: here is the last place before the network. */
  async function send(url: URL, text: string | undefined, authorization?: string): Promise<HttpAnswer> {
    if (!isConfirmedHost(options.confirmedHosts, url.hostname)) throw withheld(url.host);
    const answer = await exchange({
      method: text === undefined ? 'GET' : 'POST',
      url,
      headers: {
        ...(text === undefined ? {} : { 'content-type': 'application/soap+xml; charset=utf-8' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(text === undefined ? { maxBytes: maxPictureBytes } : { body: text }),
      timeoutMs,
      signal,
      rules: options.rules,
      tlsKey: options.tlsKey ?? undefined,
    });
    tlsKey = answer.tlsKey;
    return answer;
  }
  const post = (url: URL, text: string, authorization?: string) => send(url, text, authorization);

  const postWithToken = (url: URL, body: string) =>
    post(url, envelope(usernameTokenHeader(username, password, clock.nowMs() + cameraAheadMs), body));

  /** Answers the challenge, once more when only the nonce was stale (RFC 7616, 3.3). */
  async function postWithDigest(url: URL, body: string, challenged: HttpAnswer | undefined): Promise<HttpAnswer> {
    const target = `${url.pathname}${url.search}`;
    const text = envelope('', body);
    let answer = challenged;
    for (let round = 0; round < 2; round += 1) {
      if (answer !== undefined) {
        const challenge = chooseChallenge(answer.challenges);
        if (challenge === undefined || (round > 0 && !challenge.stale)) return answer;
        digest = createDigestAnswerer(challenge, username, password);
      }
      answer = await post(url, text, digest?.authorization('POST', target));
      if (answer.status !== 401) return answer;
    }
    return answer as HttpAnswer;
  }

  async function authenticated(url: URL, body: string): Promise<HttpAnswer> {
    // A kept nonce may have ended since; the answer then challenges anew, which is no wrong password yet.
    const first =
      scheme === 'digest' && digest !== undefined
        ? await postWithDigest(url, body, undefined)
        : await postWithToken(url, body);
    if (first.status !== 401 && !headerRefused(first)) return first;
    if (chooseChallenge(first.challenges) === undefined) {
      return headerRefused(first) ? post(url, envelope('', body)).then((bare) => challengeOf(url, body, bare)) : first;
    }
    return challengeOf(url, body, first);
  }

  async function challengeOf(url: URL, body: string, challenged: HttpAnswer): Promise<HttpAnswer> {
    if (challenged.status !== 401) return challenged;
    const answer = await postWithDigest(url, body, challenged);
    if (answer.status !== 401) scheme = 'digest';
    return answer;
  }

  function headerRefused(answer: HttpAnswer): boolean {
    if (answer.status < 400 || answer.status === 401) return false;
    try {
      const fault = readFault(parseEnvelope(answer.body.toString('utf8')).body);
      return fault !== undefined && isHeaderNotUnderstood(fault);
    } catch {
      return false; // judged by read(), which says what is wrong with it
    }
  }

  function read(where: string, operation: string, answer: HttpAnswer): XmlElement {
    if (answer.status === 401) throw failure('precondition', 'wrong_password', `${where}: ${operation} was refused`);
    const success = answer.status >= 200 && answer.status < 300;
    let body: XmlElement;
    try {
      body = parseEnvelope(answer.body.toString('utf8')).body;
    } catch (error) {
      if (answer.status === 403) throw failure('precondition', 'wrong_password', `${where}: ${operation} was refused`);
      if (!success) throw failure('unavailable', 'bad_answer', `${where}: ${operation}: HTTP ${answer.status}`);
      const what = error instanceof AppError ? error.message : 'unreadable answer';
      throw failure('unavailable', 'bad_answer', `${where}: ${operation}: ${what}`);
    }
    const fault = readFault(body);
    if (fault !== undefined) {
      if (isPasswordRefused(fault))
        throw failure('precondition', 'wrong_password', `${where}: ${operation} was refused`);
      const text = [...fault.codes, fault.reason].filter((part) => part !== '').join(' ');
      throw failure('unavailable', 'bad_answer', `${where}: ${operation}: fault ${text}`);
    }
    return body;
  }

  return {
    /**
     * A JPEG that the device makes of what it sees now. Its challenge is answered once, with Digest alone.
     * @throws AppError precondition `wrong_password` or `password_withheld`, unavailable `unreachable` or `bad_answer` (also
     * where what comes is no JPEG)
     */
    async picture(url: URL): Promise<Buffer> {
      let answer = await send(url, undefined);
      const challenge = answer.status === 401 ? chooseChallenge(answer.challenges) : undefined;
      if (challenge !== undefined) {
        const once = createDigestAnswerer(challenge, username, password);
        answer = await send(url, undefined, once.authorization('GET', `${url.pathname}${url.search}`));
      }
      if (answer.status === 401) throw failure('precondition', 'wrong_password', `${url.host}: a picture was refused`);
      const isJpeg = answer.body.length > 4 && answer.body[0] === 0xff && answer.body[1] === 0xd8;
      if (answer.status !== 200 || !isJpeg)
        throw failure('unavailable', 'bad_answer', `${url.host}: no picture (HTTP ${answer.status})`);
      return answer.body;
    },
    /** The key that the camera showed last; undefined over plain HTTP. */
    get tlsKey(): string | undefined {
      return tlsKey;
    },
    /** The camera's clock minus ours, ms; what WS-UsernameToken is dated by. */
    setCameraAheadMs(aheadMs: number): void {
      cameraAheadMs = aheadMs;
    },
    /**
     * Sends one operation and returns the SOAP body of its answer. `anonymous` for what the specification lets anybody
     * ask (access class PRE_AUTH); a camera that wants a password even there is given it.
     * @throws AppError precondition `wrong_password` or `password_withheld`, unavailable `unreachable` or `bad_answer`.
     */
    async call(url: URL, operation: string, body: string, anonymous = false): Promise<XmlElement> {
      if (!anonymous) return read(url.host, operation, await authenticated(url, body));
      const answer = await post(url, envelope('', body));
      try {
        return read(url.host, operation, answer);
      } catch (error) {
        if (error instanceof AppError && error.code === 'wrong_password') {
          return read(url.host, operation, await authenticated(url, body));
        }
        throw error;
      }
    },
  };
}
export type OnvifConnection = ReturnType<typeof createOnvifConnection>;
