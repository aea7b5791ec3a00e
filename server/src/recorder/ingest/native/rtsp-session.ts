// An RTSP session (RFC 2326): ask what the server offers, describe, set up the tracks interleaved, play, keep alive.
import type { AddressRules } from '../../../lib/address-rules.js';
import { hostOf, isConfirmedHost } from '../../../lib/confirmed-hosts.js';
import { IngestFailure } from '../ingest-failure.js';
import type { StreamTarget } from '../fragment-source.js';
import { baseAddress, controlAddresses, endpointOf, rtspAddress } from './rtsp-address.js';
import { RtspConnection } from './rtsp-connection.js';
import type { RtspResponse } from './rtsp-message.js';
import { findMedia, type SessionMedia } from './session-description.js';

const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 305, 307, 308]);
const defaultTimeoutSeconds = 60;
const longestKeepAliveMs = 30_000;
const keepAliveMethods = ['GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER'] as const;

export type TrackName = 'video' | 'audio';

export interface RtspSessionOptions {
  readonly target: StreamTarget;
  readonly rules: AddressRules;
  readonly signal: AbortSignal;
  /** Before any packet comes. Returns whether the sound is wanted. */
  readonly onMedia: (media: SessionMedia) => { audio: boolean };
  readonly onAudioRefused: () => void;
  /**
   * RTP and RTCP of a track, told apart by what they are, whichever channel they came on: bytes [from, to), which may be
   * looked at, and changed, until `onReadEnd`.
   */
  readonly onPacket: (track: TrackName, isRtcp: boolean, bytes: Buffer, from: number, to: number) => void;
  readonly onReadEnd: () => void;
}

interface Track {
  readonly name: TrackName;
  readonly rtpChannel: number;
  readonly rtcpChannel: number;
}

/** RFC 5761 4: packet types of RTCP, which RTP cannot have as payload types with a marker. */
const isRtcpType = (second: number | undefined): boolean => second !== undefined && second >= 200 && second <= 207;

export class RtspSession {
  private tracks: Track[] = [];
  private readonly byChannel: (TrackName | undefined)[] = ['video', 'video'];
  private connection!: RtspConnection;
  private playUri: string | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private offered: string[] = [...keepAliveMethods];
  private asking = false;

  private constructor(private readonly options: RtspSessionOptions) {}

  /** Resolves when the server plays. @throws IngestFailure */
  static async open(options: RtspSessionOptions): Promise<RtspSession> {
    const session = new RtspSession(options);
    // Later on whoever stops says goodbye; here a request may be waiting for its answer.
    const onAbort = () => session.fail(new IngestFailure('no_stream', 'stopped'));
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      await session.begin();
      return session;
    } catch (error) {
      session.close();
      throw error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Rejects when the stream ends; never resolves. */
  get lost(): Promise<never> {
    return this.connection.lost;
  }

  /** Bytes between packets that were neither RTSP nor RTP. */
  get garbageBytes(): number {
    return this.connection.parser.garbageBytes;
  }

  fail(error: unknown): void {
    (this.connection as RtspConnection | undefined)?.fail(error);
  }

  sendRtcp(track: TrackName, packet: Buffer): void {
    const found = this.tracks.find(({ name }) => name === track);
    if (found !== undefined) this.connection.sendPacket(found.rtcpChannel, packet);
  }

  private async connect(address: URL, isRedirected: boolean): Promise<void> {
    const { target, signal, rules } = this.options;
    // Wherever the camera's own address or a redirect of it leads: credentials only to the hosts that were confirmed.
    const mayKnow = isConfirmedHost(target.confirmedHosts ?? [hostOf(target.url)], endpointOf(address).host);
    this.connection = await RtspConnection.open({
      address,
      rules,
      credentials: mayKnow ? target : undefined,
      allowPlainPassword: () => !isRedirected && target.plainPassword !== false && target.tookDigest?.() !== true,
      onDigest: () => target.onDigest?.(),
      signal,
      onPacket: (channel, bytes, from, to) => {
        const name = this.byChannel[channel];
        const isRtcp = to - from > 1 && isRtcpType(bytes[from + 1]);
        if (name !== undefined) this.options.onPacket(name, isRtcp, bytes, from, to);
      },
      onReadEnd: this.options.onReadEnd,
    });
  }

  private expect(method: string, response: RtspResponse): RtspResponse {
    const { status } = response;
    if (status === 200) return response;
    if (status === 403) throw new IngestFailure('wrong_password', 'the camera forbids this account its stream');
    if (status === 404) throw new IngestFailure('no_stream', `the camera has no such stream (${method} 404)`);
    if (status === 461)
      throw new IngestFailure('no_stream', 'the camera sends no RTP over TCP', { because: 'transport' });
    if (status === 400 && method === 'SETUP')
      throw new IngestFailure('no_stream', 'the camera refuses RTP over TCP (SETUP 400)', { because: 'refused' });
    if (status === 453 || status === 503)
      throw new IngestFailure('no_stream', `the camera has no bandwidth or receivers left (${method} ${status})`);
    if (status === 454) throw new IngestFailure('stream_ended', `the camera forgot the session (${method} 454)`);
    throw new IngestFailure('bad_answer', `${method} was answered with ${status}`);
  }

  /** Connects and describes, where the server sends us to. Credentials go to confirmed hosts only, and to who asks. */
  private async describe(): Promise<{ uri: string; described: RtspResponse }> {
    const first = rtspAddress(this.options.target.url);
    // As it was told: a server compares letter by letter.
    let uri = this.options.target.url.replace(/^(rtsp:\/\/)[^/@?#]*@/i, '$1');
    let address = first;
    for (let hops = 0; ; hops++) {
      await this.connect(address, endpointOf(address).key !== endpointOf(first).key);
      this.learn(await this.connection.request('OPTIONS', uri));
      const described = await this.connection.request('DESCRIBE', uri, { Accept: 'application/sdp' });
      if (!redirects.has(described.status)) return { uri, described: this.expect('DESCRIBE', described) };
      if (hops >= maxRedirects) throw new IngestFailure('bad_answer', 'the camera redirects without end');
      const location = described.headers.get('location')?.[0] ?? '';
      address = rtspAddress(/^[a-z]+:\/\//i.test(location) ? location : new URL(location, uri).href);
      uri = address.href;
      this.connection.close(undefined);
    }
  }

  /** Which methods the server has; those that keep a session alive count. */
  private learn(answer: RtspResponse): void {
    const stated = (answer.headers.get('public') ?? []).join(',').toUpperCase();
    if (answer.status !== 200 || stated === '') return;
    const names = stated.split(',').map((name) => name.trim());
    const offered = keepAliveMethods.filter((method) => names.includes(method));
    if (offered.length > 0) this.offered = offered;
  }

  private async setUp(name: TrackName, addresses: readonly string[]): Promise<RtspResponse> {
    const first = name === 'video' ? 0 : 2;
    const transport = `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}`;
    let answer: RtspResponse | undefined;
    for (const address of addresses) {
      answer = await this.connection.request('SETUP', address, { Transport: transport });
      if (answer.status !== 404) break; // the next way to write the address
    }
    const accepted = this.expect('SETUP', answer!);
    const granted = accepted.headers.get('transport')?.[0];
    const channels = /interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?/i.exec(granted ?? '');
    if (granted !== undefined && channels === null && !/RTP\/AVP\/TCP/i.test(granted))
      throw new IngestFailure('no_stream', 'the camera sends no RTP over TCP', { because: 'transport' });
    const rtpChannel = Number(channels?.[1] ?? first);
    const rtcpChannel = Number(channels?.[2] ?? rtpChannel + 1);
    this.tracks.push({ name, rtpChannel, rtcpChannel });
    this.byChannel[rtpChannel] = name;
    this.byChannel[rtcpChannel] = name;
    this.connection.parser.expectChannels(Object.keys(this.byChannel).map(Number));
    return accepted;
  }

  private async begin(): Promise<void> {
    const { uri, described } = await this.describe();
    const stated = [described.headers.get('content-base')?.[0], described.headers.get('content-location')?.[0]];
    const base = baseAddress(stated, uri);
    const media = findMedia(described.body);
    const { audio } = this.options.onMedia(media);
    const tracks = controlAddresses(base, media.video.control);
    const accepted = await this.setUp('video', tracks);
    const [id, ...parameters] = (accepted.headers.get('session')?.[0] ?? '').split(';');
    if (!id?.trim()) throw new IngestFailure('bad_answer', 'the camera names no session');
    this.connection.sessionId = id.trim().slice(0, 200);
    const timeoutSeconds = Number(/timeout\s*=\s*(\d{1,6})/i.exec(parameters.join(';'))?.[1] ?? 0);
    if (audio && media.audio !== undefined) await this.setUpAudio(controlAddresses(base, media.audio.control));
    await this.play([...controlAddresses(base, media.control), ...tracks]);
    const timeoutMs = (timeoutSeconds > 0 ? timeoutSeconds : defaultTimeoutSeconds) * 1000;
    const everyMs = Math.max(500, Math.min(longestKeepAliveMs, timeoutMs / 2 - 500));
    this.keepAlive = setInterval(() => void this.stayAlive(), everyMs);
    // A failure between the answer and here has passed by.
    this.connection.lost.catch(() => clearInterval(this.keepAlive));
  }

  /** Sound is an addition: a camera that refuses it is recorded without. */
  private async setUpAudio(addresses: readonly string[]): Promise<void> {
    try {
      await this.setUp('audio', addresses);
    } catch (error) {
      if (!(error instanceof IngestFailure) || error.reason === 'wrong_password') throw error;
      this.options.onAudioRefused();
    }
  }

  private async play(addresses: readonly string[]): Promise<void> {
    let answer: RtspResponse | undefined;
    for (const address of new Set(addresses)) {
      this.playUri = address;
      answer = await this.connection.request('PLAY', address, { Range: 'npt=0.000-' });
      // Not found, or allowed for a single track only: the track's own address is tried.
      if (answer.status !== 404 && answer.status !== 459) break;
    }
    this.expect('PLAY', answer!);
    this.connection.playing = true;
  }

  /** What the server answers matters little, unless the session or the right to it is gone. */
  private async stayAlive(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const method = this.offered[0]!;
    try {
      const { status } = await this.connection.request(method, this.playUri!);
      if (status === 454) throw new IngestFailure('stream_ended', 'the camera forgot the session (454)');
      if (status >= 400) this.rotate();
    } catch (error) {
      const { reason } = error as IngestFailure;
      if (reason === 'wrong_password' || reason === 'stream_ended' || reason === 'bad_answer') this.fail(error);
      else this.rotate(); // no answer to this one: try another the next time
    } finally {
      this.asking = false;
    }
  }

  private rotate(): void {
    const rest = this.offered.slice(1);
    this.offered = rest.length > 0 ? rest : [...keepAliveMethods];
  }

  /** Says goodbye and closes. */
  close(): void {
    clearInterval(this.keepAlive);
    (this.connection as RtspConnection | undefined)?.close(this.playUri);
  }
}
