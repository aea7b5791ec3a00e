import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { DigestAuthenticator } from '../digest-auth.js';
import type { FrameTimer } from '../frame-timer.js';
import type { StartMode, StreamSource } from '../stream-source.js';
import { AudioSender } from './audio-sender.js';
import { RtpSender } from './rtp-sender.js';
import { formatResponse, RtspParser, type RtspRequest } from './rtsp-message.js';
import { audioOnlySdp, videoSdp } from './sdp.js';

/** What the RTSP server needs to know of its camera. */
export interface RtspCamera {
  readonly number: number;
  readonly host: string;
  readonly serverName: string;
  readonly realm: string;
  /** Control attribute of the video track, e.g. `trackID=1`. */
  readonly trackControl: string;
  /** Whether an RTCP receiver report keeps a session alive, as the RFC says, or only a request does. */
  readonly receiverReportKeepsAlive: boolean;
  account(): { username: string; password: string };
  clockOffsetMs(): number;
  isHanging(): boolean;
  isAudioOnly(): boolean;
  /** The stream behind a path with its query; undefined for an unknown one. */
  stream(path: string): { source: StreamSource; startMode: StartMode } | undefined;
}

export interface RtspLimits {
  readonly sessionTimeoutSeconds: number;
  readonly maxQueueBytes: number;
}

interface Session {
  readonly id: string;
  readonly path: string;
  readonly sender: RtpSender | undefined;
  readonly channel: number;
  audio: AudioSender | undefined;
  playing: StreamSource | undefined;
}

type Header = [name: string, value: string];

const methods = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER'];
const methodsWithoutAuthentication = new Set(['OPTIONS']);
const reasons: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  551: 'Option not supported',
};

/** One RTSP 1.0 connection (RFC 2326) with Digest authentication and interleaved RTP; one session at a time. */
export class RtspConnection {
  readonly #socket: Socket;
  readonly #camera: RtspCamera;
  readonly #timer: FrameTimer;
  readonly #limits: RtspLimits;
  readonly #digest: DigestAuthenticator;
  readonly #parser = new RtspParser();
  #session: Session | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: { socket: Socket; camera: RtspCamera; timer: FrameTimer; limits: RtspLimits }) {
    this.#socket = options.socket;
    this.#camera = options.camera;
    this.#timer = options.timer;
    this.#limits = options.limits;
    this.#digest = new DigestAuthenticator({ realm: this.#camera.realm, qop: false, nowMs: () => this.#timer.nowMs() });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', () => this.#socket.destroy()); // a peer that is gone; `close` follows
    this.#socket.once('close', () => this.#end());
    this.#refresh();
  }

  #receive(bytes: Buffer): void {
    if (this.#camera.isHanging()) return;
    for (const item of this.#parser.push(bytes)) {
      if (item.kind === 'garbage') {
        this.#socket.end(formatResponse(400, 'Bad Request', [['Connection', 'close']]));
        return;
      }
      if (item.kind === 'request') {
        this.#refresh();
        this.#answer(item.request);
      } else if (this.#camera.receiverReportKeepsAlive) {
        this.#refresh();
      }
    }
  }

  #refresh(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#socket.destroy(), this.#limits.sessionTimeoutSeconds * 1000);
  }

  #end(): void {
    clearTimeout(this.#idleTimer);
    this.#pause();
    this.#session = undefined;
  }

  #answer(request: RtspRequest): void {
    if (!request.headers.has('cseq')) return this.#respond(request, 400);
    if (!methods.includes(request.method)) return this.#respond(request, 501, [['Public', methods.join(', ')]]);
    const required = request.headers.get('require');
    if (required !== undefined) return this.#respond(request, 551, [['Unsupported', required.replace(/[\r\n]/g, '')]]);
    if (!methodsWithoutAuthentication.has(request.method) && !this.#authenticated(request)) return;
    const stated = request.headers.get('session')?.split(';')[0]?.trim();
    if (stated !== undefined && stated !== this.#session?.id) return this.#respond(request, 454);
    switch (request.method) {
      case 'OPTIONS':
        return this.#respond(request, 200, [['Public', methods.join(', ')]]);
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUp(request);
      case 'PLAY':
        return this.#play(request);
      case 'PAUSE':
        if (!this.#session) return this.#respond(request, 454);
        this.#pause();
        return this.#respond(request, 200, this.#sessionHeader());
      case 'TEARDOWN':
        if (!this.#session) return this.#respond(request, 454);
        this.#pause();
        this.#session = undefined;
        this.#respond(request, 200);
        this.#socket.end();
        return;
      default:
        return this.#respond(request, 200, this.#sessionHeader());
    }
  }

  #authenticated(request: RtspRequest): boolean {
    const header = request.headers.get('authorization');
    const verdict =
      header === undefined
        ? 'refused'
        : this.#digest.verify(header, request.method, request.uri, this.#camera.account());
    if (verdict === 'accepted') return true;
    this.#respond(request, 401, [['WWW-Authenticate', this.#digest.challenge(verdict === 'stale')]]);
    return false;
  }

  #describe(request: RtspRequest): void {
    const stream = this.#camera.stream(pathOf(request.uri));
    if (!stream) return this.#respond(request, 404);
    const { host, trackControl } = this.#camera;
    const body = this.#camera.isAudioOnly()
      ? audioOnlySdp(host, trackControl)
      : videoSdp(host, stream.source.loop, trackControl);
    const base = request.uri.endsWith('/') ? request.uri : `${request.uri}/`;
    const headers: Header[] = [
      ['Content-Base', base],
      ['Content-Type', 'application/sdp'],
    ];
    this.#respond(request, 200, headers, body);
  }

  #setUp(request: RtspRequest): void {
    const track = `/${this.#camera.trackControl}`;
    const uri = request.uri.replace(/\/$/, '');
    const path = pathOf(uri.endsWith(track) ? uri.slice(0, -track.length) : uri);
    if (!this.#camera.stream(path)) return this.#respond(request, 404);
    if (this.#session) return this.#respond(request, 455);
    const channel = interleavedChannel(request.headers.get('transport') ?? '');
    if (channel === undefined) return this.#respond(request, 461);
    const { maxQueueBytes } = this.#limits;
    const sender = this.#camera.isAudioOnly()
      ? undefined
      : new RtpSender({ socket: this.#socket, camera: this.#camera, channel, maxQueueBytes });
    this.#session = { id: randomBytes(6).toString('hex'), path, sender, channel, audio: undefined, playing: undefined };
    const source = sender ? `;ssrc=${sender.ssrc.toString(16).padStart(8, '0').toUpperCase()}` : '';
    this.#respond(request, 200, [
      ...this.#sessionHeader(),
      ['Transport', `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}${source};mode="PLAY"`],
    ]);
  }

  #play(request: RtspRequest): void {
    const session = this.#session;
    const stream = session && this.#camera.stream(session.path);
    if (!session || !stream) return this.#respond(request, 454);
    const headers: Header[] = [...this.#sessionHeader(), ['Range', 'npt=0.000-']];
    if (session.sender && !session.playing) {
      const sequence = session.sender.nextSequence;
      const ticks = stream.source.add(session.sender, stream.startMode);
      session.playing = stream.source;
      const url = `${request.uri.replace(/\/$/, '')}/${this.#camera.trackControl}`;
      headers.push(['RTP-Info', `url=${url};seq=${sequence};rtptime=${session.sender.rtpTimestamp(ticks)}`]);
    } else if (!session.sender && !session.audio) {
      session.audio = new AudioSender({
        socket: this.#socket,
        channel: session.channel,
        startMs: this.#timer.nowMs(),
      });
      this.#timer.add(session.audio);
    }
    this.#respond(request, 200, headers);
  }

  #pause(): void {
    const session = this.#session;
    if (!session) return;
    if (session.sender) session.playing?.remove(session.sender);
    if (session.audio) this.#timer.remove(session.audio);
    session.playing = undefined;
    session.audio = undefined;
  }

  #sessionHeader(): Header[] {
    return this.#session ? [['Session', `${this.#session.id};timeout=${this.#limits.sessionTimeoutSeconds}`]] : [];
  }

  #respond(request: RtspRequest, status: number, headers: Header[] = [], body = ''): void {
    const cseq = request.headers.get('cseq');
    const common: Header[] = [
      ...(cseq === undefined ? [] : [['CSeq', cseq] as Header]),
      ['Server', this.#camera.serverName],
    ];
    if (!this.#socket.destroyed) {
      this.#socket.write(formatResponse(status, reasons[status] ?? 'Error', [...common, ...headers], body));
    }
  }
}

function pathOf(uri: string): string {
  return uri.replace(/^rtsps?:\/\/[^/]*/i, '').replace(/\/$/, '');
}

/** The RTP channel of the first transport that is interleaved (RFC 2326 12.39); undefined when all are over UDP. */
function interleavedChannel(transport: string): number | undefined {
  for (const alternative of transport.split(',')) {
    if (!/^\s*RTP\/AVP\/TCP(;|\s*$)/i.test(alternative)) continue;
    const channels = /interleaved=(\d+)(?:-(\d+))?/i.exec(alternative);
    const channel = channels ? Number(channels[1]) : 0;
    if (channel <= 254) return channel;
  }
  return undefined;
}
