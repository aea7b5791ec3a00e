import { chosenStream, encoderToken, size, snapshotUrl, streamsOf, videoSource } from './media-service.js';
import type { OnvifCamera, OnvifStream } from './onvif-camera.js';
import { escapeXml, textAt, type XmlValue } from './soap.js';

export const media2Namespace = 'http://www.onvif.org/ver20/media/wsdl';

/** Answers an operation of the ONVIF media service, version 2 (ONVIF Media 2); undefined for one it does not have. */
export function answerMedia2(camera: OnvifCamera, operation: string, parameters: XmlValue): string | undefined {
  if (operation === 'SetSynchronizationPoint' && !camera.offersSynchronizationPoint) return undefined;
  return operations[operation]?.(camera, parameters);
}

const response = (operation: string, content: string): string =>
  `<tr2:${operation}Response xmlns:tr2="${media2Namespace}">${content}</tr2:${operation}Response>`;

export const media2ServiceCapabilities =
  `<tr2:Capabilities xmlns:tr2="${media2Namespace}" SnapshotUri="true" Rotation="false">` +
  '<tr2:ProfileCapabilities MaximumNumberOfProfiles="2" ConfigurationsSupported="VideoSource VideoEncoder"/>' +
  '<tr2:StreamingCapabilities RTSPStreaming="true" RTPMulticast="false" RTP_RTSP_TCP="true"/></tr2:Capabilities>';

const operations: Record<string, (camera: OnvifCamera, parameters: XmlValue) => string> = {
  GetServiceCapabilities: () => response('GetServiceCapabilities', media2ServiceCapabilities),
  GetProfiles: (camera, parameters) => {
    const wanted = textAt(parameters, 'Token');
    const streams = wanted === undefined ? streamsOf(camera) : [chosenStream(camera, wanted)];
    return response('GetProfiles', streams.map((stream) => profile(camera, stream)).join(''));
  },
  GetVideoEncoderConfigurations: (camera) => {
    const streams = streamsOf(camera);
    const content = streams.map((stream) => encoder('tr2:Configurations', stream)).join('');
    return response('GetVideoEncoderConfigurations', content);
  },
  GetStreamUri: (camera, parameters) => {
    const stream = chosenStream(camera, textAt(parameters, 'ProfileToken'));
    return response('GetStreamUri', `<tr2:Uri>${escapeXml(stream.rtspUrl)}</tr2:Uri>`);
  },
  GetSnapshotUri: (camera, parameters) => {
    const { token } = chosenStream(camera, textAt(parameters, 'ProfileToken'));
    return response('GetSnapshotUri', `<tr2:Uri>${escapeXml(snapshotUrl(camera, token))}</tr2:Uri>`);
  },
  SetSynchronizationPoint: (camera, parameters) => {
    camera.requestKeyframe(chosenStream(camera, textAt(parameters, 'ProfileToken')).token);
    return response('SetSynchronizationPoint', '');
  },
};

function profile(camera: OnvifCamera, stream: OnvifStream): string {
  return (
    `<tr2:Profiles token="${escapeXml(stream.token)}" fixed="true"><tr2:Name>${escapeXml(stream.name)}</tr2:Name>` +
    `<tr2:Configurations>${videoSource('tr2:VideoSource', camera, stream)}${encoder('tr2:VideoEncoder', stream)}` +
    '</tr2:Configurations></tr2:Profiles>'
  );
}

/** Media subtypes, as IANA lists them. */
const encodings = { h264: 'H264', h265: 'H265', mjpeg: 'JPEG', mpeg4: 'MPV4-ES' } as const;

function encoder(name: string, stream: OnvifStream): string {
  return (
    `<${name} token="${escapeXml(encoderToken(stream.token))}" GovLength="${stream.gopFrames}" ` +
    `Profile="${stream.profileName}"><tt:Name>${escapeXml(stream.name)}</tt:Name><tt:UseCount>1</tt:UseCount>` +
    `<tt:Encoding>${encodings[stream.codec]}</tt:Encoding><tt:Resolution>${size(stream)}</tt:Resolution>` +
    `<tt:RateControl><tt:FrameRateLimit>${stream.framesPerSecond}</tt:FrameRateLimit>` +
    `<tt:BitrateLimit>${stream.bitrateKbps}</tt:BitrateLimit></tt:RateControl><tt:Quality>3</tt:Quality></${name}>`
  );
}
