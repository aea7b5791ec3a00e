import type { PictureLoop } from '../scenes/picture-loop.js';

export const videoPayloadType = 96;
export const audioPayloadType = 8;

/** Session description of an H.264 stream (RFC 4566, RFC 6184 8.2.1). */
export function videoSdp(host: string, loop: PictureLoop, control: string): string {
  const parameterSets = `${loop.sps.toString('base64')},${loop.pps.toString('base64')}`;
  const profileLevelId = loop.sps.subarray(1, 4).toString('hex').toUpperCase();
  return sdp(host, [
    `m=video 0 RTP/AVP ${videoPayloadType}`,
    `b=AS:${loop.bitrateKbps}`,
    `a=rtpmap:${videoPayloadType} H264/90000`,
    `a=fmtp:${videoPayloadType} packetization-mode=1;profile-level-id=${profileLevelId};sprop-parameter-sets=${parameterSets}`,
    `a=framerate:${loop.framesPerSecond}`,
    'a=recvonly',
    `a=control:${control}`,
  ]);
}

/** A stream that is not video: G.711 A-law only (RFC 3551). */
export function audioOnlySdp(host: string, control: string): string {
  return sdp(host, [
    `m=audio 0 RTP/AVP ${audioPayloadType}`,
    `a=rtpmap:${audioPayloadType} PCMA/8000`,
    'a=recvonly',
    `a=control:${control}`,
  ]);
}

function sdp(host: string, media: string[]): string {
  const head = ['v=0', `o=- 1 1 IN IP4 ${host}`, 's=Media Presentation', 'c=IN IP4 0.0.0.0', 't=0 0', 'a=control:*'];
  return [...head, 'a=range:npt=now-', ...media, ''].join('\r\n');
}
