import type { Clock } from '../../lib/clock.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError } from '../../lib/errors.js';
import { answerText } from './answer-text.js';
import { asksForPlain, chooseChallenge, createDigestAnswerer, type DigestAnswerer } from './http-digest.js';
import { CameraHttp } from './camera-http.js';
import type { HttpAnswer } from './http-exchange.js';
import { faultOf, lockMsOf, readSoapAnswer, soapFailure } from './soap-answer.js';
import { isDialectRefused, soapDialects, soapRequest, type SoapDialect } from './soap-dialect.js';
import { isPasswordRefused } from './soap-fault.js';
import type { XmlElement } from './soap-xml.js';
import { usernameTokenHeader } from './username-token.js';

export interface Credentials {
  username: string;
  password: string;
  /** Hosts that they may go to, at any port. */
  confirmedHosts: readonly string[];
  /** The key that the camera must have over https; null and absent: any. */
  tlsKey?: string | null | undefined;
  /** They may go as they are (HTTP Basic), where the device takes nothing else: a person typed them for this host. */
  plainPassword?: boolean | undefined;
  /** The device took them as a digest: whoever takes its place cannot ask for them in clear. */
  onDigest?: (() => void) | undefined;
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

interface Message {
  body: string;
  /** Header blocks beside those of authentication. */
  header?: string | undefined;
  /** Declarations that they need. */
  namespaces?: string | undefined;
  timeoutMs?: number | undefined;
}

type Scheme = 'token' | 'digest' | 'basic';

/** By HTTP, or by a fault under whatever status. */
function isRefused(answer: HttpAnswer): boolean {
  if (answer.status === 401) return true;
  const fault = faultOf(answer);
  return fault !== undefined && isPasswordRefused(fault);
}

/**
 * SOAP calls to one camera, in the dialect that it understands and with whatever authentication it wants. It is asked
 * without a password first: HTTP Digest where it challenges, else WS-UsernameToken in the camera's own time, HTTP Basic
 * where it wants nothing else and that is allowed; from then on what worked. At most two passwords are sent for a call,
 * because cameras lock an account after a few wrong ones. Nothing goes to a host that is not confirmed.
 */
export class OnvifConnection {
  readonly #options: OnvifConnectionOptions;
  #http: CameraHttp;
  #scheme: Scheme | undefined;
  #digest: DigestAnswerer | undefined;
  #dialect: SoapDialect = 'soap12';
  /** An envelope came in this dialect. */
  #isDialectKnown = false;
  #cameraAheadMs = 0;
  #tookDigest = false;

  constructor(options: OnvifConnectionOptions) {
    this.#options = options;
    this.#http = new CameraHttp(options);
  }

  /** What comes from now on is ended by another signal: that its user gave up does not keep a goodbye from the device. */
  endBy(signal: AbortSignal): void {
    this.#http = new CameraHttp({ ...this.#options, signal });
  }

  /** The key that the camera showed last; undefined over plain HTTP. */
  get tlsKey(): string | undefined {
    return this.#http.tlsKey;
  }

  /** It speaks only TLS that is out of date. */
  get oldTls(): boolean {
    return this.#http.oldTls;
  }

  /** The address over https to which the camera redirected this one; undefined where it did not. */
  secureAddress(url: URL): URL | undefined {
    return this.#http.secureAddress(url);
  }

  /** The camera's clock minus ours, ms; what WS-UsernameToken is dated by. */
  setCameraAheadMs(aheadMs: number): void {
    this.#cameraAheadMs = aheadMs;
  }

  /**
   * A JPEG that the device makes of what it sees now. Its challenge is answered once, as its SOAP services want it.
   * @throws AppError precondition `wrong_password` or `password_withheld`, unavailable `unreachable` or `bad_answer` (also
   * where what comes is no JPEG)
   */
  async picture(url: URL): Promise<Buffer> {
    const { username, password } = this.#options;
    const request = { method: 'GET', url, headers: {}, maxBytes: maxPictureBytes } as const;
    let answer = await this.#http.send(request);
    const challenge = answer.status === 401 ? chooseChallenge(answer.challenges) : undefined;
    if (challenge !== undefined) {
      const once = createDigestAnswerer(challenge, username, password);
      const authorization = (to: URL) => once.authorization('GET', `${to.pathname}${to.search}`);
      answer = await this.#http.send({ ...request, authorization });
    } else if (answer.status === 401 && this.#scheme === 'basic') {
      answer = await this.#http.send({ ...request, authorization: this.#answerBasic });
    }
    if (answer.status === 401)
      throw soapFailure('precondition', 'wrong_password', `${url.host}: a picture was refused`);
    const isJpeg = answer.body.length > 4 && answer.body[0] === 0xff && answer.body[1] === 0xd8;
    if (answer.status !== 200 || !isJpeg)
      throw soapFailure('unavailable', 'bad_answer', `${url.host}: no picture (HTTP ${answer.status})`);
    return answer.body;
  }

  /**
   * Sends one operation and returns the SOAP body of its answer. `anonymous` for what the specification lets anybody
   * ask (access class PRE_AUTH); a camera that wants a password even there is given it.
   * @throws AppError precondition `wrong_password`, `password_withheld` or `tls_key_changed`, unavailable `unreachable`,
   * `forbidden`, `tls_unusable` or `bad_answer`.
   */
  async call(url: URL, operation: string, body: string, anonymous = false): Promise<XmlElement> {
    const message = { body };
    if (!anonymous) return readSoapAnswer(url.host, operation, await this.#authenticated(url, message));
    const answer = await this.#post(url, '', message);
    return readSoapAnswer(
      url.host,
      operation,
      isRefused(answer) ? await this.#authenticated(url, message, answer) : answer,
    );
  }

  /** The same of a longer message, with the text of the answer. */
  async callText(
    url: URL,
    operation: string,
    body: string,
    options: Omit<Message, 'body'>,
  ): Promise<{ body: XmlElement; text: string }> {
    const answer = await this.#authenticated(url, { body, ...options });
    return { body: readSoapAnswer(url.host, operation, answer), text: answerText(answer.body, answer.contentType) };
  }

  /** In the dialect that works; another one where the device did not understand. */
  async #post(
    url: URL,
    header: string,
    message: Message,
    authorization?: (target: URL) => string,
  ): Promise<HttpAnswer> {
    const first = await this.#postAs(this.#dialect, url, header, message, authorization);
    if (!isDialectRefused(first, !this.#isDialectKnown)) return this.#understood(first);
    for (const dialect of soapDialects.slice(soapDialects.indexOf(this.#dialect) + 1)) {
      const answer = await this.#postAs(dialect, url, header, message, authorization);
      if (isDialectRefused(answer, true)) continue;
      this.#dialect = dialect;
      return this.#understood(answer);
    }
    return first;
  }

  #understood(answer: HttpAnswer): HttpAnswer {
    this.#isDialectKnown ||= answer.status < 300 || faultOf(answer) !== undefined;
    return answer;
  }

  #postAs(
    dialect: SoapDialect,
    url: URL,
    header: string,
    message: Message,
    authorization: ((target: URL) => string) | undefined,
  ): Promise<HttpAnswer> {
    const { body, header: more = '', namespaces, timeoutMs } = message;
    const { text, headers } = soapRequest(dialect, header + more, body, namespaces);
    return this.#http.send({ method: 'POST', url, headers, authorization, body: text, timeoutMs });
  }

  #postWithToken(url: URL, message: Message, authorization?: (target: URL) => string): Promise<HttpAnswer> {
    const { username, password, clock } = this.#options;
    const header = usernameTokenHeader(username, password, clock.nowMs() + this.#cameraAheadMs);
    return this.#post(url, header, message, authorization);
  }

  readonly #answerBasic = (): string => {
    const { username, password } = this.#options;
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  };

  readonly #answerDigest = (target: URL): string =>
    this.#digest?.authorization('POST', `${target.pathname}${target.search}`) ?? '';

  /** Answers the challenge, once more when only the nonce was too old (RFC 7616, 3.3). */
  async #postWithDigest(url: URL, message: Message, challenged: HttpAnswer): Promise<HttpAnswer> {
    let answer = challenged;
    for (let round = 0; round < 2; round += 1) {
      const challenge = chooseChallenge(answer.challenges);
      if (challenge === undefined || (round > 0 && !challenge.stale)) return answer;
      this.#digest = createDigestAnswerer(challenge, this.#options.username, this.#options.password);
      answer = await this.#post(url, '', message, this.#answerDigest);
      if (answer.status !== 401) return answer;
    }
    return answer;
  }

  /** `asked`: what came of the same operation without a password. */
  async #authenticated(url: URL, message: Message, asked?: HttpAnswer): Promise<HttpAnswer> {
    if (asked === undefined && this.#scheme !== undefined) {
      const answer = await this.#again(url, message, this.#scheme);
      // Another service of the device may want another scheme, and a nonce ends without being called stale.
      const isChallenged =
        answer.status === 401 && !isLocked(answer) && chooseChallenge(answer.challenges) !== undefined;
      return isChallenged ? this.#digestOrToken(url, message, answer, false) : answer;
    }
    const bare = asked ?? (await this.#post(url, '', message));
    if (isLocked(bare)) return bare;
    if (bare.status === 401 && chooseChallenge(bare.challenges) !== undefined)
      return this.#digestOrToken(url, message, bare, true);
    const answer = await this.#postWithToken(url, message);
    if (isLocked(answer)) return answer;
    if (answer.status === 401 && chooseChallenge(answer.challenges) !== undefined)
      return this.#digestOrToken(url, message, answer, false);
    if (!isRefused(answer)) {
      // A device that knows no token refuses its header, or everything that has one, and answers without.
      if (isFaulty(answer) && !isFaulty(bare)) return bare;
      this.#scheme = 'token';
      if (isRefused(bare)) this.#noteDigest();
      return answer;
    }
    return answer.status === 401 && asksForPlain(answer.challenges) ? this.#basic(url, message, answer) : answer;
  }

  #again(url: URL, message: Message, scheme: Scheme): Promise<HttpAnswer> {
    if (scheme === 'basic') return this.#post(url, '', message, this.#answerBasic);
    return scheme === 'token' ? this.#postWithToken(url, message) : this.#post(url, '', message, this.#answerDigest);
  }

  /** HTTP's digest, and with it a token where HTTP lets us in and SOAP does not. */
  async #digestOrToken(url: URL, message: Message, challenged: HttpAnswer, mayTry: boolean): Promise<HttpAnswer> {
    const answer = await this.#postWithDigest(url, message, challenged);
    if (answer.status === 401 || isLocked(answer)) return answer;
    if (!isRefused(answer)) {
      this.#scheme = 'digest';
      this.#noteDigest();
      return answer;
    }
    return mayTry ? this.#postWithToken(url, message, this.#answerDigest) : answer;
  }

  /** The device offers nothing but Basic: the password goes as it is where a person typed it for this host, else not. */
  async #basic(url: URL, message: Message, refused: HttpAnswer): Promise<HttpAnswer> {
    if (this.#options.plainPassword !== true || this.#tookDigest) {
      // Servers built on gSOAP name Basic where it was the token that they refused.
      if (faultOf(refused) !== undefined) return refused;
      throw new AppError('precondition', 'password_withheld', `${url.host}: the device wants the password in clear`, {
        details: { reason: 'password_withheld' },
      });
    }
    const answer = await this.#post(url, '', message, this.#answerBasic);
    if (!isRefused(answer)) this.#scheme = 'basic';
    return answer;
  }

  #noteDigest(): void {
    if (!this.#tookDigest) this.#options.onDigest?.();
    this.#tookDigest = true;
  }
}

/** No other way to sign in is tried. */
const isLocked = (answer: HttpAnswer): boolean => lockMsOf(answer) !== undefined;

const isFaulty = (answer: HttpAnswer): boolean =>
  answer.status >= 300 || answer.body.length === 0 || faultOf(answer) !== undefined;
