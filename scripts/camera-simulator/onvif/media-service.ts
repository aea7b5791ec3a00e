import { mediaServiceCapabilities } from './device-service.js';
import type { OnvifCamera, OnvifStream } from './onvif-camera.js';
import { escapeXml, SoapFault, textAt, type XmlValue } from './soap.js';

/** Answers an operation of the ONVIF media service, version 1 (ONVIF Media 5); undefined for one it does not have. */
export function answerMedia(camera: OnvifCamera, operation: string, parameters: XmlValue): string | undefined {
  if (operation === 'SetSynchronizationPoint' && !camera.offersSynchronizationPoint) return undefined;
  const answer = operations[operation];
  return answer?.(camera, parameters);
}

const operations: Record<string, (camera: OnvifCamera, parameters: XmlValue) => string> = {
  GetServiceCapabilities: () =>
    `<trt:GetServiceCapabilitiesResponse>${mediaServiceCapabilities}</trt:GetServiceCapabilitiesResponse>`,
  GetProfiles: (camera) =>
    '<trt:GetProfilesResponse>' +
    streamsOf(camera)
      .map((stream) => profile('trt:Profiles', camera, stream))
      .join('') +
    '</trt:GetProfilesResponse>',
  GetProfile: (camera, parameters) =>
    `<trt:GetProfileResponse>${profile('trt:Profile', camera, chosenStream(camera, textAt(parameters, 'ProfileToken')))}</trt:GetProfileResponse>`,
  GetVideoSources: (camera) =>
    '<trt:GetVideoSourcesResponse>' +
    camera
      .channels()
      .map(({ sourceToken, isEmpty, streams: [main] }) => {
        const { framesPerSecond, ...picture } = main ?? { framesPerSecond: 0, width: 0, height: 0 };
        return (
          `<trt:VideoSources token="${escapeXml(sourceToken)}">` +
          `<tt:Framerate>${isEmpty ? 0 : framesPerSecond}</tt:Framerate>` +
          `<tt:Resolution>${size(isEmpty ? { width: 0, height: 0 } : picture)}</tt:Resolution></trt:VideoSources>`
        );
      })
      .join('') +
    '</trt:GetVideoSourcesResponse>',
  GetVideoEncoderConfiguration: (camera, parameters) => {
    const wanted = textAt(parameters, 'ConfigurationToken');
    const stream = streamsOf(camera).find(({ token }) => encoderToken(token) === wanted);
    if (!stream || encodings[stream.codec] === undefined)
      throw noSuch('ter:NoConfig', 'The requested configuration does not exist');
    return (
      '<trt:GetVideoEncoderConfigurationResponse>' +
      `${encoderConfiguration('trt:Configuration', stream)}</trt:GetVideoEncoderConfigurationResponse>`
    );
  },
  GetVideoEncoderConfigurations: (camera) =>
    '<trt:GetVideoEncoderConfigurationsResponse>' +
    streamsOf(camera)
      .map((stream) => encoderConfiguration('trt:Configurations', stream))
      .join('') +
    '</trt:GetVideoEncoderConfigurationsResponse>',
  GetStreamUri: (camera, parameters) =>
    `<trt:GetStreamUriResponse>${mediaUri(chosenStream(camera, textAt(parameters, 'ProfileToken')).rtspUrl)}</trt:GetStreamUriResponse>`,
  GetSnapshotUri: (camera, parameters) => {
    const { token } = chosenStream(camera, textAt(parameters, 'ProfileToken'));
    return `<trt:GetSnapshotUriResponse>${mediaUri(snapshotUrl(camera, token))}</trt:GetSnapshotUriResponse>`;
  },
  SetSynchronizationPoint: (camera, parameters) => {
    camera.requestKeyframe(chosenStream(camera, textAt(parameters, 'ProfileToken')).token);
    return '<trt:SetSynchronizationPointResponse/>';
  },
};

/** The profiles of all its channels. */
export const streamsOf = (camera: OnvifCamera): OnvifStream[] => camera.channels().flatMap(({ streams }) => streams);

/** Throws the SOAP fault for a profile that there is not. */
export function chosenStream(camera: OnvifCamera, token: string | undefined): OnvifStream {
  const stream = streamsOf(camera).find((candidate) => candidate.token === token);
  if (!stream) throw noSuch('ter:NoProfile', 'The requested profile does not exist');
  return stream;
}

const noSuch = (subcode: string, reason: string) => new SoapFault('Sender', ['ter:InvalidArgVal', subcode], reason);

export const encoderToken = (profileToken: string): string => `VideoEncoder_${profileToken}`;

export const size = ({ width, height }: { width: number; height: number }): string =>
  `<tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height>`;

/** A device with several channels names the profile in it. */
export function snapshotUrl(camera: OnvifCamera, profileToken: string): string {
  const { snapshot } = camera.paths;
  const path = camera.channels().length === 1 ? snapshot : `${snapshot.split('?')[0]}?profile=${profileToken}`;
  return `${camera.serviceOrigin}${path}`;
}

export function videoSource(name: string, camera: OnvifCamera, { token }: OnvifStream): string {
  const channel = camera.channels().find(({ streams }) => streams.some((stream) => stream.token === token));
  const { number = 1, sourceToken = '' } = channel ?? {};
  const { width, height } = channel?.streams[0] ?? { width: 0, height: 0 };
  return (
    `<${name} token="VideoSourceConfig_${number}"><tt:Name>VideoSourceConfig</tt:Name>` +
    `<tt:UseCount>2</tt:UseCount><tt:SourceToken>${escapeXml(sourceToken)}</tt:SourceToken>` +
    `<tt:Bounds x="0" y="0" width="${width}" height="${height}"/></${name}>`
  );
}

/** H.265 is unknown to this version of the service: such a profile is listed without its encoder, as cameras do. */
function profile(name: string, camera: OnvifCamera, stream: OnvifStream): string {
  return (
    `<${name} token="${escapeXml(stream.token)}" fixed="true"><tt:Name>${escapeXml(stream.name)}</tt:Name>` +
    videoSource('tt:VideoSourceConfiguration', camera, stream) +
    `${encoderConfiguration('tt:VideoEncoderConfiguration', stream)}</${name}>`
  );
}

const encodings = { h264: 'H264', h265: undefined, mjpeg: 'JPEG', mpeg4: 'MPEG4' } as const;

/** Nothing for an encoder that the service cannot name. The rate is an integer, so 12.5 frames a second are 13. */
function encoderConfiguration(name: string, stream: OnvifStream): string {
  const encoding = encodings[stream.codec];
  if (encoding === undefined) return '';
  return (
    `<${name} token="${escapeXml(encoderToken(stream.token))}"><tt:Name>${escapeXml(stream.name)}</tt:Name>` +
    `<tt:UseCount>1</tt:UseCount><tt:Encoding>${encoding}</tt:Encoding><tt:Resolution>${size(stream)}</tt:Resolution>` +
    '<tt:Quality>3</tt:Quality><tt:RateControl>' +
    `<tt:FrameRateLimit>${Math.round(stream.framesPerSecond)}</tt:FrameRateLimit>` +
    `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${stream.bitrateKbps}</tt:BitrateLimit></tt:RateControl>` +
    codecConfiguration(stream) +
    '<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>' +
    '<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>' +
    `<tt:SessionTimeout>PT60S</tt:SessionTimeout></${name}>`
  );
}

function codecConfiguration({ codec, gopFrames, profileName }: OnvifStream): string {
  const length = `<tt:GovLength>${gopFrames}</tt:GovLength>`;
  if (codec === 'h264') return `<tt:H264>${length}<tt:H264Profile>${profileName}</tt:H264Profile></tt:H264>`;
  return codec === 'mpeg4' ? `<tt:MPEG4>${length}<tt:Mpeg4Profile>${profileName}</tt:Mpeg4Profile></tt:MPEG4>` : '';
}

function mediaUri(uri: string): string {
  return (
    `<trt:MediaUri><tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
    '<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>'
  );
}
