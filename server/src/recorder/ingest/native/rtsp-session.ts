// An RTSP session over one TCP connection (RFC 2326): describe, set up the video interleaved, play, keep alive.
import { connect, type Socket } from 'node:net';
import { IngestFailure, socketFailure } from '../ingest-failure.js';
import type { StreamTarget } from '../fragment-source.js';
import { authorizerFor, type Authorizer } from './rtsp-authorization.js';
import { RtspParser, type RtspResponse } from './rtsp-message.js';
import { findVideo, type VideoMedia } from './session-description.js';

const connectTimeoutMs = 6000;
const answerTimeoutMs = 8000;
const maxRedirects = 3;
const defaultPort = 554;

export interface RtspSessionEvents {
  onRtp(packet: Buffer): void;
  onRtcp(packet: Buffer): void;
}

/** One plain name and an address that fits in a request line. */
function checkedUrl(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new IngestFailure('bad_answer', 'the camera names no valid stream address');
  }
  if (parsed.protocol === 'rtsps:') throw new IngestFailure('no_stream', 'RTSP over TLS', true);
  if (parsed.protocol !== 'rtsp:' || parsed.hostname === '' || /[\s\r\n]/.test(url))
    throw new IngestFailure('bad_answer', 'the camera names no RTSP address');
  parsed.username = '';
  parsed.password = '';
  return parsed;
}

export class RtspSession {
  private readonly parser: RtspParser;
  private readonly waiting = new Map<number, (response: RtspResponse) => void>();
  private sequence = 0;
  private authorize: Authorizer | undefined;
  private sessionId: string | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private keepAliveMethod = 'GET_PARAMETER';
  private fail: (error: Error) => void = () => undefined;
  private framesCame = false;
  private rtpChannel = 0;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;

  private constructor(
    private readonly socket: Socket,
    private readonly target: StreamTarget,
    events: RtspSessionEvents,
  ) {
    this.lost = new Promise<never>((_resolve, reject) => (this.fail = reject));
    this.lost.catch(() => undefined); // whoever waits for it is told
    this.parser = new RtspParser({
      onResponse: (response) => {
        const cseq = Number(response.headers.get('cseq')?.[0]);
        // A server that forgets CSeq answers in order.
        const key = this.waiting.has(cseq) ? cseq : this.waiting.keys().next().value;
        if (key === undefined) return;
        const resolve = this.waiting.get(key);
        this.waiting.delete(key);
        resolve?.(response);
      },
      onRequest: (_method, cseq) => {
        this.socket.write(`RTSP/1.0 501 Not Implemented\r\nCSeq: ${cseq.replace(/[^\d]/g, '')}\r\n\r\n`);
      },
      onInterleaved: (channel, payload) => {
        if (channel === this.rtpChannel) {
          this.framesCame = true;
          events.onRtp(payload);
        } else if (channel === this.rtpChannel + 1) events.onRtcp(payload);
      },
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      try {
        this.parser.push(chunk);
      } catch (error) {
        this.fail(error as Error);
        socket.destroy();
      }
    });
    socket.on('error', (error) => this.fail(socketFailure(error, this.framesCame)));
    socket.on('close', () =>
      this.fail(new IngestFailure(this.framesCame ? 'stream_ended' : 'no_stream', 'the camera closed the connection')),
    );
  }

  /** Connects. @throws IngestFailure */
  static async open(target: StreamTarget, events: RtspSessionEvents, signal: AbortSignal): Promise<RtspSession> {
    const url = checkedUrl(target.url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: url.port === '' ? defaultPort : Number(url.port) });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new IngestFailure('host_unreachable', 'no answer to a TCP connection')),
        connectTimeoutMs,
      );
      const settle = (error?: Error) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.removeListener('error', onError);
        if (error === undefined) return resolve();
        socket.on('error', () => undefined); // it is given up
        socket.destroy();
        reject(error);
      };
      const onAbort = () => settle(new IngestFailure('no_stream', 'stopped'));
      const onError = (error: Error) => settle(socketFailure(error, false));
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', onError);
      socket.once('connect', () => settle());
      if (signal.aborted) onAbort();
    });
    return new RtspSession(socket, target, events);
  }

  private async request(method: string, uri: string, headers: Record<string, string> = {}): Promise<RtspResponse> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.send(method, uri, headers);
      if (response.status !== 401) return response;
      const challenges = response.headers.get('www-authenticate') ?? [];
      const stale = challenges.some((challenge) => /stale\s*=\s*"?true/i.test(challenge));
      // A second refusal is the answer, unless only the nonce was too old.
      if (attempt > 1 || (this.authorize !== undefined && attempt > 0 && !stale))
        throw new IngestFailure('wrong_password', `the camera refuses the password (${method})`);
      this.authorize = authorizerFor(challenges, this.target);
      if (this.authorize === undefined)
        throw new IngestFailure('bad_answer', 'the camera asks for an unknown kind of authentication');
    }
  }

  private async send(method: string, uri: string, headers: Record<string, string>): Promise<RtspResponse> {
    const cseq = ++this.sequence;
    const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${cseq}`, 'User-Agent: choi-canh'];
    if (this.authorize !== undefined) lines.push(`Authorization: ${this.authorize(method, uri)}`);
    if (this.sessionId !== undefined) lines.push(`Session: ${this.sessionId}`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    const answer = new Promise<RtspResponse>((resolve) => this.waiting.set(cseq, resolve));
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.waiting.delete(cseq);
        reject(new IngestFailure('no_stream', `no answer to ${method} within ${answerTimeoutMs / 1000} s`));
      }, answerTimeoutMs);
    });
    try {
      return await Promise.race([answer, late, this.lost]);
    } finally {
      clearTimeout(timer);
    }
  }

  private expect(method: string, response: RtspResponse): RtspResponse {
    const { status } = response;
    if (status === 200) return response;
    if (status === 403) throw new IngestFailure('wrong_password', 'the camera forbids this account its stream');
    if (status === 404) throw new IngestFailure('no_stream', `the camera has no such stream (${method} 404)`);
    if (status === 461) throw new IngestFailure('no_stream', 'the camera sends no RTP over TCP', true);
    if (status === 453 || status === 503)
      throw new IngestFailure('no_stream', `the camera has no bandwidth or receivers left (${method} ${status})`);
    throw new IngestFailure('bad_answer', `${method} was answered with ${status}`);
  }

  /** Describes and sets up the video, then plays. @throws IngestFailure */
  async play(onMedia: (media: VideoMedia) => void): Promise<void> {
    let uri = checkedUrl(this.target.url).href;
    let described = await this.request('DESCRIBE', uri, { Accept: 'application/sdp' });
    for (let redirects = 0; [301, 302, 307].includes(described.status) && redirects < maxRedirects; redirects++) {
      const next = checkedUrl(described.headers.get('location')?.[0] ?? '');
      if (next.host !== checkedUrl(uri).host)
        throw new IngestFailure('no_stream', 'the camera sends us to another host', true);
      uri = next.href;
      described = await this.request('DESCRIBE', uri, { Accept: 'application/sdp' });
    }
    this.expect('DESCRIBE', described);
    const base = described.headers.get('content-base')?.[0] ?? described.headers.get('content-location')?.[0] ?? uri;
    const media = findVideo(described.body, base);
    onMedia(media);
    const setup = this.expect(
      'SETUP',
      await this.request('SETUP', media.control, { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' }),
    );
    const transport = setup.headers.get('transport')?.[0] ?? '';
    const channel = /interleaved=(\d+)/.exec(transport);
    if (channel === null) throw new IngestFailure('no_stream', 'the camera sends no RTP over TCP', true);
    this.rtpChannel = Number(channel[1]);
    const [id, ...parameters] = (setup.headers.get('session')?.[0] ?? '').split(';');
    if (!id) throw new IngestFailure('bad_answer', 'the camera names no session');
    this.sessionId = id.trim();
    const timeoutSeconds = Number(/timeout=(\d+)/.exec(parameters.join(';'))?.[1] ?? 60);
    const aggregate = base;
    this.expect('PLAY', await this.request('PLAY', aggregate, { Range: 'npt=0.000-' }));
    const everyMs = Math.max(5, Math.min(30, timeoutSeconds / 2)) * 1000;
    this.keepAlive = setInterval(() => void this.stayAlive(aggregate), everyMs);
  }

  /** What the server answers matters little; a lost connection is seen elsewhere. */
  private async stayAlive(uri: string): Promise<void> {
    try {
      const { status } = await this.request(this.keepAliveMethod, uri);
      if (status >= 400) this.keepAliveMethod = 'OPTIONS';
    } catch {
      this.keepAliveMethod = 'OPTIONS'; // no answer to this one: try the other the next time
    }
  }

  /** Says goodbye and closes. */
  close(): void {
    clearInterval(this.keepAlive);
    if (this.sessionId !== undefined && !this.socket.destroyed) {
      const uri = checkedUrl(this.target.url).href;
      const authorization = this.authorize === undefined ? '' : `Authorization: ${this.authorize('TEARDOWN', uri)}\r\n`;
      this.socket.end(
        `TEARDOWN ${uri} RTSP/1.0\r\nCSeq: ${++this.sequence}\r\n${authorization}Session: ${this.sessionId}\r\n\r\n`,
      );
      setTimeout(() => this.socket.destroy(), 500).unref();
    } else this.socket.destroy();
  }
}
