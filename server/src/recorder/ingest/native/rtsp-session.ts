// An RTSP session (RFC 2326): ask what the server offers, describe, set up the tracks interleaved, play, keep alive.
import type { AddressRules } from '../../../lib/address-rules.js';
import { hostOf, isConfirmedHost } from '../../../lib/confirmed-hosts.js';
import { IngestFailure, refusal } from '../ingest-failure.js';
import type { StreamTarget } from '../fragment-source.js';
import { baseAddress, controlAddresses, endpointOf, rtspAddress } from './rtsp-address.js';
import { KeepAlive } from './rtsp-keep-alive.js';
import { RtspConnection } from './rtsp-connection.js';
import type { RtspResponse } from './rtsp-message.js';
import { findMedia, type SessionMedia } from './session-description.js';

const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 305, 307, 308]);
/** Another way to write the address may be the right one; 459 and 460: the whole, or one track, only. */
const ofTheAddress = new Set([400, 404, 451, 459, 460]);

export type TrackName = 'video' | 'audio';

export interface RtspSessionOptions {
  readonly target: StreamTarget;
  readonly rules: AddressRules;
  readonly signal: AbortSignal;
  /** Before any packet comes. Returns whether the sound is wanted. */
  readonly onMedia: (media: SessionMedia) => { audio: boolean };
  readonly onAudioRefused: () => void;
  /** Methods to keep the session alive at which the camera closed the connection before, one for each time. */
  readonly lostKeepAlives?: readonly string[];
  /** It did so again. */
  readonly onKeepAliveLost?: (method: string) => void;
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
  private readonly keepAlive: KeepAlive;

  private constructor(private readonly options: RtspSessionOptions) {
    this.keepAlive = new KeepAlive({
      lost: options.lostKeepAlives ?? [],
      request: (method) => this.connection.request(method, this.playUri!),
      onFailure: (error) => this.fail(error),
      wasClosed: () => this.connection.wasClosed,
      onLost: (method) => options.onKeepAliveLost?.(method),
    });
  }

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
      isOwnKey: target.isOwnKey,
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
    if (response.status >= 200 && response.status < 300) return response;
    throw refusal(method, response.status);
  }

  /** Connects and describes, where the server sends us to. Credentials go to confirmed hosts only, and to who asks. */
  private async describe(): Promise<{ uri: string; described: RtspResponse }> {
    const first = rtspAddress(this.options.target.url);
    // As it was told: a server compares letter by letter.
    let uri = this.options.target.url.replace(/^(rtsps?:\/\/)[^/@?#]*@/i, '$1');
    let address = first;
    for (let hops = 0; ; hops++) {
      await this.connect(address, endpointOf(address).key !== endpointOf(first).key);
      this.keepAlive.learn(await this.connection.request('OPTIONS', uri));
      const described = await this.connection.request('DESCRIBE', uri, { Accept: 'application/sdp' });
      if (!redirects.has(described.status)) return { uri, described: this.expect('DESCRIBE', described) };
      if (hops >= maxRedirects) throw new IngestFailure('bad_answer', 'the camera redirects without end');
      const location = described.headers.get('location')?.[0] ?? '';
      address = rtspAddress(/^[a-z]+:\/\//i.test(location) ? location : new URL(location, uri).href);
      uri = address.href;
      this.connection.close(undefined);
    }
  }

  private async setUp(name: TrackName, addresses: readonly string[]): Promise<RtspResponse> {
    const first = name === 'video' ? 0 : 2;
    const transport = `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}`;
    const answer = await this.firstAccepted('SETUP', addresses, { Transport: transport });
    const accepted = this.expect('SETUP', answer);
    this.learnSession(accepted);
    const granted = accepted.headers.get('transport')?.[0];
    const channels = /interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?/i.exec(granted ?? '');
    if (granted !== undefined && channels === null && !/RTP\/AVP\/TCP/i.test(granted)) throw refusal('SETUP', 461);
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
    // Behind what the camera says of its addresses, which some get wrong, the one that it was asked at.
    const addressesOf = (control: string) => [
      ...new Set([...controlAddresses(base, control), ...controlAddresses(uri, control)]),
    ];
    const tracks = addressesOf(media.video.control);
    await this.setUp('video', tracks);
    if (audio && media.audio !== undefined) await this.setUpAudio(addressesOf(media.audio.control));
    await this.play([...addressesOf(media.control), ...tracks]);
    this.keepAlive.start();
    // A failure between the answer and here has passed by.
    this.connection.lost.catch(() => this.keepAlive.stop());
  }

  /** Some cameras name their session in the answer to PLAY only. */
  private learnSession(answer: RtspResponse): void {
    const [id, ...parameters] = (answer.headers.get('session')?.[0] ?? '').split(';');
    if (!id?.trim() || this.connection.sessionId !== undefined) return;
    this.connection.sessionId = id.trim().slice(0, 200);
    const seconds = Number(/timeout\s*=\s*(\d{1,6})/i.exec(parameters.join(';'))?.[1] ?? 0);
    if (seconds > 0) this.keepAlive.timeoutMs = seconds * 1000;
  }

  /** The answer of the first address that is accepted; else the most telling refusal. @throws IngestFailure */
  private async firstAccepted(
    method: 'SETUP' | 'PLAY',
    addresses: readonly string[],
    headers: Readonly<Record<string, string>>,
  ): Promise<RtspResponse> {
    let telling: RtspResponse | undefined;
    for (const address of addresses) {
      if (method === 'PLAY') this.playUri = address;
      const answer = await this.connection.request(method, address, headers);
      if (!ofTheAddress.has(answer.status)) return answer;
      if (telling === undefined || telling.status === 404) telling = answer;
    }
    return telling!;
  }

  /** Sound is an addition: a camera that refuses it is recorded without. */
  private async setUpAudio(addresses: readonly string[]): Promise<void> {
    try {
      await this.setUp('audio', addresses);
    } catch (error) {
      if (!(error instanceof IngestFailure) || error.reason === 'wrong_password' || error.reason === 'account_locked')
        throw error;
      this.options.onAudioRefused();
    }
  }

  private async play(addresses: readonly string[]): Promise<void> {
    const answer = await this.firstAccepted('PLAY', addresses, { Range: 'npt=0.000-' });
    this.learnSession(this.expect('PLAY', answer));
    this.connection.playing = true;
  }

  /** Says goodbye and closes. */
  close(): void {
    this.keepAlive.stop();
    (this.connection as RtspConnection | undefined)?.close(this.playUri);
  }
}
