import { cameraMedia, encodable, type MediaOptions } from './camera-media.js';
import type { CameraKind } from './camera-kind.js';
import { stampNumberOf, type DeviceInput } from './device-shape.js';
import type { FrameTimer } from './frame-timer.js';
import type { OnvifChannel, OnvifStream } from './onvif/onvif-camera.js';
import type { CameraStream } from './rtsp/media-session.js';
import type { SceneCache, StreamMedia } from './scenes/scene-cache.js';
import { scenes, type Scene } from './scenes/scene-catalogue.js';
import { StreamSource } from './stream-source.js';

type StreamName = 'main' | 'sub';

/** One input of a device with several: its own scene, in its own colours, with its own stamp. */
export class DeviceChannel {
  readonly input: DeviceInput;
  readonly #device: number;
  readonly #scene: Scene;
  readonly #media: Record<StreamName, StreamMedia>;
  readonly #startModes: Record<StreamName, CameraStream['startMode']>;
  readonly #cache: SceneCache;
  readonly #timer: FrameTimer;
  readonly #aggregates: boolean;
  readonly #sources = new Map<StreamName, StreamSource>();

  constructor(options: {
    input: DeviceInput;
    /** Number of the device. */
    device: number;
    media: MediaOptions;
    kind: CameraKind;
    cache: SceneCache;
    timer: FrameTimer;
    aggregatesParameterSets: boolean;
  }) {
    const { input, device, media, kind } = options;
    this.input = input;
    this.#device = device;
    const at = device + input.number - 1;
    const chosen = cameraMedia(at, media, kind);
    this.#scene = coloured(chosen.scene, Math.floor((at - 1) / scenes.length));
    // What a test or a benchmark asks for goes before what the device would send.
    const main = encodable({ ...chosen.main, ...input.size, ...media.main });
    this.#media = { main, sub: chosen.sub };
    this.#startModes = { main: chosen.mainStartMode, sub: chosen.subStartMode };
    this.#cache = options.cache;
    this.#timer = options.timer;
    this.#aggregates = options.aggregatesParameterSets;
  }

  async prepare(): Promise<void> {
    if (this.input.isEmpty) return;
    for (const name of ['main', 'sub'] as const) {
      const loop = await this.#cache.loop(this.#scene, this.#media[name], this.#aggregates);
      const share = (this.input.number * 0.618034) % 1;
      const startMs = this.#timer.nowMs() - (share * loop.units.length * 1000) / loop.framesPerSecond;
      this.#sources.set(name, new StreamSource({ timer: this.#timer, loop, startMs }));
    }
  }

  /** Undefined for a path of another channel, and for an input without a camera. */
  stream(path: string): CameraStream | undefined {
    const name = (['main', 'sub'] as const).find((candidate) => this.input.paths[candidate] === path);
    const source = name && this.#sources.get(name);
    if (!source) return undefined;
    const stampNumber = stampNumberOf(this.#device, this.input.number);
    return { source, startMode: this.#startModes[name], stampNumber };
  }

  onvif(rtspUrl: (path: string) => string): OnvifChannel {
    const { input } = this;
    const streamOf = (name: StreamName): OnvifStream => {
      const { codec, width, height, framesPerSecond, bitrateKbps, keyframeSeconds } = this.#media[name];
      const loop = this.#sources.get(name)?.loop;
      return {
        ...{ codec, width, height, framesPerSecond, bitrateKbps },
        gopFrames: loop?.gopFrames ?? Math.round(keyframeSeconds * framesPerSecond),
        profileName: loop?.profileName ?? 'Main',
        token: input.tokens[name],
        name: input.tokens[name],
        rtspUrl: rtspUrl(input.paths[name]),
      };
    };
    const { sourceToken, number, isEmpty } = input;
    return { sourceToken, number, isEmpty, streams: [streamOf('main'), streamOf('sub')] };
  }

  /** Undefined where nothing is plugged in. */
  snapshot(): Promise<Buffer> | undefined {
    return this.input.isEmpty ? undefined : this.#cache.snapshot(this.#scene, this.#media.main);
  }

  requestKeyframe(token: string): void {
    const { main } = this.input.tokens;
    this.#sources.get(token === main ? 'main' : 'sub')?.restart({});
  }

  get receiverCount(): number {
    return [...this.#sources.values()].reduce((sum, source) => sum + source.receiverCount, 0);
  }
}

/** There are fewer scenes than inputs: each time round they have other colours. */
function coloured(scene: Scene, round: number): Scene {
  if (round === 0) return scene;
  const degrees = (round * 75) % 360;
  return {
    ...scene,
    name: `${scene.name}-hue${degrees}`,
    graph: (picture) => `${scene.graph(picture)},hue=h=${degrees}`,
  };
}
