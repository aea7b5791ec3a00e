import { eventServiceCapabilities, eventsNamespace } from './event-service.js';
import { media2Namespace, media2ServiceCapabilities } from './media2-service.js';
import type { OnvifCamera } from './onvif-camera.js';
import { escapeXml, SoapFault, textAt, type XmlValue } from './soap.js';

const deviceNamespace = 'http://www.onvif.org/ver10/device/wsdl';
/** Of ONVIF Recording Control; it is listed, and has no operations here. */
const recordingNamespace = 'http://www.onvif.org/ver10/recording/wsdl';
const recordingCapabilities = `<trc:Capabilities xmlns:trc="${recordingNamespace}"/>`;
const mediaNamespace = 'http://www.onvif.org/ver10/media/wsdl';

const element = (name: string, text: string | number | boolean): string =>
  `<${name}>${escapeXml(String(text))}</${name}>`;

/** Answers an operation of the ONVIF device service (ONVIF Core 8); undefined for one it does not have. */
export function answerDevice(camera: OnvifCamera, operation: string, parameters: XmlValue): string | undefined {
  const answer = operations[operation];
  return answer?.(camera, parameters);
}

const operations: Record<string, (camera: OnvifCamera, parameters: XmlValue) => string> = {
  GetSystemDateAndTime: (camera) => {
    const now = new Date(camera.cameraNowMs());
    const local = new Date(now.getTime() + 7 * 3_600_000);
    return (
      '<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>' +
      '<tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>' +
      '<tt:TimeZone><tt:TZ>ICT-7</tt:TZ></tt:TimeZone>' +
      `<tt:UTCDateTime>${dateTime(now)}</tt:UTCDateTime><tt:LocalDateTime>${dateTime(local)}</tt:LocalDateTime>` +
      '</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>'
    );
  },
  GetDeviceInformation: (camera) =>
    '<tds:GetDeviceInformationResponse>' +
    element('tds:Manufacturer', camera.manufacturer) +
    element('tds:Model', camera.model) +
    element('tds:FirmwareVersion', camera.firmware) +
    element('tds:SerialNumber', camera.serial) +
    element('tds:HardwareId', camera.hardwareId) +
    '</tds:GetDeviceInformationResponse>',
  GetCapabilities: (camera, parameters) => {
    const category = textAt(parameters, 'Category') ?? 'All';
    const known: Record<string, string> = { Device: deviceCapabilities(camera), Media: mediaCapabilities(camera) };
    const chosen = category === 'All' ? Object.values(known).join('') : known[category];
    if (chosen === undefined) {
      const subcodes = ['ter:ActionNotSupported', 'ter:NoSuchService'];
      throw new SoapFault('Receiver', subcodes, 'The requested service category is not supported');
    }
    return `<tds:GetCapabilitiesResponse><tds:Capabilities>${chosen}</tds:Capabilities></tds:GetCapabilitiesResponse>`;
  },
  GetServices: (camera, parameters) => {
    const detailed = textAt(parameters, 'IncludeCapability') === 'true';
    const service = (namespace: string, address: string, capabilities: string) =>
      '<tds:Service>' +
      element('tds:Namespace', namespace) +
      element('tds:XAddr', address) +
      (detailed ? `<tds:Capabilities>${capabilities}</tds:Capabilities>` : '') +
      '<tds:Version><tt:Major>2</tt:Major><tt:Minor>40</tt:Minor></tds:Version></tds:Service>';
    return (
      '<tds:GetServicesResponse>' +
      service(deviceNamespace, serviceAddress(camera, 'device'), deviceServiceCapabilities(camera)) +
      service(mediaNamespace, serviceAddress(camera, 'media'), mediaServiceCapabilities) +
      (camera.records ? service(recordingNamespace, serviceAddress(camera, 'device'), recordingCapabilities) : '') +
      (camera.offersMedia2
        ? service(media2Namespace, serviceAddress(camera, 'media2'), media2ServiceCapabilities)
        : '') +
      (camera.offersEvents
        ? service(eventsNamespace, serviceAddress(camera, 'events'), eventServiceCapabilities)
        : '') +
      '</tds:GetServicesResponse>'
    );
  },
  GetServiceCapabilities: (camera) =>
    `<tds:GetServiceCapabilitiesResponse>${deviceServiceCapabilities(camera)}</tds:GetServiceCapabilitiesResponse>`,
  GetScopes: (camera) =>
    '<tds:GetScopesResponse>' +
    camera.scopes
      .map((scope) => {
        const fixed = scope.includes('/type/') || scope.includes('/hardware/') || scope.includes('/Profile/');
        return (
          `<tds:Scopes><tt:ScopeDef>${fixed ? 'Fixed' : 'Configurable'}</tt:ScopeDef>` +
          `${element('tt:ScopeItem', scope)}</tds:Scopes>`
        );
      })
      .join('') +
    '</tds:GetScopesResponse>',
  GetHostname: (camera) =>
    '<tds:GetHostnameResponse><tds:HostnameInformation><tt:FromDHCP>false</tt:FromDHCP>' +
    `${element('tt:Name', camera.hostname)}</tds:HostnameInformation></tds:GetHostnameResponse>`,
  GetNetworkInterfaces: (camera) =>
    '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0"><tt:Enabled>true</tt:Enabled>' +
    `<tt:Info><tt:Name>eth0</tt:Name>${element('tt:HwAddress', camera.mac)}<tt:MTU>1500</tt:MTU></tt:Info>` +
    '<tt:IPv4><tt:Enabled>true</tt:Enabled><tt:Config>' +
    `<tt:Manual>${element('tt:Address', camera.host)}<tt:PrefixLength>16</tt:PrefixLength></tt:Manual>` +
    '<tt:DHCP>false</tt:DHCP></tt:Config></tt:IPv4></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>',
};

function dateTime(instant: Date): string {
  return (
    `<tt:Time><tt:Hour>${instant.getUTCHours()}</tt:Hour><tt:Minute>${instant.getUTCMinutes()}</tt:Minute>` +
    `<tt:Second>${instant.getUTCSeconds()}</tt:Second></tt:Time>` +
    `<tt:Date><tt:Year>${instant.getUTCFullYear()}</tt:Year><tt:Month>${instant.getUTCMonth() + 1}</tt:Month>` +
    `<tt:Day>${instant.getUTCDate()}</tt:Day></tt:Date>`
  );
}

function serviceAddress(camera: OnvifCamera, service: 'device' | 'media' | 'media2' | 'events'): string {
  return `${camera.serviceOrigin}${camera.paths[service]}`;
}

function deviceCapabilities(camera: OnvifCamera): string {
  const no = (...names: string[]) => names.map((name) => `<tt:${name}>false</tt:${name}>`).join('');
  return (
    `<tt:Device>${element('tt:XAddr', serviceAddress(camera, 'device'))}` +
    `<tt:Network>${no('IPFilter', 'ZeroConfiguration', 'IPVersion6', 'DynDNS')}</tt:Network>` +
    '<tt:System><tt:DiscoveryResolve>true</tt:DiscoveryResolve>' +
    no('DiscoveryBye', 'RemoteDiscovery', 'SystemBackup', 'SystemLogging', 'FirmwareUpgrade') +
    '<tt:SupportedVersions><tt:Major>2</tt:Major><tt:Minor>40</tt:Minor></tt:SupportedVersions></tt:System>' +
    '<tt:IO><tt:InputConnectors>0</tt:InputConnectors><tt:RelayOutputs>0</tt:RelayOutputs></tt:IO>' +
    `<tt:Security>${no('TLS1.1', 'TLS1.2', 'OnboardKeyGeneration', 'AccessPolicyConfig')}` +
    `${no('X.509Token', 'SAMLToken', 'KerberosToken', 'RELToken')}</tt:Security></tt:Device>`
  );
}

function mediaCapabilities(camera: OnvifCamera): string {
  return (
    `<tt:Media>${element('tt:XAddr', serviceAddress(camera, 'media'))}<tt:StreamingCapabilities>` +
    '<tt:RTPMulticast>false</tt:RTPMulticast><tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>' +
    '</tt:StreamingCapabilities></tt:Media>'
  );
}

function deviceServiceCapabilities(camera: OnvifCamera): string {
  return (
    '<tds:Capabilities><tds:Network IPFilter="false" ZeroConfiguration="false" IPVersion6="false" DynDNS="false"/>' +
    `<tds:Security UsernameToken="${camera.acceptsUsernameToken}" HttpDigest="${camera.acceptsHttpDigest}"/>` +
    '<tds:System DiscoveryResolve="true" DiscoveryBye="false" RemoteDiscovery="false"/></tds:Capabilities>'
  );
}

/** Also the answer to GetServiceCapabilities of the media service. */
export const mediaServiceCapabilities =
  '<trt:Capabilities SnapshotUri="true" Rotation="false"><trt:ProfileCapabilities MaximumNumberOfProfiles="2"/>' +
  '<trt:StreamingCapabilities RTPMulticast="false" RTP_TCP="true" RTP_RTSP_TCP="true"/></trt:Capabilities>';
