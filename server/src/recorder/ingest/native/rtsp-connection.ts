// One TCP connection to an RTSP server: requests and their answers, authentication included, and the packets between.
import type { Socket } from 'node:net';
import type { AddressRules } from '../../../lib/address-rules.js';
import { IngestFailure, socketFailure } from '../ingest-failure.js';
import { lockedFailureOf } from './locked-failure.js';
import { endpointOf } from './rtsp-address.js';
import { asksForPlain, authorizerFor, isStale, type Authorizer, type Credentials } from './rtsp-authorization.js';
import { RtspParser, type RtspResponse } from './rtsp-message.js';
import { openRtspSocket } from './rtsp-socket.js';

const answerTimeoutMs = 8000;
/** After so long without a byte an answer whose length is missing or wrong is taken as it is. */
export const quietMs = 1000;
/** Probes of a silent peer; the watchdog over frames is faster, this one ends what nobody watches. */
const tcpKeepAliveMs = 10_000;
/** A camera that reads nothing is written to no further. */
const maxUnsentBytes = 64 * 1024;
/** A nonce may be stale again when it arrives, at a busy hour. */
const maxAttempts = 5;
const ourMethods = 'OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, TEARDOWN, REDIRECT';

export interface RtspConnectionOptions {
  readonly address: URL;
  readonly rules: AddressRules;
  /** As in RtspSocketOptions. */
  readonly isOwnKey?: ((key: string) => boolean) | undefined;
  /** Undefined: this host is none that a person confirmed for the camera. */
  readonly credentials: Credentials | undefined;
  /** Whether the password may be sent as it is: not to where a redirect leads, for one. */
  readonly allowPlainPassword: () => boolean;
  /** The password was taken as a digest. */
  readonly onDigest: () => void;
  readonly signal: AbortSignal;
  /** The payload is bytes [from, to), which may be looked at, and changed, until `onReadEnd`. */
  readonly onPacket: (channel: number, bytes: Buffer, from: number, to: number) => void;
  readonly onReadEnd: () => void;
}

interface Waiting {
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (error: Error) => void;
}

export class RtspConnection {
  readonly parser: RtspParser;
  /** By CSeq. They are told themselves of the end: what waits for `lost` is kept in memory until the end. */
  private readonly waiting = new Map<number, Waiting>();
  private sequence = 0;
  private silence: NodeJS.Timeout | undefined;
  private authorize: Authorizer | undefined;
  private isDigest = false;
  private failed: IngestFailure | undefined;
  private reject: (error: Error) => void = () => undefined;
  private readonly where: string;
  /** The other side closed the connection, or it broke. */
  wasClosed = false;
  sessionId: string | undefined;
  /** The server has begun to send the stream: an end from here on is the end of a stream. */
  playing = false;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;

  private constructor(
    private readonly socket: Socket,
    private readonly options: RtspConnectionOptions,
  ) {
    this.lost = new Promise<never>((_resolve, reject) => (this.reject = reject));
    this.lost.catch(() => undefined); // whoever waits for it is told
    this.parser = new RtspParser({
      onResponse: (response) => this.answered(response),
      onRequest: (method, cseq) => this.serve(method, cseq),
      onInterleaved: options.onPacket,
      onReadEnd: options.onReadEnd,
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    const { host, port } = endpointOf(options.address);
    this.where = `${host}:${port}`;
    socket.on('error', (error) => this.closed(socketFailure(error, this.playing, this.where)));
    socket.on('close', () =>
      this.closed(new IngestFailure(this.playing ? 'stream_ended' : 'no_stream', 'the camera closed the connection')),
    );
  }

  /** Connects. @throws IngestFailure */
  static async open(options: RtspConnectionOptions): Promise<RtspConnection> {
    const opened: { connection?: RtspConnection } = {};
    const socket = await openRtspSocket({ ...options, onBytes: (bytes) => opened.connection?.receive(bytes) });
    return (opened.connection = new RtspConnection(socket, options));
  }

  private receive(chunk: Buffer): void {
    if (this.failed !== undefined) return;
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.fail(error);
    }
    if (this.waiting.size > 0) this.watchSilence();
  }

  private watchSilence(): void {
    clearTimeout(this.silence);
    if (!this.parser.isWaiting) return;
    this.silence = setTimeout(() => {
      try {
        this.parser.flush();
      } catch (error) {
        this.fail(error);
      }
    }, quietMs);
  }

  private closed(failure: IngestFailure): void {
    this.wasClosed ||= this.failed === undefined;
    this.fail(failure);
  }

  /** Ends the connection: whoever waits is told why. The first reason counts. */
  fail(error: unknown): void {
    if (this.failed !== undefined) return;
    this.failed =
      error instanceof IngestFailure
        ? error
        : new IngestFailure('engine_failed', error instanceof Error ? error.message.slice(0, 200) : 'a failure');
    this.rejectAll(this.failed);
    clearTimeout(this.silence);
    this.socket.destroy();
  }

  private rejectAll(error: IngestFailure): void {
    this.reject(error);
    for (const { reject } of this.waiting.values()) reject(error);
  }

  private answered(response: RtspResponse): void {
    const cseq = Number(response.headers.get('cseq')?.[0]);
    // A server that forgets CSeq answers in order.
    const key = this.waiting.has(cseq) ? cseq : this.waiting.keys().next().value;
    if (key === undefined) return;
    const request = this.waiting.get(key);
    this.waiting.delete(key);
    request?.resolve(response);
  }

  /** A request of the server's own (RFC 2326 10, 11). */
  private serve(method: string, cseq: string): void {
    const known = ourMethods.split(', ').includes(method);
    const status = known ? '200 OK' : '501 Not Implemented';
    const number = cseq.replace(/[^\d]/g, '').slice(0, 10);
    this.write(
      `RTSP/1.0 ${status}\r\nCSeq: ${number}\r\n${method === 'OPTIONS' ? `Public: ${ourMethods}\r\n` : ''}\r\n`,
    );
    if (method === 'TEARDOWN' || method === 'REDIRECT')
      this.fail(new IngestFailure('stream_ended', `the camera ended the session (${method})`));
  }

  /** One packet on an interleaved channel. */
  sendPacket(channel: number, packet: Buffer): void {
    const header = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 255]);
    this.write(Buffer.concat([header, packet]));
  }

  private write(data: Buffer | string): void {
    if (!this.socket.destroyed && this.socket.writableLength < maxUnsentBytes) this.socket.write(data);
  }

  /**
   * Sends a request and answers a challenge to it, also one in the midst of a session and one whose nonce is stale.
   * @throws IngestFailure wrong_password when the credentials are refused, account_locked when it says so
   */
  async request(method: string, uri: string, headers: Readonly<Record<string, string>> = {}): Promise<RtspResponse> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.send(method, uri, headers);
      const locked = lockedFailureOf(response);
      if (locked !== undefined) throw locked;
      if (response.status !== 401) {
        if (attempt > 1 && this.isDigest && response.status < 300) this.options.onDigest();
        return response;
      }
      const challenges = response.headers.get('www-authenticate') ?? [];
      // The first refusal may be of an old nonce or of a request without credentials; the second is the answer.
      const { credentials } = this.options;
      if (credentials === undefined)
        throw new IngestFailure(
          'password_withheld',
          `${this.options.address.host} asks for a password; nobody confirmed that the camera is there`,
        );
      if (credentials.username === '')
        throw new IngestFailure('wrong_password', `the camera asks for a password (${method})`);
      if (attempt >= maxAttempts)
        throw new IngestFailure('no_stream', `the camera's nonces are stale before they are answered (${method})`);
      if (attempt > 1 && !isStale(challenges))
        throw new IngestFailure('wrong_password', `the camera refuses the password (${method})`);
      const allowPlain = this.options.allowPlainPassword();
      if (!allowPlain && asksForPlain(challenges))
        throw new IngestFailure('password_withheld', 'the camera asks for the password in clear (Basic) only');
      this.authorize = authorizerFor(challenges, credentials, allowPlain);
      this.isDigest = !asksForPlain(challenges);
      if (this.authorize === undefined)
        throw new IngestFailure('bad_answer', 'the camera asks for a kind of authentication that is not known or safe');
    }
  }

  private head(method: string, uri: string, headers: Readonly<Record<string, string>>): string {
    const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${++this.sequence}`, 'User-Agent: choi-canh'];
    if (this.authorize !== undefined) lines.push(`Authorization: ${this.authorize(method, uri)}`);
    if (this.sessionId !== undefined) lines.push(`Session: ${this.sessionId}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  private async send(method: string, uri: string, headers: Readonly<Record<string, string>>): Promise<RtspResponse> {
    if (this.failed !== undefined) throw this.failed;
    const text = this.head(method, uri, headers);
    const cseq = this.sequence;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<RtspResponse>((resolve, reject) => {
        this.waiting.set(cseq, { resolve, reject });
        const late = `no answer to ${method} within ${answerTimeoutMs / 1000} s`;
        timer = setTimeout(() => reject(new IngestFailure('no_stream', late)), answerTimeoutMs);
        this.write(text);
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(cseq);
    }
  }

  /** Says goodbye to a session, where there is one, and closes. */
  close(uri: string | undefined): void {
    if (this.failed === undefined && this.sessionId !== undefined && uri !== undefined && !this.socket.destroyed) {
      this.socket.end(this.head('TEARDOWN', uri, {}));
      setTimeout(() => this.socket.destroy(), 500).unref();
    } else this.socket.destroy();
    clearTimeout(this.silence);
    this.failed ??= new IngestFailure('no_stream', 'stopped');
    this.rejectAll(this.failed);
  }
}
