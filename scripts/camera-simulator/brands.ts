/** How cameras of a brand differ on the wire, in so far as a client notices. */
export interface Brand {
  readonly manufacturer: string;
  readonly models: readonly string[];
  readonly firmware: string;
  readonly serverName: string;
  readonly rtspServerName: string;
  readonly acceptsUsernameToken: boolean;
  readonly acceptsHttpDigest: boolean;
  readonly trackControl: string;
  readonly aggregatesParameterSets: boolean;
  readonly receiverReportKeepsAlive: boolean;
  readonly offersSynchronizationPoint: boolean;
  /** First three bytes of the MAC address. */
  readonly macPrefix: string;
  readonly profileTokens: { readonly main: string; readonly sub: string };
  readonly paths: {
    readonly device: string;
    readonly media: string;
    readonly snapshot: string;
    readonly main: string;
    readonly sub: string;
  };
  realm(serial: string): string;
}

/** Made-up devices in the manner of brands seen in the field; addresses differ as much as theirs do. */
export const brands = {
  hikvision: {
    manufacturer: 'HIKVISION',
    models: ['DS-2CD1021-I', 'DS-2CD2043G2-I', 'DS-2CD1323G0E-I'],
    firmware: 'V5.7.3 build 220112',
    serverName: 'webserver',
    rtspServerName: 'Hipcam RealServer/V1.0',
    acceptsUsernameToken: true,
    acceptsHttpDigest: true,
    trackControl: 'trackID=1',
    aggregatesParameterSets: false,
    receiverReportKeepsAlive: true,
    offersSynchronizationPoint: true,
    macPrefix: '44:19:b6',
    profileTokens: { main: 'Profile_1', sub: 'Profile_2' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/Media',
      snapshot: '/onvif-http/snapshot?Profile_1',
      main: '/Streaming/Channels/101?transportmode=unicast&profile=Profile_1',
      sub: '/Streaming/Channels/102?transportmode=unicast&profile=Profile_2',
    },
    realm: (serial) => `IP Camera(${serial.slice(-5)})`,
  },
  dahua: {
    manufacturer: 'Dahua',
    models: ['DH-IPC-HFW1230S1P', 'DH-IPC-HDW1431T1P', 'IPC-HFW2831T'],
    firmware: '2.800.0000000.44.R',
    serverName: 'Dahua Http Server',
    rtspServerName: 'Rtsp Server/3.0',
    acceptsUsernameToken: true,
    acceptsHttpDigest: true,
    trackControl: 'trackID=0',
    aggregatesParameterSets: true,
    receiverReportKeepsAlive: true,
    offersSynchronizationPoint: true,
    macPrefix: '3c:ef:8c',
    profileTokens: { main: 'MediaProfile000', sub: 'MediaProfile001' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/media_service',
      snapshot: '/onvifsnapshot/media_service/snapshot?channel=1&subtype=0',
      main: '/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif',
      sub: '/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif',
    },
    realm: (serial) => `Login to ${serial}`,
  },
  kbvision: {
    manufacturer: 'KBVISION',
    models: ['KX-A2011N3', 'KX-CAi4204N2', 'KX-Y2001SN3'],
    firmware: '2.622.0000000.31.R',
    serverName: 'KBVISION Http Server',
    rtspServerName: 'Rtsp Server/2.0',
    acceptsUsernameToken: true,
    acceptsHttpDigest: true,
    trackControl: 'trackID=0',
    aggregatesParameterSets: true,
    receiverReportKeepsAlive: true,
    offersSynchronizationPoint: true,
    macPrefix: 'e0:50:8b',
    profileTokens: { main: 'MediaProfile00000', sub: 'MediaProfile00001' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/media_service',
      snapshot: '/onvifsnapshot/media_service/snapshot?channel=1&subtype=0',
      main: '/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif',
      sub: '/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif',
    },
    realm: (serial) => `Login to ${serial}`,
  },
  imou: {
    manufacturer: 'Imou',
    models: ['IPC-F22P', 'IPC-S21FTP'],
    firmware: '2.680.0000000.12.R',
    serverName: 'Http Server',
    rtspServerName: 'Rtsp Server/3.0',
    acceptsUsernameToken: false,
    acceptsHttpDigest: true,
    trackControl: 'trackID=0',
    aggregatesParameterSets: true,
    receiverReportKeepsAlive: true,
    offersSynchronizationPoint: true,
    macPrefix: '9c:14:63',
    profileTokens: { main: 'Profile000', sub: 'Profile001' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/media_service',
      snapshot: '/onvif/snapshot?channel=1',
      main: '/cam/realmonitor?channel=1&subtype=0',
      sub: '/cam/realmonitor?channel=1&subtype=1',
    },
    realm: (serial) => `Login to ${serial}`,
  },
  ezviz: {
    manufacturer: 'EZVIZ',
    models: ['CS-C3TN-A0', 'CS-H3C-R100'],
    firmware: 'V5.3.0 build 210930',
    serverName: 'App-webs/',
    rtspServerName: 'Streaming Server V0.1',
    acceptsUsernameToken: false,
    acceptsHttpDigest: true,
    trackControl: 'trackID=1',
    aggregatesParameterSets: false,
    receiverReportKeepsAlive: true,
    offersSynchronizationPoint: false,
    macPrefix: '94:ec:13',
    profileTokens: { main: 'Profile_1', sub: 'Profile_2' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/Media',
      snapshot: '/onvif/snapshot/1',
      main: '/h264/ch1/main/av_stream',
      sub: '/h264/ch1/sub/av_stream',
    },
    realm: (serial) => `IP Camera(${serial.slice(-5)})`,
  },
  yoosee: {
    manufacturer: 'Yoosee',
    models: ['GW-J20', 'GW-C18S'],
    firmware: '21.00.00.36',
    serverName: 'gSOAP/2.8',
    rtspServerName: 'HiIpcam/V100R003 VodServer/1.0.0',
    acceptsUsernameToken: true,
    acceptsHttpDigest: false,
    trackControl: 'track1',
    aggregatesParameterSets: false,
    receiverReportKeepsAlive: false,
    offersSynchronizationPoint: false,
    macPrefix: '7c:a7:b0',
    profileTokens: { main: 'IPCProfilesToken0', sub: 'IPCProfilesToken1' },
    paths: {
      device: '/onvif/device_service',
      media: '/onvif/media_service',
      snapshot: '/snapshot.jpg',
      main: '/onvif1',
      sub: '/onvif2',
    },
    realm: () => 'HIipCamera',
  },
} as const satisfies Record<string, Brand>;

export type BrandName = keyof typeof brands;
export const brandNames = Object.keys(brands) as [BrandName, ...BrandName[]];
