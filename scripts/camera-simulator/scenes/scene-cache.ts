import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VideoCodec } from '../camera-kind.js';
import { aacClockHz, buildAacLoop, type AudioLoop } from './audio-loop.js';
import { frameCodeFilter } from './frame-code.js';
import { buildH264Loop } from './h264-loop.js';
import { buildH265Loop } from './h265-loop.js';
import { buildMjpegLoop } from './mjpeg-loop.js';
import { buildMpeg4Loop } from './mpeg4-loop.js';
import type { LoopMedia, PictureLoop } from './picture-loop.js';
import type { Scene } from './scene-catalogue.js';

/** How one stream of a camera is encoded. */
export interface StreamMedia {
  readonly codec: VideoCodec;
  readonly width: number;
  readonly height: number;
  /** A divisor of 90 000 into whole ticks, so that RTP timestamps are exact. */
  readonly framesPerSecond: number;
  readonly bitrateKbps: number;
  readonly keyframeSeconds: number;
  readonly bFrames: number;
  /** Rounded up to whole groups of pictures. */
  readonly loopSeconds: number;
  /** One picture, again and again: what a sensor that hangs behind a healthy encoder looks like. */
  readonly still: boolean;
  /** Each picture carries its place in the loop as a row of boxes; see frame-code.ts. */
  readonly frameCode?: boolean;
}

/** Of the layout of the folder; files are named after what they were made by. */
const cacheVersion = 1;
const maxConcurrentEncodes = 2;
const encodeTimeoutMs = 180_000;
/** As ffmpeg calls them. */
const formats = { h264: 'h264', h265: 'hevc', mjpeg: 'mjpeg', mpeg4: 'm4v' } as const;
const builders: Record<VideoCodec, (stream: Buffer, media: LoopMedia) => PictureLoop> = {
  h264: buildH264Loop,
  h265: buildH265Loop,
  mjpeg: buildMjpegLoop,
  mpeg4: buildMpeg4Loop,
};

/**
 * Encodes scenes once with ffmpeg and keeps them in a folder that several simulators may share: a file appears
 * complete, by rename, or not at all.
 */
export class SceneCache {
  readonly #folder: string;
  readonly #ffmpegPath: string;
  readonly #loops = new Map<string, Promise<PictureLoop>>();
  readonly #files = new Map<string, Promise<string>>();
  readonly #snapshots = new Map<string, Promise<Buffer>>();
  readonly #sounds = new Map<string, Promise<AudioLoop>>();
  #running = 0;
  #stopped = false;
  readonly #waiting: (() => void)[] = [];
  readonly #children = new Set<ReturnType<typeof spawn>>();

  constructor(options: { folder?: string; ffmpegPath?: string }) {
    this.#folder = options.folder ?? join(tmpdir(), `choi-canh-scenes-${cacheVersion}`);
    this.#ffmpegPath = options.ffmpegPath ?? 'ffmpeg';
  }

  /** The scene as a loop of access units; encoded now when nobody did before. */
  loop(scene: Scene, media: StreamMedia, aggregateParameterSets: boolean): Promise<PictureLoop> {
    const key = JSON.stringify([scene.name, media, aggregateParameterSets]);
    return remember(this.#loops, key, async () => {
      const gopFrames = Math.round(media.keyframeSeconds * media.framesPerSecond);
      const stream = await readFile(await this.#encoded(scene, media));
      return builders[media.codec](stream, { ...media, gopFrames, aggregateParameterSets });
    });
  }

  /** A tone with a beep on every second, AAC-LC. */
  sound(): Promise<AudioLoop> {
    return remember(this.#sounds, 'aac', async () => {
      const target = join(this.#folder, `tone-${aacClockHz}.aac`);
      await this.#make(target, (output) => [
        ...['-f', 'lavfi', '-i', `sine=frequency=330:beep_factor=4:sample_rate=${aacClockHz}:duration=8`],
        ...['-ac', '1', '-c:a', 'aac', '-b:a', '32k', '-f', 'adts', output],
      ]);
      return buildAacLoop(await readFile(target));
    });
  }

  /** JPEG of the scene's first picture. */
  snapshot(scene: Scene, media: StreamMedia): Promise<Buffer> {
    return remember(this.#snapshots, JSON.stringify([scene.name, media]), async () => {
      const source = await this.#encoded(scene, media);
      const target = `${source.slice(0, source.lastIndexOf('.'))}.jpg`;
      await this.#make(target, (output) => [
        ...[
          '-f',
          formats[media.codec],
          '-i',
          source,
          '-frames:v',
          '1',
          '-q:v',
          '5',
          '-update',
          '1',
          '-f',
          'image2',
          output,
        ],
      ]);
      return readFile(target);
    });
  }

  /** Ends encodes that are under way, and begins no more. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #encoded(scene: Scene, media: StreamMedia): Promise<string> {
    const graph = scene.graph(media);
    const recipe = JSON.stringify(encodeArguments(graph, media, ''));
    const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
    const target = join(this.#folder, `${scene.name}-${hash}.${formats[media.codec]}`);
    return remember(this.#files, target, async () => {
      await this.#make(target, (output) => encodeArguments(graph, media, output));
      return target;
    });
  }

  async #make(target: string, argumentsFor: (output: string) => string[]): Promise<void> {
    if (await exists(target)) return;
    await this.#slot();
    const output = `${target}.${randomUUID()}.part`;
    try {
      await mkdir(this.#folder, { recursive: true });
      await this.#run(argumentsFor(output));
      await rename(output, target);
    } finally {
      await rm(output, { force: true });
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #slot(): Promise<void> {
    while (this.#running >= maxConcurrentEncodes) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  #run(parameters: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new Error('the simulator was stopped while it encoded its scenes'));
      const child = spawn(this.#ffmpegPath, ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...parameters], {
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: encodeTimeoutMs,
        killSignal: 'SIGKILL',
      });
      this.#children.add(child);
      let complaint = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        if (complaint.length < 4000) complaint += chunk.toString();
      });
      child.once('error', (error) => {
        this.#children.delete(child);
        reject(new Error(`ffmpeg could not be started: ${error.message}`));
      });
      child.once('close', (code, signal) => {
        this.#children.delete(child);
        if (code === 0) resolve();
        else reject(new Error(`ffmpeg ended with ${signal ?? String(code)} while encoding a scene: ${complaint}`));
      });
    });
  }
}

function encodeArguments(graph: string, media: StreamMedia, output: string): string[] {
  const gop = Math.round(media.keyframeSeconds * media.framesPerSecond);
  const frames = Math.max(1, Math.ceil((media.loopSeconds * media.framesPerSecond) / gop)) * gop;
  const still = media.still ? ',trim=end_frame=1,loop=loop=-1:size=1:start=0' : '';
  return [
    ...[
      '-filter_complex_threads',
      '1',
      '-filter_complex',
      `${graph}${still}${media.frameCode === true ? `,${frameCodeFilter(media)}` : ''}[out]`,
      '-map',
      '[out]',
    ],
    ...['-frames:v', String(frames), '-r', String(media.framesPerSecond), '-an', ...encoderArguments(media, gop)],
    ...['-f', formats[media.codec], output],
  ];
}

function encoderArguments(media: StreamMedia, gop: number): string[] {
  const kbps = `${media.bitrateKbps}k`;
  const rate = ['-b:v', kbps, '-maxrate', kbps, '-bufsize', kbps];
  // Of a still every picture after the keyframe is skipped: the coarse quantiser leaves nothing to refine.
  switch (media.codec) {
    case 'h264': {
      const keyframeQuality = media.still ? ':ipratio=4:pbratio=1' : '';
      const reorder = `b-adapt=0:b-pyramid=none:open-gop=0:scenecut=0:keyint=${gop}:min-keyint=${gop}:repeat-headers=1${keyframeQuality}`;
      return [
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', media.bFrames > 0 ? 'main' : 'baseline'],
        ...['-bf', String(media.bFrames), '-threads', '1', '-pix_fmt', 'yuv420p'],
        ...[...(media.still ? ['-qp', '38'] : rate), '-x264-params', reorder],
      ];
    }
    case 'h265': {
      const structure = `bframes=0:open-gop=0:scenecut=0:keyint=${gop}:min-keyint=${gop}:repeat-headers=1:pools=1:frame-threads=1:log-level=error`;
      const quality = media.still ? ':qp=38' : '';
      return [
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
        ...[...(media.still ? [] : rate), '-x265-params', structure + quality],
      ];
    }
    case 'mpeg4': {
      const quality = media.still ? ['-qscale:v', '12'] : rate;
      return ['-c:v', 'mpeg4', '-bf', '0', '-g', String(gop), '-threads', '1', '-pix_fmt', 'yuv420p', ...quality];
    }
    case 'mjpeg': {
      // RFC 2435 knows the standard Huffman tables only; the quality is chosen by bitrate and picture size.
      const bitsPerPixel = (media.bitrateKbps * 1000) / (media.width * media.height * media.framesPerSecond);
      const quantiser = Math.min(31, Math.max(3, Math.round(2.5 / bitsPerPixel)));
      return [
        ...['-c:v', 'mjpeg', '-huffman', 'default', '-threads', '1', '-pix_fmt', 'yuvj420p'],
        ...['-q:v', String(quantiser)],
      ];
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** A failed attempt is forgotten, so that the next asker tries again. */
function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before) return before;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
