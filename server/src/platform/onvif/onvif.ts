import { networkInterfaces } from 'node:os';
import type { StreamFacts } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../../lib/clock.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { runDiscoveryScan } from './discovery-scan.js';
import { expandRanges } from './ip-range.js';
import { parseDeviceAddress } from './camera-url.js';
import { shownTlsKey } from './http-exchange.js';
import { chooseStreams } from './media-profiles.js';
import { createOnvifCamera } from './onvif-camera.js';
import type { EventSubscription } from './event-subscription.js';
import type { Credentials } from './onvif-connection.js';
import { isRefusedOperation } from './refused-operation.js';

/** A camera that answered a probe; WS-Discovery, 5.3. Every text is bounded and decoded. */
export interface DiscoveredCamera {
  /** Empty where it has none: it is known by its address then. */
  endpointReference: string;
  deviceAddress: string;
  host: string;
  name: string;
  hardware: string;
  locationHint: string;
}

export interface DiscoveryListener {
  /** Once for each address and endpoint reference. */
  onDevice(device: DiscoveredCamera): void;
  /** For each datagram that was junk. */
  onRejected(): void;
  /** 0…1, growing. */
  onProgress(progress: number): void;
}

/** What one look at a camera through ONVIF tells. */
export interface CameraSight {
  clockOffsetMs: number | null;
  mainUrl: string;
  subUrl: string | null;
}

export interface OnvifOptions {
  clock: Clock;
  logger: Logger;
  /** Which addresses cameras may have. */
  rules: AddressRules;
  /** IPv4 addresses of the interfaces to probe; empty: all but loopback. */
  interfaces: readonly string[];
  /** UDP port of WS-Discovery; 3702 but in tests. */
  discoveryPort?: number;
  /** For one HTTP exchange; default 5000. */
  timeoutMs?: number;
  /** Default 2500. */
  answerTimeoutMs?: number;
}

export interface Onvif {
  /** @throws AppError invalid `bad_range` or `too_many_ranges`. */
  checkRanges(ranges: readonly string[]): void;
  /** Finds cameras by multicast on the interfaces and by unicast in the ranges. @throws AppError invalid, unavailable. */
  discover(ranges: readonly string[], listener: DiscoveryListener, signal: AbortSignal): Promise<void>;
  /**
   * Everything that adding a camera needs.
   * @throws AppError with code `wrong_password`, `password_withheld`, `address_not_allowed`, `unreachable`, `forbidden`,
   * `tls_unusable`, `tls_key_changed`, `bad_answer`, `no_video` or `bad_device_address`; the
   * message holds no credential and `details.reason` is a CameraReason.
   */
  identify(deviceAddress: string, credentials: Credentials, signal?: AbortSignal): Promise<IdentifyResponse>;
  /** A JPEG of a profile, made by the device; at most 1 MiB. Errors as `identify`; `bad_answer` where it makes none. */
  snapshot(
    deviceAddress: string,
    credentials: Credentials,
    profileToken: string,
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /** Subscribes to a device's events. Errors as `identify`, and precondition `no_events` where it gives none. */
  subscribe(deviceAddress: string, credentials: Credentials, signal?: AbortSignal): Promise<EventSubscription>;
  /** The key that a device shows over https; nothing is sent to it. Null where there is none. */
  tlsKey(deviceAddress: string): Promise<string | null>;
  /** Clock and stream addresses, in three or four requests, the last of which need the password. Errors as `identify`. */
  look(
    deviceAddress: string,
    credentials: Credentials,
    profiles: { mainProfileToken: string; subProfileToken: string | null },
    signal?: AbortSignal,
  ): Promise<CameraSight>;
  /** All video profiles. Errors as `identify`. */
  profiles(deviceAddress: string, credentials: Credentials, signal?: AbortSignal): Promise<StreamFacts[]>;
  streamUri(
    deviceAddress: string,
    credentials: Credentials,
    profileToken: string,
    signal?: AbortSignal,
  ): Promise<string>;
  snapshotUri(
    deviceAddress: string,
    credentials: Credentials,
    profileToken: string,
    signal?: AbortSignal,
  ): Promise<string>;
  /** Lets the camera send a keyframe of a profile at once. Errors as `identify`; `bad_answer` where it cannot. */
  requestKeyframe(
    deviceAddress: string,
    credentials: Credentials,
    profileToken: string,
    signal?: AbortSignal,
  ): Promise<void>;
}

function ownInterfaces(): string[] {
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((address) => (address?.family === 'IPv4' && !address.internal ? [address.address] : []));
}

/**
 * Everything the product says to cameras but their streams: discovery, identification, addresses, clock. Owns node-onvif
 * and what it lacks; leaves schedules, states and storage to the recorder.
 */
export function createOnvif(options: OnvifOptions): Onvif {
  const { clock, logger, rules } = options;
  const timeoutMs = options.timeoutMs ?? 5000;
  const discoveryPort = options.discoveryPort ?? 3702;
  const camera = (deviceAddress: string, credentials: Credentials, signal: AbortSignal | undefined) =>
    createOnvifCamera(deviceAddress, {
      username: credentials.username,
      password: credentials.password,
      confirmedHosts: credentials.confirmedHosts,
      tlsKey: credentials.tlsKey,
      plainPassword: credentials.plainPassword,
      onDigest: credentials.onDigest,
      ...{ clock, timeoutMs, signal, rules },
    });

  /** The clock may be missing or refused; that alone is no reason to refuse the camera. */
  async function clockOffset(of: ReturnType<typeof camera>): Promise<number | null> {
    try {
      return await of.clockOffset();
    } catch (error) {
      if (isRefusedOperation(error)) return null;
      throw error;
    }
  }
  const dated = async (deviceAddress: string, credentials: Credentials, signal: AbortSignal | undefined) => {
    const one = camera(deviceAddress, credentials, signal);
    return { one, clockOffsetMs: await clockOffset(one) };
  };

  return {
    checkRanges(ranges) {
      expandRanges(ranges, discoveryPort);
    },

    discover: (ranges, listener, signal) =>
      runDiscoveryScan({
        interfaces: options.interfaces.length > 0 ? options.interfaces : ownInterfaces(),
        targets: expandRanges(ranges, discoveryPort),
        port: discoveryPort,
        answerTimeoutMs: options.answerTimeoutMs ?? 2500,
        clock,
        logger,
        signal,
        listener,
      }),

    async identify(deviceAddress, credentials, signal) {
      const { one, clockOffsetMs } = await dated(deviceAddress, credentials, signal);
      const found = await one.channels();
      const [first] = found.flatMap(({ main, sub }) => (main === null ? [] : [{ main, sub }]));
      const { main, sub } = first ?? chooseStreams(found.flatMap(({ profiles }) => profiles));
      // Which inputs of many are empty is asked; of one camera it is seen soon enough.
      const channels = found.length > 1 ? await one.withSignals(found) : found;
      // Streams are what matters; some cameras cannot name themselves, or not for this account.
      const facts = await one.information().catch((error: unknown) => {
        if (!(error instanceof AppError) || error.code === 'stopped') throw error;
        return { manufacturer: '', model: '', firmwareVersion: '', serialNumber: '' };
      });
      const kind = await one.kind(facts.model, found);
      const { tlsKey, oldTls, address } = one;
      return { ...facts, clockOffsetMs, tlsKey, oldTls, deviceAddress: address, ...{ main, sub, kind, channels } };
    },

    async snapshot(deviceAddress, credentials, profileToken, signal) {
      return (await dated(deviceAddress, credentials, signal)).one.picture(profileToken);
    },

    async subscribe(deviceAddress, credentials, signal) {
      return (await dated(deviceAddress, credentials, signal)).one.events();
    },

    tlsKey: async (deviceAddress) => (await shownTlsKey(parseDeviceAddress(deviceAddress), rules, timeoutMs)) ?? null,

    async look(deviceAddress, credentials, { mainProfileToken, subProfileToken }, signal) {
      const { one, clockOffsetMs } = await dated(deviceAddress, credentials, signal);
      const mainUrl = await one.streamUri(mainProfileToken);
      let subUrl: string | null = null;
      try {
        if (subProfileToken !== null) subUrl = await one.streamUri(subProfileToken);
      } catch (error) {
        if (!isRefusedOperation(error)) throw error;
        logger.debug({ host: new URL(deviceAddress).host }, 'the camera has no sub stream any more');
      }
      return { clockOffsetMs, mainUrl, subUrl };
    },

    async profiles(deviceAddress, credentials, signal) {
      return (await dated(deviceAddress, credentials, signal)).one.profiles();
    },
    async streamUri(deviceAddress, credentials, profileToken, signal) {
      return (await dated(deviceAddress, credentials, signal)).one.streamUri(profileToken);
    },
    async snapshotUri(deviceAddress, credentials, profileToken, signal) {
      return (await dated(deviceAddress, credentials, signal)).one.snapshotUri(profileToken);
    },
    async requestKeyframe(deviceAddress, credentials, profileToken, signal) {
      await (await dated(deviceAddress, credentials, signal)).one.requestKeyframe(profileToken);
    },
  };
}
