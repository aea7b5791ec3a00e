/**
 * Cameras of a commune or a district, in one process and over real sockets: WS-Discovery, ONVIF device and media
 * services, RTSP with H.264. It owns what is on the wire and the faults; who looks at it is not its business.
 */
import { systemClock } from '../../server/src/lib/clock.js';
import { cameraKindSchema, plainKind, type CameraKind, type CameraKindInput } from './camera-kind.js';
import type { MediaOptions } from './camera-media.js';
import { startControl } from './control.js';
import { DiscoveryResponder } from './discovery/discovery-responder.js';
import { faultSchema, type FaultInput, type FaultKind } from './faults.js';
import { loadFleet, type CameraDefinition, type FleetName } from './fleet.js';
import { FrameTimer } from './frame-timer.js';
import type { SimulatedEvent } from './onvif/event-service.js';
import { onvifMannerSchema } from './onvif/onvif-manner.js';
import { SceneCache } from './scenes/scene-cache.js';
import { VirtualCamera } from './virtual-camera.js';

export interface SimulatorOptions {
  /** Default `chi-dam`. */
  readonly fleet?: FleetName;
  /** 1 to 66 of Chí Đám, 1 to 515 of Cẩm Thủy; default all. */
  readonly cameras?: number;
  /** Interface that hears multicast and address of the control API; default 127.0.0.1. */
  readonly host?: string;
  /**
   * `distinct` (default): each camera has a loopback address of its own behind `network`, all the same ports, as on a
   * real LAN. `shared`: all are at `host` and differ by port.
   */
  readonly addressing?: 'distinct' | 'shared';
  /** E.g. 127.70.0.0; default the fleet's. Two simulators at one time need different networks or different ports. */
  readonly network?: string;
  /** 0 (default) picks free ones. With `shared` addressing the first of a row. */
  readonly httpPort?: number;
  readonly rtspPort?: number;
  /** 0 (default) picks a free one; real clients look at 3702. */
  readonly discoveryPort?: number;
  readonly controlPort?: number;
  readonly username?: string;
  /** The commune's; the five cameras that differ keep theirs. */
  readonly password?: string;
  readonly media?: MediaOptions;
  /** How cameras differ from the plain kind, by number; later by `setKind`. */
  readonly kinds?: Readonly<Record<number, CameraKindInput>>;
  /** Folder of encoded scenes; default one in the system's temporary folder. */
  readonly cacheFolder?: string;
  readonly ffmpegPath?: string;
  readonly sessionTimeoutSeconds?: number;
  /** A receiver that leaves so much unread is dropped. */
  readonly maxQueueBytes?: number;
  readonly onProgress?: (prepared: number, total: number) => void;
  /** Aborts the start; afterwards there is `stop()`. */
  readonly signal?: AbortSignal;
}

export interface SimulatedCamera {
  readonly number: number;
  readonly name: string;
  readonly area: string;
  readonly place: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly host: string;
  readonly httpPort: number;
  readonly rtspPort: number;
  /** `urn:uuid:…` of discovery. */
  readonly urn: string;
  readonly deviceAddress: string;
  /** Without credentials. */
  readonly rtspMainUrl: string;
  readonly rtspSubUrl: string;
  readonly username: string;
  /** In force now, also under the fault `new-password`. */
  readonly password: string;
  readonly kind: CameraKind;
}

export interface CameraLoad {
  readonly connections: number;
  readonly mainReceivers: number;
  readonly subReceivers: number;
  readonly attempts: number;
  readonly lockedSignIns: number;
  /** Pull points that it keeps for somebody. */
  readonly subscriptions: number;
}

export interface Simulator {
  readonly cameras: readonly SimulatedCamera[];
  readonly control: { readonly url: string };
  readonly discovery: { readonly address: string; readonly port: number };
  /** Resolves when the fault is in force. */
  setFault(number: number, fault: FaultInput): Promise<void>;
  /** Ends one kind of fault, or all. */
  clearFault(number: number, kind?: FaultKind): Promise<void>;
  /** Changes what is given of a camera's kind; its connections end. */
  setKind(number: number, change: CameraKindInput): Promise<void>;
  /** A camera of the kind `events` reports one. */
  emitEvent(number: number, event: SimulatedEvent): void;
  /** Sends datagrams of junk from a camera's discovery port to whoever listens there. */
  sendJunk(number: number, to: { address: string; port: number }): void;
  /** RTSP connections and receivers of each stream now; `attempts`: RTSP connections ever accepted; sign-ins while locked. */
  load(number: number): CameraLoad;
  stop(): Promise<void>;
}

export const defaultUsername = 'admin';
export const defaultPassword = 'chungxa-2026';
const portAttempts = 10;

/** Starts the cameras; resolves when all of them answer. Throws where a port is taken or ffmpeg is missing. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const host = options.host ?? '127.0.0.1';
  const shared = options.addressing === 'shared';
  const definitions = await loadFleet({
    fleet: options.fleet ?? 'chi-dam',
    ...(options.cameras === undefined ? {} : { cameras: options.cameras }),
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(shared ? { sharedHost: host } : {}),
    username: options.username ?? defaultUsername,
    password: options.password ?? defaultPassword,
  });
  const timer = new FrameTimer(systemClock);
  const cache = new SceneCache({
    ...(options.cacheFolder === undefined ? {} : { folder: options.cacheFolder }),
    ...(options.ffmpegPath === undefined ? {} : { ffmpegPath: options.ffmpegPath }),
  });
  const cameras = definitions.map((definition) => newCamera(definition, options, cache, timer));
  const discovery = new DiscoveryResponder({
    cameras,
    interfaceAddress: host,
    instanceId: Math.floor(systemClock.nowMs() / 1000),
  });
  const stopAll = async () => {
    timer.stop();
    cache.stop();
    await Promise.all([discovery.stop(), ...cameras.map((camera) => camera.stop())]);
  };
  options.signal?.addEventListener('abort', () => cache.stop(), { once: true });
  try {
    await prepareAll(cameras, options.onProgress);
    await listenAll(cameras, { http: options.httpPort ?? 0, rtsp: options.rtspPort ?? 0 }, shared);
    await discovery.start(options.discoveryPort ?? 0);
    const simulator = buildSimulator(cameras, discovery);
    const control = await startControl({ simulator, cameras, host, port: options.controlPort ?? 0 });
    return {
      ...simulator,
      control: { url: control.url },
      stop: async () => {
        await control.stop();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function newCamera(
  definition: CameraDefinition,
  options: SimulatorOptions,
  cache: SceneCache,
  timer: FrameTimer,
): VirtualCamera {
  const given = options.kinds?.[definition.number];
  const kind = { ...plainKind, ...given, onvif: onvifMannerSchema.parse(given?.onvif ?? {}) };
  const limits = {
    sessionTimeoutSeconds: options.sessionTimeoutSeconds ?? 60,
    maxQueueBytes: options.maxQueueBytes ?? 2_000_000,
  };
  return new VirtualCamera({ definition, kind, media: options.media ?? {}, cache, timer, limits });
}

async function prepareAll(cameras: VirtualCamera[], onProgress: SimulatorOptions['onProgress']): Promise<void> {
  let prepared = 0;
  await Promise.all(
    cameras.map(async (camera) => {
      await camera.prepare();
      prepared += 1;
      onProgress?.(prepared, cameras.length);
    }),
  );
}

/** With free ports, a port that is free at one address may be taken at the next: then all begin anew. */
async function listenAll(
  cameras: VirtualCamera[],
  ports: { http: number; rtsp: number },
  shared: boolean,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const chosen = { ...ports };
      for (const [index, camera] of cameras.entries()) {
        const step = shared ? index : 0;
        await camera.listen({
          http: chosen.http === 0 ? 0 : chosen.http + step,
          rtsp: chosen.rtsp === 0 ? 0 : chosen.rtsp + step,
        });
        if (!shared) Object.assign(chosen, { http: camera.httpPort(), rtsp: camera.rtspPort() });
      }
      return;
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const canChooseAgain = ports.http === 0 || ports.rtsp === 0;
      if (!taken || !canChooseAgain || attempt === portAttempts) throw error;
      await Promise.all(cameras.map((camera) => camera.silence()));
    }
  }
}

function buildSimulator(cameras: VirtualCamera[], discovery: DiscoveryResponder): Omit<Simulator, 'control' | 'stop'> {
  const cameraAt = (number: number): VirtualCamera => {
    const camera = cameras[number - 1];
    if (!camera) throw new RangeError(`no camera ${number}`);
    return camera;
  };
  return {
    cameras: cameras.map(describe),
    discovery: { address: '239.255.255.250', port: discovery.port },
    setFault: async (number, fault) => cameraAt(number).setFault(faultSchema.parse(fault)),
    clearFault: async (number, kind) => cameraAt(number).clearFault(kind),
    setKind: async (number, change) => {
      const given = Object.keys(change);
      const parsed = Object.entries(cameraKindSchema.parse(change)).filter(([key]) => given.includes(key));
      await cameraAt(number).setKind(Object.fromEntries(parsed));
    },
    emitEvent: (number, event) => cameraAt(number).emitEvent(event),
    sendJunk: (number, to) => discovery.sendJunk(cameraAt(number).host, to),
    load: (number) => {
      const camera = cameraAt(number);
      return {
        connections: camera.connectionCount,
        mainReceivers: camera.receiverCount('main'),
        subReceivers: camera.receiverCount('sub'),
        attempts: camera.attempts,
        lockedSignIns: camera.lockedSignIns,
        subscriptions: camera.subscriptionCount,
      };
    },
  };
}

function describe(camera: VirtualCamera): SimulatedCamera {
  const { number, name, area, place, host, urn, model, username } = camera.definition;
  return {
    ...{ number, name, area, place, host, urn, model, username },
    manufacturer: camera.manufacturer,
    httpPort: camera.httpPort(),
    rtspPort: camera.rtspPort(),
    deviceAddress: camera.deviceAddress,
    rtspMainUrl: camera.rtspUrl('main'),
    rtspSubUrl: camera.rtspUrl('sub'),
    get password() {
      return camera.account().password;
    },
    get kind() {
      return camera.kind;
    },
  };
}
