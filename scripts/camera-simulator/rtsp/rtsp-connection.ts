import type { Socket } from 'node:net';
import type { CameraKind } from '../camera-kind.js';
import type { FaultKind, FaultOf } from '../faults.js';
import type { FrameTimer } from '../frame-timer.js';
import { pcmaLoop, type AudioLoop } from '../scenes/audio-loop.js';
import { audioTrack, MediaSession, videoTrack, type CameraStream } from './media-session.js';
import type { SendingCamera } from './rtp-sender.js';
import { InterleavedTransport } from './rtp-transport.js';
import { RtspAuthentication } from './rtsp-authentication.js';
import { formatResponse, RtspParser, type RtspRequest } from './rtsp-message.js';
import { sessionDescription, type TrackDescription } from './sdp.js';
import { parseTransport, type Transport } from './transport-header.js';
import { UdpTransport } from './udp-transport.js';

/** What the RTSP server needs to know of its camera. */
export interface RtspCamera extends SendingCamera {
  readonly serverName: string;
  readonly realm: string;
  /** Control attribute of the video track, e.g. `trackID=1`. */
  readonly trackControl: string;
  readonly audioControl: string;
  /** Whether an RTCP receiver report keeps a session alive, as the RFC says, or only a request does. */
  readonly receiverReportKeepsAlive: boolean;
  readonly kind: CameraKind;
  account(): { username: string; password: string };
  /** The refusal of whoever signs in while the account is locked; undefined: it is not. */
  lock(): { manner: 'isapi' | 'words'; text: string } | undefined;
  countLocked(): void;
  isAudioOnly(): boolean;
  /** Also new connections are to find nobody. */
  isGone(): boolean;
  fault<K extends FaultKind>(kind: K): FaultOf<K> | undefined;
  /** The stream behind a path with its query; undefined for an unknown one. */
  stream(path: string): CameraStream | undefined;
  /** What goes beside a stream; undefined where the camera has no microphone. */
  sound(): AudioLoop | undefined;
}

export interface RtspLimits {
  readonly sessionTimeoutSeconds: number;
  readonly maxQueueBytes: number;
}

type Header = [name: string, value: string];

const allMethods = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER'];
const offered: Record<CameraKind['keepAlive'], readonly string[]> = {
  'get-parameter': allMethods,
  'set-parameter': allMethods.filter((method) => method !== 'GET_PARAMETER'),
  options: allMethods.filter((method) => !method.endsWith('_PARAMETER')),
};
const reasons: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  460: 'Only Aggregate Operation Allowed',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  551: 'Option not supported',
};

/** So long nobody waits for a peer that is gone. */
const vanishedMs = 10 * 60_000;

/** One RTSP 1.0 connection (RFC 2326) and its session. */
export class RtspConnection {
  readonly #socket: Socket;
  readonly #camera: RtspCamera;
  readonly #timer: FrameTimer;
  readonly #limits: RtspLimits;
  readonly #authentication: RtspAuthentication;
  readonly #parser = new RtspParser();
  #session: MediaSession | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #vanished = false;
  /** Requests, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: { socket: Socket; camera: RtspCamera; timer: FrameTimer; limits: RtspLimits }) {
    this.#socket = options.socket;
    this.#camera = options.camera;
    this.#timer = options.timer;
    this.#limits = options.limits;
    this.#authentication = new RtspAuthentication({
      kind: this.#camera.kind.authentication,
      realm: this.#camera.realm,
      nowMs: () => this.#timer.nowMs(),
      nonceLifetimeMs: () => secondsToMs(this.#camera.fault('nonce-expiry')?.seconds),
    });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', () => this.#socket.destroy()); // a peer that is gone; `close` follows
    this.#socket.once('close', () => this.#end());
    this.#refresh();
  }

  /** As if the camera had lost its power: nothing is read, sent or closed from now on. */
  vanish(): void {
    this.#vanished = true;
    this.#end();
    this.#socket.pause();
    // The peer's close is not seen either: the handle would be kept for ever.
    setTimeout(() => this.#socket.destroy(), vanishedMs).unref();
  }

  #receive(bytes: Buffer): void {
    if (this.#camera.isHanging() || this.#vanished) return;
    for (const item of this.#parser.push(bytes)) {
      if (item.kind === 'garbage') {
        this.#socket.end(formatResponse(400, 'Bad Request', [['Connection', 'close']]));
        return;
      }
      if (item.kind === 'request') {
        this.#work = this.#work.then(() => this.#answer(item.request)).catch((error: unknown) => this.#fail(error));
      } else {
        this.#onReport();
      }
    }
  }

  #fail(error: unknown): void {
    console.error(`camera ${this.#camera.host}: ${String(error)}`);
    this.#socket.destroy();
  }

  #onReport(): void {
    const counts = this.#camera.fault('session-timeout')?.receiverReportsCount ?? this.#camera.receiverReportKeepsAlive;
    if (counts) this.#refresh();
  }

  #timeoutSeconds(): number {
    return this.#camera.fault('session-timeout')?.seconds ?? this.#limits.sessionTimeoutSeconds;
  }

  #refresh(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#socket.destroy(), this.#timeoutSeconds() * 1000);
  }

  #end(): void {
    clearTimeout(this.#idleTimer);
    this.#session?.end();
    this.#session = undefined;
  }

  async #answer(request: RtspRequest): Promise<void> {
    if (this.#vanished || this.#socket.destroyed) return;
    if (!this.#session) this.#refresh();
    const methods = offered[this.#camera.kind.keepAlive];
    if (!request.headers.has('cseq')) return this.#respond(request, 400);
    if (!methods.includes(request.method)) return this.#respond(request, 501, [['Public', methods.join(', ')]]);
    const required = request.headers.get('require');
    if (required !== undefined) return this.#respond(request, 551, [['Unsupported', required.replace(/[\r\n]/g, '')]]);
    if (this.#needsPassword(request) && !this.#authenticated(request)) return;
    const stated = request.headers.get('session')?.split(';')[0]?.trim();
    if (stated !== undefined && stated !== this.#session?.id) return this.#respond(request, 454);
    this.#refresh();
    switch (request.method) {
      case 'OPTIONS':
        return this.#respond(request, 200, [...this.#sessionHeader(), ['Public', methods.join(', ')]]);
      case 'DESCRIBE':
        return this.#describe(request);
      case 'SETUP':
        return this.#setUp(request);
      case 'PLAY':
        return this.#play(request);
      case 'PAUSE':
        if (!this.#session) return this.#respond(request, 454);
        this.#session.pause();
        return this.#respond(request, 200, this.#sessionHeader());
      case 'TEARDOWN':
        if (!this.#session) return this.#respond(request, 454);
        this.#session.end();
        this.#session = undefined;
        this.#respond(request, 200);
        this.#socket.end();
        return;
      default:
        return this.#respond(request, 200, this.#sessionHeader());
    }
  }

  /** OPTIONS is open to all, unless it is to keep a session alive while nonces expire. */
  #needsPassword(request: RtspRequest): boolean {
    if (request.method !== 'OPTIONS') return true;
    return this.#session !== undefined && this.#camera.fault('nonce-expiry') !== undefined;
  }

  #authenticated(request: RtspRequest): boolean {
    const header = request.headers.get('authorization');
    const lock = this.#camera.lock();
    if (lock !== undefined && header !== undefined) {
      this.#camera.countLocked();
      if (lock.manner === 'isapi') this.#respond(request, 401, [['Content-Type', 'application/xml']], lock.text);
      else this.#respond(request, 403, [['X-Reason', lock.text]]);
      return false;
    }
    const verdict = this.#authentication.verify(header, request.method, request.uri, this.#camera.account());
    if (verdict === 'accepted') return true;
    const challenges = this.#authentication.challenges(verdict === 'stale');
    this.#respond(
      request,
      401,
      challenges.map((challenge) => ['WWW-Authenticate', challenge]),
    );
    return false;
  }

  #describe(request: RtspRequest): void {
    const stream = this.#camera.stream(pathOf(request.uri));
    if (!stream) return this.#respond(request, 404);
    const { host, kind, trackControl, audioControl } = this.#camera;
    const url = request.uri.replace(/\/$/, '');
    const absolute = kind.controlUrls === 'absolute' || kind.controlUrls === 'aggregate';
    const control = (track: string) => (absolute ? `${url}/${track}` : track);
    const sound = this.#camera.sound();
    const tracks: TrackDescription[] = this.#camera.isAudioOnly()
      ? [{ control: control(trackControl), audio: pcmaLoop }]
      : [
          { control: control(trackControl), video: stream.source.loop },
          ...(sound ? [{ control: control(audioControl), audio: sound }] : []),
        ];
    const body = sessionDescription({
      host,
      control: absolute ? this.#aggregateUrl(url) : '*',
      tracks,
      clockRate: this.#camera.fault('no-clock-rate') === undefined,
    });
    const headers: Header[] = [
      ...(kind.controlUrls === 'no-base' ? [] : [['Content-Base', `${url}/`] as Header]),
      ['Content-Type', 'application/sdp'],
    ];
    this.#respond(request, 200, headers, body);
  }

  #aggregateUrl(url: string): string {
    return this.#camera.kind.controlUrls === 'aggregate' ? `${url}/all` : url;
  }

  async #setUp(request: RtspRequest): Promise<void> {
    const { trackControl, audioControl } = this.#camera;
    const uri = request.uri.replace(/\/$/, '');
    const control = uri.endsWith(`/${audioControl}`) ? audioControl : trackControl;
    const path = pathOf(uri.endsWith(`/${control}`) ? uri.slice(0, -control.length - 1) : uri);
    const stream = this.#camera.stream(path);
    const sound = this.#camera.isAudioOnly() ? pcmaLoop : this.#camera.sound();
    const isSound = this.#camera.isAudioOnly() || control === audioControl;
    if (!stream || (isSound && !sound)) return this.#respond(request, 404);
    if (this.#session && (this.#session.path !== path || this.#session.has(control))) {
      return this.#respond(request, 455);
    }
    const chosen = this.#chooseTransport(request);
    if (typeof chosen === 'number') return this.#respond(request, chosen);
    const session = this.#session ?? new MediaSession(path);
    const opened = await this.#openTransport(chosen);
    if (this.#vanished || this.#socket.destroyed) return opened.transport.stop();
    const { transport, channel } = opened;
    const common = { control, camera: this.#camera, transport, channel };
    const track =
      isSound && sound ? audioTrack({ ...common, timer: this.#timer, loop: sound }) : videoTrack({ ...common, stream });
    session.add(track);
    this.#session = session;
    const source = `ssrc=${track.ssrc.toString(16).padStart(8, '0').toUpperCase()}`;
    this.#respond(request, 200, [...this.#sessionHeader(), ['Transport', `${opened.header};${source};mode="PLAY"`]]);
  }

  /** A number is the status to refuse with. */
  #chooseTransport(request: RtspRequest): Transport | number {
    const { transport } = this.#camera.kind;
    const alternatives = parseTransport(request.headers.get('transport') ?? '');
    const chosen = alternatives.find(({ kind }) =>
      kind === 'tcp' ? transport === 'tcp' || transport === 'both' : transport !== 'tcp',
    );
    return chosen ?? (transport === 'udp-400' ? 400 : 461);
  }

  async #openTransport(
    chosen: Transport,
  ): Promise<{ transport: InterleavedTransport | UdpTransport; channel: number; header: string }> {
    if (chosen.kind === 'tcp') {
      const { channel } = chosen;
      return {
        transport: new InterleavedTransport(this.#socket, this.#limits.maxQueueBytes),
        channel,
        header: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`,
      };
    }
    const { clientPort } = chosen;
    const client = { host: this.#socket.remoteAddress ?? '', rtpPort: clientPort };
    const transport = await UdpTransport.open(this.#camera.host, client, () => this.#onReport());
    const { serverPort } = transport;
    const ports = `client_port=${clientPort}-${clientPort + 1};server_port=${serverPort}-${serverPort + 1}`;
    return { transport, channel: 0, header: `RTP/AVP;unicast;${ports};source=${this.#camera.host}` };
  }

  #play(request: RtspRequest): void {
    const session = this.#session;
    if (!session || !this.#camera.stream(session.path)) return this.#respond(request, 454);
    const uri = request.uri.replace(/\/$/, '');
    if (this.#camera.kind.controlUrls === 'aggregate' && !uri.endsWith('/all')) return this.#respond(request, 460);
    const base = uri.replace(/\/all$/, '');
    const info = session
      .play()
      .map(({ control, sequence, rtpTimestamp }) => `url=${base}/${control};seq=${sequence};rtptime=${rtpTimestamp}`);
    this.#respond(request, 200, [
      ...this.#sessionHeader(),
      ['Range', 'npt=0.000-'],
      ...(info.length > 0 ? [['RTP-Info', info.join(',')] as Header] : []),
    ]);
    const closing = this.#camera.fault('close-after-play');
    if (closing) setTimeout(() => this.#socket.end(), closing.afterMs);
  }

  #sessionHeader(): Header[] {
    return this.#session ? [['Session', `${this.#session.id};timeout=${this.#timeoutSeconds()}`]] : [];
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

const secondsToMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;

function pathOf(uri: string): string {
  return uri.replace(/^rtsps?:\/\/[^/]*/i, '').replace(/\/$/, '');
}
