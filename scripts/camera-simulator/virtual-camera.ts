import type { CameraKind, CameraKindInput } from './camera-kind.js';
import { cameraMedia, encodable, type CameraMedia, type MediaOptions } from './camera-media.js';
import { DeviceChannel } from './device-channel.js';
import { inputsOf, shapeOf } from './device-shape.js';
import type { DiscoverableCamera } from './discovery/discovery-responder.js';
import type { DiscoveryTarget } from './discovery/discovery-message.js';
import type { Fault, FaultKind, FaultOf } from './faults.js';
import type { CameraDefinition } from './fleet.js';
import type { FrameTimer } from './frame-timer.js';
import type { OnvifCamera, OnvifChannel, OnvifStream } from './onvif/onvif-camera.js';
import type { SimulatedEvent } from './onvif/event-service.js';
import { OnvifListener } from './onvif/onvif-listener.js';
import { onvifMannerSchema, type OnvifManner } from './onvif/onvif-manner.js';
import type { SpoiledAnswer } from './onvif/spoiled-answer.js';
import { disturbanceOf, type Disturbance } from './rtsp/disturbance.js';
import type { CameraStream } from './rtsp/media-session.js';
import type { RtspCamera, RtspLimits } from './rtsp/rtsp-connection.js';
import { RtspListener } from './rtsp/rtsp-listener.js';
import { pcmaLoop, pcmuLoop, type AudioLoop } from './scenes/audio-loop.js';
import type { PictureLoop } from './scenes/picture-loop.js';
import type { SceneCache, StreamMedia } from './scenes/scene-cache.js';
import { StreamSource } from './stream-source.js';

type StreamName = 'main' | 'sub';

/** One camera: its state, its faults, its two streams, and the listeners that speak for it. */
export class VirtualCamera implements OnvifCamera, RtspCamera, DiscoverableCamera {
  readonly definition: CameraDefinition;
  readonly scopes: readonly string[];
  readonly #mediaOptions: MediaOptions;
  #kind: CameraKind;
  #media: CameraMedia;
  #sound: AudioLoop | undefined;
  /** Of a device with several; empty of a plain camera. */
  #channels: DeviceChannel[] = [];
  readonly #cache: SceneCache;
  readonly #timer: FrameTimer;
  readonly #onvif: OnvifListener;
  readonly #rtsp: RtspListener;
  readonly #faults = new Map<FaultKind, Fault>();
  #lockedSignIns = 0;
  readonly #sources = new Map<StreamName, StreamSource>();
  // Of the faults, what is asked for at every packet.
  #disturbance: Disturbance | undefined;
  #hanging = false;
  #httpPort = 0;
  #rtspPort = 0;
  #listening = false;
  #stopped = false;
  /** Changes of state, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: {
    definition: CameraDefinition;
    kind: CameraKind;
    media: MediaOptions;
    cache: SceneCache;
    timer: FrameTimer;
    limits: RtspLimits;
  }) {
    this.definition = options.definition;
    this.#kind = options.kind;
    this.#mediaOptions = options.media;
    this.#media = cameraMedia(this.definition.number, options.media, options.kind);
    this.#cache = options.cache;
    this.#timer = options.timer;
    this.scopes = scopesOf(options.definition);
    this.#onvif = new OnvifListener({ camera: this, nowMs: () => this.#timer.nowMs() });
    this.#rtsp = new RtspListener({ camera: this, timer: this.#timer, limits: options.limits });
  }

  /** Prepares the streams: encodes their scenes where nobody did before. */
  async prepare(): Promise<void> {
    await this.#prepareSound();
    await this.#prepareChannels();
    for (const name of ['main', 'sub'] as const) {
      const loop = await this.#loop(this.#media[name]);
      // Cameras that show the same scene are at different places in it, and their keyframes do not come together.
      const share = (this.number * 0.618034) % 1;
      const startMs = this.#timer.nowMs() - (share * loop.units.length * 1000) / loop.framesPerSecond;
      this.#sources.set(name, new StreamSource({ timer: this.#timer, loop, startMs }));
    }
  }

  async #prepareChannels(): Promise<void> {
    const channels = inputsOf(this.#kind.device).map(
      (input) =>
        new DeviceChannel({
          ...{ input, device: this.number, media: this.#mediaOptions, kind: this.#kind },
          ...{ cache: this.#cache, timer: this.#timer },
          aggregatesParameterSets: this.definition.brand.aggregatesParameterSets,
        }),
    );
    await Promise.all(channels.map((channel) => channel.prepare()));
    this.#channels = channels;
  }

  async #prepareSound(): Promise<void> {
    const { audio } = this.#kind;
    const loops = { none: undefined, pcma: pcmaLoop, pcmu: pcmuLoop };
    this.#sound = audio === 'aac' ? await this.#cache.sound() : loops[audio];
  }

  /** Port 0 picks a free one. */
  async listen(ports: { http: number; rtsp: number }): Promise<void> {
    this.#listening = true;
    this.#httpPort = await this.#onvif.start(ports.http);
    this.#rtspPort = await this.#rtsp.start(ports.rtsp);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work.catch(() => undefined); // whoever asked for the change was told
    await this.silence();
  }

  /** Closes listeners and connections; the ports stay known. */
  async silence(): Promise<void> {
    this.#listening = false;
    await Promise.all([this.#onvif.stop(), this.#rtsp.stop()]);
  }

  // What discovery, ONVIF and RTSP ask.

  get number(): number {
    return this.definition.number;
  }
  get name(): string {
    return this.definition.name;
  }
  get host(): string {
    return this.definition.host;
  }
  get manufacturer(): string {
    return this.definition.brand.manufacturer;
  }
  get model(): string {
    return shapeOf(this.#kind.device)?.model ?? this.definition.model;
  }
  get firmware(): string {
    return this.definition.brand.firmware;
  }
  get serial(): string {
    return this.definition.serial;
  }
  get hardwareId(): string {
    return this.model;
  }
  get hostname(): string {
    return `ipc-${this.definition.serial.slice(-6).toLowerCase()}`;
  }
  get mac(): string {
    return this.definition.mac;
  }
  get realm(): string {
    return this.definition.brand.realm(this.definition.serial);
  }
  get serverName(): string {
    return this.definition.brand.serverName;
  }
  get acceptsUsernameToken(): boolean {
    const { authentication } = this.manner;
    return authentication === 'brand' ? this.definition.brand.acceptsUsernameToken : authentication === 'token';
  }
  get acceptsHttpDigest(): boolean {
    const { authentication } = this.manner;
    return authentication === 'brand' ? this.definition.brand.acceptsHttpDigest : authentication === 'digest';
  }
  get kind(): CameraKind {
    return this.#kind;
  }
  get offersSynchronizationPoint(): boolean {
    return this.#kind.synchronizationPoint ?? this.definition.brand.offersSynchronizationPoint;
  }
  get trackControl(): string {
    return this.definition.brand.trackControl;
  }
  /** The next track after the video's. */
  get audioControl(): string {
    return this.trackControl.replace(/\d+$/, (number) => String(Number(number) + 1));
  }
  get receiverReportKeepsAlive(): boolean {
    return this.definition.brand.receiverReportKeepsAlive;
  }
  get paths(): CameraDefinition['brand']['paths'] & { readonly media2: string; readonly events: string } {
    return { ...this.definition.brand.paths, media2: '/onvif/media2_service', events: '/onvif/event_service' };
  }
  get offersMedia2(): boolean {
    return this.manner.media2 ?? [this.#kind.codec, this.#kind.subCodec].includes('h265');
  }
  get offersEvents(): boolean {
    return this.#kind.events;
  }
  get manner(): OnvifManner {
    return this.#kind.onvif;
  }
  get serviceOrigin(): string {
    return this.#onvif.origin;
  }
  get deviceAddress(): string {
    const scheme = this.manner.transport === 'https' || this.manner.transport === 'old-tls' ? 'https' : 'http';
    return `${scheme}://${this.host}:${this.#httpPort}${this.paths.device}`;
  }

  httpPort(): number {
    return this.#httpPort;
  }

  rtspPort(): number {
    return this.#rtspPort;
  }

  rtspUrl(name: StreamName): string {
    return this.#rtspAt(this.#channels[0]?.input.paths[name] ?? this.paths[name]);
  }

  #rtspAt(path: string): string {
    return `rtsp://${this.host}:${this.#rtspPort}${path}`;
  }

  account(): { username: string; password: string } {
    const { username, password } = this.definition;
    return { username, password: this.fault('new-password')?.password ?? password };
  }

  clockOffsetMs(): number {
    return this.fault('wrong-clock')?.offsetMs ?? 0;
  }

  cameraNowMs(): number {
    return this.#timer.utcOf(this.#timer.nowMs()) + this.clockOffsetMs();
  }

  isHanging(): boolean {
    return this.#hanging;
  }

  disturbance(): Disturbance | undefined {
    return this.#disturbance;
  }

  isGone(): boolean {
    return this.fault('half-open')?.newConnections === 'mute';
  }

  isTurningAway(): boolean {
    return this.#faults.has('turned-away');
  }

  isAudioOnly(): boolean {
    return this.#faults.has('not-video');
  }

  isSilent(): boolean {
    return this.#faults.has('off') || this.#faults.has('hang') || this.isGone() || this.manner.absent;
  }

  /** Reports an event to whoever has subscribed. */
  emitEvent(event: SimulatedEvent): void {
    this.#onvif.events.emit(event);
  }

  sendsJunk(): boolean {
    return this.#faults.has('junk-discovery');
  }

  spoiledAnswer(): SpoiledAnswer | undefined {
    if (this.#faults.has('junk-onvif')) return { kind: 'junk' };
    const oversized = this.fault('oversized-onvif');
    return oversized && { kind: 'oversized', bytes: oversized.bytes };
  }

  discoveryTarget(): DiscoveryTarget {
    const { endpointReference } = this.manner;
    const urn = endpointReference === 'urn' ? this.definition.urn : endpointReference === 'empty' ? '' : undefined;
    return { urn, scopes: this.scopes, deviceAddress: this.deviceAddress };
  }

  get records(): boolean {
    return shapeOf(this.#kind.device)?.records ?? false;
  }

  channels(): OnvifChannel[] {
    if (this.#channels.length > 0) return this.#channels.map((channel) => channel.onvif((path) => this.#rtspAt(path)));
    const streams = [this.#onvifStream('main'), this.#onvifStream('sub')];
    return [{ sourceToken: 'VideoSource_1', number: 1, isEmpty: false, streams }];
  }

  snapshot(profileToken: string): Promise<Buffer> | undefined {
    if (this.#channels.length > 0) return this.#channelOf(profileToken)?.snapshot();
    return this.#cache.snapshot(this.#media.scene, this.#wanted('main'));
  }

  #channelOf(profileToken: string): DeviceChannel | undefined {
    return this.#channels.find(({ input: { tokens } }) => Object.values(tokens).includes(profileToken));
  }

  requestKeyframe(token: string): void {
    if (this.#channels.length > 0) return this.#channelOf(token)?.requestKeyframe(token);
    const { profileTokens } = this.definition.brand;
    this.#sources.get(token === profileTokens.main ? 'main' : 'sub')?.restart({});
  }

  sound(): AudioLoop | undefined {
    return this.#sound;
  }

  stream(path: string): CameraStream | undefined {
    if (this.#channels.length > 0)
      return this.#channels.map((one) => one.stream(path)).find((one) => one !== undefined);
    const name = (['main', 'sub'] as const).find((candidate) => this.paths[candidate] === path);
    const source = name && this.#sources.get(name);
    if (!source) return undefined;
    return { source, startMode: name === 'main' ? this.#media.mainStartMode : this.#media.subStartMode };
  }

  #onvifStream(name: StreamName): OnvifStream {
    const loop = this.#source(name).loop;
    const { profileTokens } = this.definition.brand;
    const { codec, width, height, framesPerSecond, bitrateKbps, gopFrames, profileName } = loop;
    const facts = { codec, width, height, framesPerSecond, bitrateKbps, gopFrames, profileName };
    const title = name === 'main' ? 'mainStream' : 'subStream';
    return { ...facts, token: profileTokens[name], name: title, rtspUrl: this.rtspUrl(name) };
  }

  #source(name: StreamName): StreamSource {
    const source = this.#sources.get(name);
    if (!source) throw new Error(`camera ${this.number} was not prepared`);
    return source;
  }

  // Faults.

  get faults(): Fault[] {
    return [...this.#faults.values()];
  }

  get connectionCount(): number {
    return this.#rtsp.connectionCount;
  }

  /** The refusal of whoever signs in while the account is locked; undefined: it is not. */
  lock(): { manner: 'isapi' | 'words'; text: string } | undefined {
    const fault = this.fault('account-locked');
    if (fault === undefined) return undefined;
    const { manner, seconds } = fault;
    if (manner === 'words') return { manner, text: 'Account locked' };
    const facts = `<statusValue>401</statusValue><lockStatus>lock</lockStatus><unlockTime>${seconds}</unlockTime>`;
    return { manner, text: `<userCheck>${facts}<retryLoginTime>0</retryLoginTime></userCheck>` };
  }

  /** Somebody signed in while it was. */
  countLocked(): void {
    this.#lockedSignIns += 1;
  }

  get subscriptionCount(): number {
    return this.#onvif.events.subscriptionCount;
  }

  get lockedSignIns(): number {
    return this.#lockedSignIns;
  }

  get attempts(): number {
    return this.#rtsp.attempts;
  }

  /** Of a device with several channels all of its receivers are those of main streams. */
  receiverCount(name: StreamName): number {
    if (this.#channels.length > 0)
      return name === 'sub' ? 0 : this.#channels.reduce((sum, channel) => sum + channel.receiverCount, 0);
    return this.#source(name).receiverCount;
  }

  /** Resolves when the fault is in force. */
  setFault(fault: Fault): Promise<void> {
    return this.#afterwards(async () => {
      if (fault.kind === 'reset') return this.#disconnect(true);
      this.#faults.set(fault.kind, fault);
      this.#noteFaults();
      if (fault.kind === 'half-open') this.#rtsp.vanish();
      if (throwsOut(fault)) this.#disconnect(fault.kind === 'turned-away');
      await this.#apply(fault.kind);
    });
  }

  #noteFaults(): void {
    this.#disturbance = disturbanceOf(this.#faults);
    this.#hanging = this.#faults.has('hang');
  }

  /** Ends one kind of fault, or all. */
  clearFault(kind?: FaultKind): Promise<void> {
    return this.#afterwards(async () => {
      for (const ended of kind ? [kind] : [...this.#faults.keys()]) {
        if (!this.#faults.delete(ended)) continue;
        this.#noteFaults();
        await this.#apply(ended);
      }
    });
  }

  /** Becomes another kind of camera in what is given; whoever is connected is thrown out. */
  setKind(change: CameraKindInput): Promise<void> {
    return this.#afterwards(async () => {
      const { transport } = this.manner;
      this.#kind = { ...this.#kind, ...change, onvif: onvifMannerSchema.parse(change.onvif ?? this.manner) };
      if (this.manner.transport !== transport) await this.#onvif.restart();
      this.#media = cameraMedia(this.number, this.#mediaOptions, this.#kind);
      await this.#prepareSound();
      await this.#prepareChannels();
      await this.#changeStreams();
      if (this.#kind.redirects) await this.#rtsp.openSecond();
      this.#disconnect(false);
    });
  }

  #afterwards(change: () => Promise<void> | void): Promise<void> {
    const done = this.#work.catch(() => undefined).then(() => (this.#stopped ? undefined : change()));
    this.#work = done;
    return done;
  }

  async #apply(kind: FaultKind): Promise<void> {
    switch (kind) {
      case 'off':
        if (this.#faults.has('off')) return this.silence();
        if (!this.#listening) await this.listen({ http: this.#httpPort, rtsp: this.#rtspPort });
        return;
      case 'new-password':
      case 'not-video':
      case 'no-clock-rate':
        return this.#disconnect(false);
      case 'slow-frame-rate':
      case 'frozen':
      case 'parameters-changed':
        return this.#changeStreams();
      default: // asked for at each answer
    }
  }

  #disconnect(abruptly: boolean): void {
    this.#onvif.disconnect(abruptly);
    this.#rtsp.disconnect(abruptly);
  }

  async #changeStreams(): Promise<void> {
    const names = ['main', 'sub'] as const;
    const loops = await Promise.all(names.map((name) => this.#loop(this.#wanted(name))));
    names.forEach((name, index) => {
      const loop = loops[index] ?? this.#source(name).loop;
      const framesPerSecond = this.fault('slow-frame-rate')?.framesPerSecond ?? loop.framesPerSecond;
      this.#source(name).restart({ loop, framesPerSecond });
    });
  }

  /** How a stream is encoded under the faults that hold. */
  #wanted(name: StreamName): StreamMedia {
    const media = { ...this.#media[name], still: this.#faults.has('frozen') };
    const changed = this.fault('parameters-changed');
    if (!changed) return media;
    const halved = name === 'main' ? 1 : 2;
    const even = (length: number) => Math.max(2, 2 * Math.round(length / halved / 2));
    return encodable({ ...media, width: even(changed.width), height: even(changed.height) });
  }

  #loop(media: StreamMedia): Promise<PictureLoop> {
    return this.#cache.loop(this.#media.scene, media, this.definition.brand.aggregatesParameterSets);
  }

  fault<K extends FaultKind>(kind: K): FaultOf<K> | undefined {
    return this.#faults.get(kind) as FaultOf<K> | undefined;
  }
}

/** A fault that begins with the end of every connection; the end of such a one needs none. */
const thrownOutBy = new Set<FaultKind>(['session-timeout', 'no-keyframes', 'turned-away', 'account-locked']);
const throwsOut = (fault: Fault) =>
  thrownOutBy.has(fault.kind) && !(fault.kind === 'no-keyframes' && fault.connected === 'kept');

function scopesOf({ name, area, brand, model }: CameraDefinition): string[] {
  const scope = (...parts: string[]) => `onvif://www.onvif.org/${parts.map(encodeURIComponent).join('/')}`;
  return [
    scope('type', 'video_encoder'),
    scope('type', 'Network_Video_Transmitter'),
    scope('hardware', model),
    scope('name', `${brand.manufacturer} ${name}`),
    scope('location', 'country', 'vietnam'),
    scope('location', area),
    scope('Profile', 'Streaming'),
  ];
}
