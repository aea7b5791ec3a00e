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
    [camera.main(), camera.sub()].map((stream) => profile('trt:Profiles', camera, stream)).join('') +
    '</trt:GetProfilesResponse>',
  GetProfile: (camera, parameters) =>
    `<trt:GetProfileResponse>${profile('trt:Profile', camera, chosenStream(camera, parameters))}</trt:GetProfileResponse>`,
  GetVideoSources: (camera) => {
    const main = camera.main();
    return (
      '<trt:GetVideoSourcesResponse><trt:VideoSources token="VideoSource_1">' +
      `<tt:Framerate>${main.framesPerSecond}</tt:Framerate>` +
      `<tt:Resolution>${size(main)}</tt:Resolution></trt:VideoSources></trt:GetVideoSourcesResponse>`
    );
  },
  GetVideoEncoderConfiguration: (camera, parameters) => {
    const wanted = textAt(parameters, 'ConfigurationToken');
    const stream = [camera.main(), camera.sub()].find(({ token }) => encoderToken(token) === wanted);
    if (!stream) throw noSuch('ter:NoConfig', 'The requested configuration does not exist');
    return (
      '<trt:GetVideoEncoderConfigurationResponse>' +
      `${encoderConfiguration('trt:Configuration', stream)}</trt:GetVideoEncoderConfigurationResponse>`
    );
  },
  GetVideoEncoderConfigurations: (camera) =>
    '<trt:GetVideoEncoderConfigurationsResponse>' +
    [camera.main(), camera.sub()].map((stream) => encoderConfiguration('trt:Configurations', stream)).join('') +
    '</trt:GetVideoEncoderConfigurationsResponse>',
  GetStreamUri: (camera, parameters) =>
    `<trt:GetStreamUriResponse>${mediaUri(chosenStream(camera, parameters).rtspUrl)}</trt:GetStreamUriResponse>`,
  GetSnapshotUri: (camera, parameters) => {
    chosenStream(camera, parameters);
    const uri = `http://${camera.host}:${camera.httpPort()}${camera.paths.snapshot}`;
    return `<trt:GetSnapshotUriResponse>${mediaUri(uri)}</trt:GetSnapshotUriResponse>`;
  },
  SetSynchronizationPoint: (camera, parameters) => {
    camera.requestKeyframe(chosenStream(camera, parameters).token);
    return '<trt:SetSynchronizationPointResponse/>';
  },
};

function chosenStream(camera: OnvifCamera, parameters: XmlValue): OnvifStream {
  const token = textAt(parameters, 'ProfileToken');
  const stream = [camera.main(), camera.sub()].find((candidate) => candidate.token === token);
  if (!stream) throw noSuch('ter:NoProfile', 'The requested profile does not exist');
  return stream;
}

const noSuch = (subcode: string, reason: string) => new SoapFault('Sender', ['ter:InvalidArgVal', subcode], reason);

const encoderToken = (profileToken: string): string => `VideoEncoder_${profileToken}`;

const size = ({ width, height }: { width: number; height: number }): string =>
  `<tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height>`;

function profile(name: string, camera: OnvifCamera, stream: OnvifStream): string {
  const { width, height } = camera.main();
  return (
    `<${name} token="${escapeXml(stream.token)}" fixed="true"><tt:Name>${escapeXml(stream.name)}</tt:Name>` +
    '<tt:VideoSourceConfiguration token="VideoSourceConfig_1"><tt:Name>VideoSourceConfig</tt:Name>' +
    '<tt:UseCount>2</tt:UseCount><tt:SourceToken>VideoSource_1</tt:SourceToken>' +
    `<tt:Bounds x="0" y="0" width="${width}" height="${height}"/></tt:VideoSourceConfiguration>` +
    `${encoderConfiguration('tt:VideoEncoderConfiguration', stream)}</${name}>`
  );
}

/** The rate is an integer in ONVIF, so 12.5 frames a second is stated as 13, as cameras do. */
function encoderConfiguration(name: string, stream: OnvifStream): string {
  return (
    `<${name} token="${escapeXml(encoderToken(stream.token))}"><tt:Name>${escapeXml(stream.name)}</tt:Name>` +
    `<tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution>${size(stream)}</tt:Resolution>` +
    '<tt:Quality>3</tt:Quality><tt:RateControl>' +
    `<tt:FrameRateLimit>${Math.round(stream.framesPerSecond)}</tt:FrameRateLimit>` +
    `<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>${stream.bitrateKbps}</tt:BitrateLimit></tt:RateControl>` +
    `<tt:H264><tt:GovLength>${stream.gopFrames}</tt:GovLength><tt:H264Profile>${stream.profileName}</tt:H264Profile>` +
    '</tt:H264><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>' +
    '<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>' +
    `<tt:SessionTimeout>PT60S</tt:SessionTimeout></${name}>`
  );
}

function mediaUri(uri: string): string {
  return (
    `<trt:MediaUri><tt:Uri>${escapeXml(uri)}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>` +
    '<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>'
  );
}
