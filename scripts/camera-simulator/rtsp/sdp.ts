import type { AudioLoop } from '../scenes/audio-loop.js';
import type { PictureLoop } from '../scenes/picture-loop.js';

/** Of one track, as a session description states it. */
export interface TrackDescription {
  readonly control: string;
  readonly video?: PictureLoop;
  readonly audio?: AudioLoop;
}

export const videoClockHz = 90_000;

/** Session description (RFC 4566) of a stream; `clockRate` false leaves out what rtpmap must say. */
export function sessionDescription(options: {
  host: string;
  /** Control URL of the whole. */
  control: string;
  tracks: readonly TrackDescription[];
  clockRate: boolean;
}): string {
  const { host, control, tracks, clockRate } = options;
  const head = ['v=0', `o=- 1 1 IN IP4 ${host}`, 's=Media Presentation', 'c=IN IP4 0.0.0.0', 't=0 0'];
  const media = tracks.flatMap((track) => [
    ...(track.video ? videoLines(track.video, clockRate) : []),
    ...(track.audio ? audioLines(track.audio) : []),
    'a=recvonly',
    `a=control:${track.control}`,
  ]);
  return [...head, `a=control:${control}`, 'a=range:npt=now-', ...media, ''].join('\r\n');
}

function videoLines(loop: PictureLoop, clockRate: boolean): string[] {
  const { payloadType, encodingName, formatParameters } = loop;
  return [
    `m=video 0 RTP/AVP ${payloadType}`,
    `b=AS:${loop.bitrateKbps}`,
    `a=rtpmap:${payloadType} ${encodingName}${clockRate ? `/${videoClockHz}` : ''}`,
    ...(formatParameters === undefined ? [] : [`a=fmtp:${payloadType} ${formatParameters}`]),
    `a=framerate:${loop.framesPerSecond}`,
  ];
}

function audioLines({ payloadType, encoding, formatParameters }: AudioLoop): string[] {
  return [
    `m=audio 0 RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${encoding}`,
    ...(formatParameters === undefined ? [] : [`a=fmtp:${payloadType} ${formatParameters}`]),
  ];
}
