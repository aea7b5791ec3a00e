import type { ChannelFacts, DeviceKind } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { AppError } from '../../lib/errors.js';
import { cameraClock, clockOffsetMs } from './camera-clock.js';
import { parseDeviceAddress, pictureUrl, serviceUrl, streamUrl } from './camera-url.js';
import { deviceKindOf, groupChannels, readVideoSources, type VideoSource } from './device-channels.js';
import { readProfiles, type SourcedProfile } from './media-profiles.js';
import { deviceService, mediaService } from './node-onvif-services.js';
import { OnvifConnection, type OnvifConnectionOptions } from './onvif-connection.js';
import { EventSubscription } from './event-subscription.js';
import { sourcesByConfiguration } from './event-messages.js';
import { noEvents, PullPoint } from './pull-point.js';
import { isRefusedOperation } from './refused-operation.js';
import { element, elements, escapeXml, textAt, type XmlElement } from './soap-xml.js';

const mediaNamespace = 'http://www.onvif.org/ver10/media/wsdl';
const media2Namespace = 'http://www.onvif.org/ver20/media/wsdl';
const eventsNamespace = 'http://www.onvif.org/ver10/events/wsdl';
const recordingNamespace = 'http://www.onvif.org/ver10/recording/wsdl';
/** Pictures that are asked of a device at a time, to see which of its inputs have a signal. */
const picturesAtOnce = 4;
const picturesMs = 10_000;

interface MediaServices {
  media: URL;
  media2: URL | undefined;
  /** It keeps recordings itself. */
  hasRecordings: boolean;
  /** Undefined: it lists no service of events. */
  events: URL | undefined;
}

type UriOperation = 'GetStreamUri' | 'GetSnapshotUri';

/**
 * One camera seen through ONVIF, for one conversation. Device facts, profiles and addresses are read through node-onvif;
 * Media2, which it does not know, through the connection.
 */
export function createOnvifCamera(deviceAddress: string, options: OnvifConnectionOptions) {
  const device = parseDeviceAddress(deviceAddress);
  const connection = new OnvifConnection(options);
  const service = deviceService(device, connection);
  let services: Promise<MediaServices> | undefined;

  /** Undefined where the device refuses, or answers without sense: older ones know only GetCapabilities. */
  async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isRefusedOperation(error)) throw error;
      return undefined;
    }
  }

  async function readServices(): Promise<MediaServices> {
    const answer = await unlessRefused(() => service.getServices({ IncludeCapability: false }));
    const list = elements(element(answer?.data as XmlElement | undefined, 'GetServicesResponse'), 'Service');
    const find = (namespace: string) => {
      const found = list.slice(0, 64).find((item) => textAt(item, 'Namespace') === namespace);
      return found === undefined ? undefined : serviceUrl(device, textAt(found, 'XAddr'));
    };
    const media2 = find(media2Namespace);
    const media = find(mediaNamespace) ?? media2;
    const hasRecordings = find(recordingNamespace) !== undefined;
    const events = find(eventsNamespace);
    if (media !== undefined) return { media, media2, hasRecordings, events };
    const capabilities = await unlessRefused(() => service.getCapabilities());
    const stated = element(capabilities?.data as XmlElement | undefined, 'GetCapabilitiesResponse', 'Capabilities');
    const xaddr = textAt(stated, 'Media', 'XAddr');
    const eventsAddress = textAt(stated, 'Events', 'XAddr');
    const older = {
      media2: undefined,
      hasRecordings,
      events: eventsAddress === '' ? events : serviceUrl(device, eventsAddress),
    };
    if (xaddr !== '') return { media: serviceUrl(device, xaddr), ...older };
    // Where neither answer makes sense the media service may still be at the address of the device.
    if (stated === undefined && list.length === 0) return { media: device, ...older };
    throw new AppError('precondition', 'no_video', `${device.host}: the device has no media service`, {
      details: { reason: 'not_video' },
    });
  }
  const mediaServices = () => (services ??= readServices());

  /** Media2 first: only there H.265 is stated truly. */
  async function profiles(): Promise<SourcedProfile[]> {
    const { media, media2 } = await mediaServices();
    if (media2 !== undefined) {
      const request = '<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>';
      const found = readProfiles((await unlessRefused(() => connection.call(media2, 'GetProfiles', request))) ?? {});
      if (found.length > 0) return found;
    }
    return readProfiles((await mediaService(media, connection).getProfiles()).data as XmlElement);
  }

  /** Of Media, as Media2 has none (Media2, 5.2.1); a device that does not list its sources has those of its profiles. */
  async function videoSources(): Promise<VideoSource[]> {
    const { media } = await mediaServices();
    const request = '<trt:GetVideoSources/>';
    return readVideoSources((await unlessRefused(() => connection.call(media, 'GetVideoSources', request))) ?? {});
  }

  async function media1Uri(url: URL, operation: UriOperation, profileToken: string): Promise<string> {
    const ProfileToken = escapeXml(profileToken);
    const service = mediaService(url, connection);
    const { data } =
      operation === 'GetStreamUri'
        ? await service.getStreamUri({ ProfileToken, Protocol: 'RTSP' })
        : await service.getSnapshotUri({ ProfileToken });
    return textAt(data as XmlElement, `${operation}Response`, 'MediaUri', 'Uri');
  }

  async function media2Uri(url: URL, operation: UriOperation, profileToken: string): Promise<string> {
    const protocol = operation === 'GetStreamUri' ? '<tr2:Protocol>RTSP</tr2:Protocol>' : '';
    const request = `<tr2:${operation}>${protocol}<tr2:ProfileToken>${escapeXml(profileToken)}</tr2:ProfileToken></tr2:${operation}>`;
    return textAt(await connection.call(url, operation, request), `${operation}Response`, 'Uri');
  }

  /** From Media2 (Profile T), else from Media: some profiles exist in one of them alone. */
  async function uri(operation: UriOperation, profileToken: string): Promise<string> {
    const { media, media2 } = await mediaServices();
    if (media2 !== undefined) {
      const found = await unlessRefused(() => media2Uri(media2, operation, profileToken));
      if (found !== undefined && found !== '') return found;
      if (media === media2) return '';
    }
    return media1Uri(media, operation, profileToken);
  }

  const snapshotUri = async (profileToken: string) => pictureUrl(device, await uri('GetSnapshotUri', profileToken));
  /** A JPEG of a profile, made by the device. */
  const picture = async (profileToken: string) => connection.picture(new URL(await snapshotUri(profileToken)));

  return {
    /** The device's address, over https where it redirects there. */
    get address(): string {
      return (connection.secureAddress(device) ?? device).href;
    },

    /** It speaks only TLS that is out of date. */
    get oldTls(): boolean {
      return connection.oldTls;
    },

    /** SHA-256 of the public key that it showed over https; null over plain HTTP. */
    get tlsKey(): string | null {
      return connection.tlsKey ?? null;
    },

    /**
     * Reads the camera's clock and lets what follows be dated by it. Null where the camera does not tell it.
     * @throws AppError unavailable `unreachable`, or `bad_answer` when it does not speak SOAP at all.
     */
    async clockOffset(): Promise<number | null> {
      const sentAtMs = options.clock.nowMs();
      const { data } = await service.getSystemDateAndTime();
      const receivedAtMs = options.clock.nowMs();
      const stated = cameraClock(data as XmlElement);
      if (stated === null) return null;
      connection.setCameraAheadMs(stated.utcMs - receivedAtMs);
      return stated.isUtc ? clockOffsetMs(stated.utcMs, sentAtMs, receivedAtMs) : null;
    },

    async information(): Promise<
      Pick<IdentifyResponse, 'manufacturer' | 'model' | 'firmwareVersion' | 'serialNumber'>
    > {
      const { data } = await service.getDeviceInformation();
      const answer = element(data as XmlElement, 'GetDeviceInformationResponse');
      const text = (name: string) => textAt(answer, name).slice(0, 120);
      return {
        manufacturer: text('Manufacturer'),
        model: text('Model'),
        firmwareVersion: text('FirmwareVersion'),
        serialNumber: text('SerialNumber'),
      };
    },

    profiles,

    async channels(): Promise<ChannelFacts[]> {
      const found = await profiles();
      return groupChannels(found, await videoSources());
    },

    async kind(model: string, channels: readonly ChannelFacts[]): Promise<DeviceKind> {
      const { hasRecordings } = await mediaServices();
      return deviceKindOf(channels, { model, hasRecordings });
    },

    /**
     * The channels with what a picture of each says of its signal. A device that refuses pictures, or has none of any channel,
     * tells nothing by that.
     */
    async withSignals(channels: readonly ChannelFacts[]): Promise<ChannelFacts[]> {
      const endsAt = options.clock.monotonicMs() + picturesMs;
      const seen = new Map<ChannelFacts, boolean>();
      let isRefused = false;
      const waiting = channels.filter(({ main, signal }) => main !== null && signal === null);
      const look = async () => {
        for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
          if (isRefused || options.clock.monotonicMs() > endsAt) return;
          try {
            await picture(one.main!.profileToken);
            seen.set(one, true);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            if (error.code === 'bad_answer') seen.set(one, false);
            else isRefused = true;
          }
        }
      };
      await Promise.all(Array.from({ length: picturesAtOnce }, look));
      const showsSignal = [...seen.values()].includes(true);
      return channels.map((one) => ({ ...one, signal: showsSignal ? (seen.get(one) ?? one.signal) : one.signal }));
    },

    picture,

    /**
     * Subscribes to its events; they name the video source that they are of.
     * @throws AppError precondition `no_events` where it has none
     */
    async events(): Promise<EventSubscription> {
      const { media, events } = await mediaServices();
      if (events === undefined) throw noEvents(device);
      const request = '<trt:GetProfiles/>';
      const listed = await unlessRefused(() => connection.call(media, 'GetProfiles', request));
      const sources = sourcesByConfiguration(listed ?? {});
      const pullPoint = await PullPoint.open(connection, options.clock, device, events);
      return new EventSubscription(pullPoint, sources);
    },

    /** RTSP address of a profile on the camera's own host, without credentials. */
    async streamUri(profileToken: string): Promise<string> {
      return streamUrl(device, await uri('GetStreamUri', profileToken));
    },

    /**
     * Lets the camera send a keyframe at once (Media 5.8, Media2 5.6.1).
     * @throws AppError precondition `bad_answer` where it does not offer that
     */
    async requestKeyframe(profileToken: string): Promise<void> {
      const { media, media2 } = await mediaServices();
      const request = (prefix: string) =>
        `<${prefix}:SetSynchronizationPoint><${prefix}:ProfileToken>${escapeXml(profileToken)}</${prefix}:ProfileToken></${prefix}:SetSynchronizationPoint>`;
      const ask = (url: URL, prefix: string) => connection.call(url, 'SetSynchronizationPoint', request(prefix));
      if (media2 !== undefined && (await unlessRefused(() => ask(media2, 'tr2'))) !== undefined) return;
      await ask(media, media === media2 ? 'tr2' : 'trt');
    },

    /** HTTP address of a JPEG, without credentials. */
    snapshotUri,
  };
}
export type OnvifCamera = ReturnType<typeof createOnvifCamera>;
