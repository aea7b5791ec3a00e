/** The part of node-onvif 0.1.7 that this room uses; the package has no types. */
declare module 'node-onvif' {
  export interface NodeOnvifSoap {
    requestCommand(
      address: unknown,
      operation: string,
      soap: string,
    ): Promise<{ converted: unknown; data: Record<string, unknown> }>;
  }
  export interface NodeOnvif {
    _OnvifSoap: NodeOnvifSoap;
    _MULTICAST_ADDRESS: string;
    _PORT: number;
    _DISCOVERY_INTERVAL: number;
    _DISCOVERY_RETRY_MAX: number;
    _discovery_interval_timer: NodeJS.Timeout | null;
    _udp: unknown;
    _sendProbe(): Promise<void>;
  }
  const nodeOnvif: NodeOnvif;
  export default nodeOnvif;
}

declare module 'node-onvif/lib/modules/service-device.js' {
  class OnvifServiceDevice {
    constructor(parameters: { xaddr: string });
    oxaddr: unknown;
    _createRequestSoap(body: string): string;
    getSystemDateAndTime(): Promise<{ data: Record<string, unknown> }>;
    getDeviceInformation(): Promise<{ data: Record<string, unknown> }>;
    getCapabilities(): Promise<{ data: Record<string, unknown> }>;
    getServices(parameters: { IncludeCapability: boolean }): Promise<{ data: Record<string, unknown> }>;
  }
  export default OnvifServiceDevice;
}

declare module 'node-onvif/lib/modules/service-media.js' {
  class OnvifServiceMedia {
    constructor(parameters: { xaddr: string; time_diff: number });
    oxaddr: unknown;
    _createRequestSoap(body: string): string;
    getProfiles(): Promise<{ data: Record<string, unknown> }>;
    getStreamUri(parameters: { ProfileToken: string; Protocol: string }): Promise<{ data: Record<string, unknown> }>;
    getSnapshotUri(parameters: { ProfileToken: string }): Promise<{ data: Record<string, unknown> }>;
  }
  export default OnvifServiceMedia;
}
