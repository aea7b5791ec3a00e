import type { CameraResponse } from '@choi-canh/shared/cameras';

export type VideoCodec = 'h264' | 'h265' | 'mjpeg' | 'mpeg4';
export type LiveStream = 'main' | 'sub' | 'converted';

/** What cameras send when they send H.265. */
const commonH265 = 'video/mp4; codecs="hvc1.1.6.L123.B0"';

/** What this browser can play of what cameras send; every browser with Media Source Extensions plays H.264. */
export const playableCodecs: readonly VideoCodec[] =
  typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(commonH265) ? ['h264', 'h265'] : ['h264'];

/** Whether this browser can play the sound that is recorded; some builds cannot. */
export const playsAac: boolean =
  typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported('audio/mp4; codecs="mp4a.40.2"');

/** From what ONVIF calls it; undefined where it says nothing of use. */
export function codecOf(name: string | undefined): VideoCodec | undefined {
  const plain = (name ?? '').toLowerCase().replace(/[^a-z0-9]/g, '');
  if (/^(h264|avc)/.test(plain)) return 'h264';
  if (/^(h265|hevc)/.test(plain)) return 'h265';
  if (/^(jpeg|mjpeg)/.test(plain)) return 'mjpeg';
  return plain.startsWith('mpeg4') ? 'mpeg4' : undefined;
}

export const codecNames: Record<VideoCodec, string> = {
  h264: 'H.264',
  h265: 'H.265',
  mjpeg: 'MJPEG',
  mpeg4: 'MPEG-4',
};

/**
 * The streams worth trying for a picture, best first: what was wished, the camera's other stream, and the main stream
 * converted by the recorder. One that is known not to be playable is left out; what is not known shows when it is asked.
 */
export function streamsToTry(
  camera: Pick<CameraResponse, 'main' | 'sub'>,
  wished: 'main' | 'sub',
  playable: readonly VideoCodec[] = playableCodecs,
): LiveStream[] {
  const mayPlay = (stream: 'main' | 'sub') => {
    if (stream === 'sub' && camera.sub === null) return false;
    const codec = codecOf(camera[stream]?.codec);
    return codec === undefined || playable.includes(codec);
  };
  const order = wished === 'main' ? (['main', 'sub'] as const) : (['sub', 'main'] as const);
  return [...order.filter(mayPlay), 'converted'];
}
