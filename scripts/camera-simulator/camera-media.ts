import { plainKind, type CameraKind, type VideoCodec } from './camera-kind.js';
import { scenes, type Scene } from './scenes/scene-catalogue.js';
import type { StreamMedia } from './scenes/scene-cache.js';
import type { StartMode } from './stream-source.js';

export type MediaOverride = Partial<Omit<StreamMedia, 'still' | 'codec'>>;

/** Overrides of what the fleet's cameras would send; for small tests and for benchmarks. */
export interface MediaOptions {
  readonly main?: MediaOverride;
  readonly sub?: MediaOverride;
  /** Default by the length of the group of pictures. */
  readonly startMode?: StartMode;
}

export interface CameraMedia {
  readonly scene: Scene;
  readonly main: StreamMedia;
  readonly sub: StreamMedia;
  readonly mainStartMode: StartMode;
  readonly subStartMode: StartMode;
}

/** 160×90 at 10 frames a second, keyframes every second: a scene is encoded in a moment. */
export const tinyMedia: MediaOptions = {
  main: { width: 160, height: 90, framesPerSecond: 10, bitrateKbps: 80, keyframeSeconds: 1, loopSeconds: 4 },
  sub: { width: 96, height: 54, framesPerSecond: 5, bitrateKbps: 30, keyframeSeconds: 1, loopSeconds: 4 },
};

const mainSizes = [
  { width: 1280, height: 720, framesPerSecond: 12.5 },
  { width: 960, height: 540, framesPerSecond: 15 },
  { width: 640, height: 360, framesPerSecond: 25 },
  { width: 960, height: 540, framesPerSecond: 12.5 },
] as const;

const encodingOf = {
  plain: { keyframeSeconds: 2, bFrames: 0, loopSeconds: 12 },
  'b-frames': { keyframeSeconds: 2, bFrames: 2, loopSeconds: 12 },
  'long-gop': { keyframeSeconds: 10, bFrames: 0, loopSeconds: 20 },
  // A minute of pictures: small, so that encoding it takes no minute.
  'smart-codec': { keyframeSeconds: 60, bFrames: 0, loopSeconds: 60, width: 640, height: 360, framesPerSecond: 12.5 },
} as const;

/** What camera `number` shows and how it encodes that. */
export function cameraMedia(number: number, options: MediaOptions, kind: CameraKind = plainKind): CameraMedia {
  const index = (number - 1) % scenes.length;
  const scene = scenes[index];
  const size = mainSizes[index % mainSizes.length];
  if (!scene || !size) throw new Error('the catalogue of scenes is empty');
  const main = encodable({
    codec: kind.codec,
    ...size,
    ...encodingOf[scene.kind],
    bitrateKbps: 1000,
    still: false,
    ...options.main,
  });
  const sub = encodable({
    codec: kind.subCodec,
    width: 640,
    height: 360,
    framesPerSecond: index % 2 === 0 ? 8 : 10,
    bitrateKbps: 200,
    ...encodingOf.plain,
    still: false,
    ...options.sub,
  });
  return {
    scene,
    main,
    sub,
    mainStartMode: options.startMode ?? startModeOf(main),
    subStartMode: options.startMode ?? startModeOf(sub),
  };
}

const sideMultiples: Record<VideoCodec, number> = { h264: 2, h265: 8, mpeg4: 16, mjpeg: 16 };

/** Only H.264 has B-frames here; the sides of the others' pictures are whole blocks. */
export function encodable(media: StreamMedia): StreamMedia {
  if (media.codec === 'h264') return media;
  const unit = sideMultiples[media.codec];
  const whole = (length: number) => Math.max(unit, Math.floor(length / unit) * unit);
  const size = { width: whole(media.width), height: whole(media.height), bFrames: 0 };
  return media.codec === 'mjpeg' ? { ...media, ...size, keyframeSeconds: 1 } : { ...media, ...size };
}

/**
 * A short group is waited for; a long one is entered in the middle, as many cameras do; a smart codec makes a
 * keyframe for whoever comes, since nobody could wait a minute.
 */
function startModeOf({ keyframeSeconds }: StreamMedia): StartMode {
  if (keyframeSeconds <= 2) return 'next-keyframe';
  return keyframeSeconds <= 10 ? 'at-once' : 'forced-keyframe';
}
