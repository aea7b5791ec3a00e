import type { ChannelFacts, DeviceKind } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import { AppError } from '../../lib/errors.js';
import { cameraUtcMs, clockOffsetMs } from './camera-clock.js';
import { parseDeviceAddress, pictureUrl, serviceUrl, streamUrl } from './camera-url.js';
import { deviceKindOf, groupChannels, readVideoSources, type VideoSource } from './device-channels.js';
import { readProfiles, type SourcedProfile } from './media-profiles.js';
import { deviceService, mediaService } from './node-onvif-services.js';
import { createOnvifConnection, type OnvifConnectionOptions } from './onvif-connection.js';
import { element, elements, escapeXml, textAt, type XmlElement } from './soap-xml.js';

const mediaNamespace = 'http://www.onvif.org/ver10/media/wsdl';
const media2Namespace = 'http://www.onvif.org/ver20/media/wsdl';
const recordingNamespace = 'http://www.onvif.org/ver10/recording/wsdl';
/** Pictures that are asked of a device at a time, to see which of its inputs have a signal. */
const picturesAtOnce = 4;
const picturesMs = 10_000;

interface MediaServices {
  media: URL;
  media2: URL | undefined;
  /** It keeps recordings itself. */
  hasRecordings: boolean;
}

/** A refusal of one operation, after which another may be tried; a wrong password or a dead network is none. */
const isOperationRefused = (error: unknown): boolean => error instanceof AppError && error.code === 'bad_answer';

/**
 * One camera seen through ONVIF, for one conversation. Device facts, profiles and addresses are read through node-onvif;
 * Media2, which it does not know, through the connection.
 */
export function createOnvifCamera(deviceAddress: string, options: OnvifConnectionOptions) {
  const device = parseDeviceAddress(deviceAddress);
  const connection = createOnvifConnection(options);
  const service = deviceService(device, connection);
  let services: Promise<MediaServices> | undefined;

  async function readServices(): Promise<MediaServices> {
    try {
      const { data } = await service.getServices({ IncludeCapability: false });
      const list = elements(element(data as XmlElement, 'GetServicesResponse'), 'Service').slice(0, 64);
      const find = (namespace: string) => {
        const found = list.find((item) => textAt(item, 'Namespace') === namespace);
        return found === undefined ? undefined : serviceUrl(device, textAt(found, 'XAddr'));
      };
      const media2 = find(media2Namespace);
      const media = find(mediaNamespace) ?? media2;
      const hasRecordings = list.some((item) => textAt(item, 'Namespace') === recordingNamespace);
      if (media !== undefined) return { media, media2, hasRecordings };
    } catch (error) {
      if (!isOperationRefused(error)) throw error; // older cameras know only GetCapabilities
    }
    const { data } = await service.getCapabilities();
    const xaddr = textAt(data as XmlElement, 'GetCapabilitiesResponse', 'Capabilities', 'Media', 'XAddr');
    if (xaddr === '') {
      throw new AppError('precondition', 'no_video', `${device.host}: the device has no media service`, {
        details: { reason: 'not_video' },
      });
    }
    return { media: serviceUrl(device, xaddr), media2: undefined, hasRecordings: false };
  }
  const mediaServices = () => (services ??= readServices());

  /** Media2 first: only there H.265 is told truly. */
  async function profiles(): Promise<SourcedProfile[]> {
    const { media, media2 } = await mediaServices();
    if (media2 !== undefined) {
      try {
        const body = await connection.call(
          media2,
          'GetProfiles',
          '<tr2:GetProfiles><tr2:Type>All</tr2:Type></tr2:GetProfiles>',
        );
        const found = readProfiles(body);
        if (found.length > 0) return found;
      } catch (error) {
        if (!isOperationRefused(error)) throw error;
      }
    }
    return readProfiles((await mediaService(media, connection).getProfiles()).data as XmlElement);
  }

  /** Of Media, as Media2 has none (Media2, 5.2.1); a device that does not list its sources has those of its profiles. */
  async function videoSources(): Promise<VideoSource[]> {
    const { media } = await mediaServices();
    try {
      return readVideoSources(await connection.call(media, 'GetVideoSources', '<trt:GetVideoSources/>'));
    } catch (error) {
      if (!isOperationRefused(error)) throw error;
      return [];
    }
  }

  async function media2Uri(url: URL, operation: 'GetStreamUri' | 'GetSnapshotUri', profileToken: string) {
    const protocol = operation === 'GetStreamUri' ? '<tr2:Protocol>RTSP</tr2:Protocol>' : '';
    const request = `<tr2:${operation}>${protocol}<tr2:ProfileToken>${escapeXml(profileToken)}</tr2:ProfileToken></tr2:${operation}>`;
    return textAt(await connection.call(url, operation, request), `${operation}Response`, 'Uri');
  }

  /** From Media, else from Media2: some profiles exist in one of them alone. */
  async function uri(operation: 'GetStreamUri' | 'GetSnapshotUri', profileToken: string): Promise<string> {
    const { media, media2 } = await mediaServices();
    try {
      const ProfileToken = escapeXml(profileToken);
      const service = mediaService(media, connection);
      const { data } =
        operation === 'GetStreamUri'
          ? await service.getStreamUri({ ProfileToken, Protocol: 'RTSP' })
          : await service.getSnapshotUri({ ProfileToken });
      const found = textAt(data as XmlElement, `${operation}Response`, 'MediaUri', 'Uri');
      if (found !== '' || media2 === undefined) return found;
    } catch (error) {
      if (media2 === undefined || !isOperationRefused(error)) throw error;
    }
    return media2Uri(media2, operation, profileToken);
  }

  const snapshotUri = async (profileToken: string) => pictureUrl(device, await uri('GetSnapshotUri', profileToken));
  /** A JPEG of a profile, made by the device. */
  const picture = async (profileToken: string) => connection.picture(new URL(await snapshotUri(profileToken)));

  return {
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
      const utcMs = cameraUtcMs(data as XmlElement);
      if (utcMs === null) return null;
      connection.setCameraAheadMs(utcMs - receivedAtMs);
      return clockOffsetMs(utcMs, sentAtMs, receivedAtMs);
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
      const tells = [...seen.values()].includes(true);
      return channels.map((one) => ({ ...one, signal: tells ? (seen.get(one) ?? one.signal) : one.signal }));
    },

    picture,

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
      try {
        await connection.call(media, 'SetSynchronizationPoint', request(media === media2 ? 'tr2' : 'trt'));
      } catch (error) {
        if (media2 === undefined || media === media2 || !isOperationRefused(error)) throw error;
        await connection.call(media2, 'SetSynchronizationPoint', request('tr2'));
      }
    },

    /** HTTP address of a JPEG, without credentials. */
    snapshotUri,
  };
}
export type OnvifCamera = ReturnType<typeof createOnvifCamera>;
