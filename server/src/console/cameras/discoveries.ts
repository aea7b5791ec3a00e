import type { DiscoveryResponse } from '@choi-canh/shared/cameras';
import type { RecorderDiscovery } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import { requireAllowed } from '../../lib/ipv4-networks.js';
import type { Logger } from '../../lib/logger.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { roleMay } from '@choi-canh/shared/permissions';
import type { CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import type { CameraMoves } from './camera-moves.js';
import type { CamerasRepository } from './cameras.repository.js';
import type { DeviceSightingsRepository, Sighting } from './device-sightings.repository.js';
import { normalDeviceAddress, usableDeviceAddress } from './device-address.js';

interface Discovery {
  id: string;
  actor: Actor;
  recorderId: string;
  latest: RecorderDiscovery;
}
export interface FoundDevice {
  name: string;
  locationHint: string;
  endpointReference: string;
}
export interface DiscoveriesDeps {
  repository: CamerasRepository;
  sightings: Pick<DeviceSightingsRepository, 'note' | 'foundWhereTheyAre'>;
  moves: Pick<CameraMoves, 'followKey'>;
  /** Which addresses cameras may have. */
  addressRules: AddressRules;
  recorders: CameraRecorders;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
  logger: Logger;
  /** Pause between two questions to the recorder; default 700 ms. */
  pollEveryMs?: number | undefined;
}

const kept = 40;
const longestMs = 10 * 60_000;

/** Searches for devices that people started, followed until they end. They live in memory: a search is quickly repeated. */
export class Discoveries {
  readonly #deps: DiscoveriesDeps;
  readonly #byId = new Map<string, Discovery>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: DiscoveriesDeps) {
    this.#deps = deps;
  }

  async start(actor: Actor, recorderId: string, ranges: string[]): Promise<DiscoveryResponse> {
    const { recorders } = this.#deps;
    const client = recorders.clientOf(recorderId);
    const { own, added } = await recorders.searchable(recorderId);
    requireAllowed(ranges, [...own, ...added]);
    const latest = await client.startDiscovery(ranges, added);
    const discovery: Discovery = { id: newId(), actor, recorderId, latest };
    await this.#deps.audit.record(actor, {
      action: 'camera.discover',
      subjectType: 'recorder',
      subjectId: recorderId,
      subjectName: '',
      areaId: actor.scope.areaId,
      details: { ranges },
    });
    this.#byId.set(discovery.id, discovery);
    for (const oldest of this.#byId.keys()) if (this.#byId.size > kept) this.#byId.delete(oldest);
    const following = this.#follow(discovery, client).finally(() => this.#running.delete(following));
    this.#running.add(following);
    return this.#onWire(discovery);
  }

  /** @throws AppError not_found `discovery_not_found`: unknown, somebody else's, or from before a restart. */
  async get(actor: Actor, id: string): Promise<DiscoveryResponse> {
    const discovery = this.#byId.get(id);
    if (discovery === undefined || discovery.actor.accountId !== actor.accountId) {
      throw new AppError('not_found', 'discovery_not_found', 'no such search');
    }
    return this.#onWire(discovery);
  }

  /** What a device called itself when it was found last. */
  device(recorderId: string, deviceAddress: string): FoundDevice | undefined {
    for (const discovery of [...this.#byId.values()].reverse()) {
      if (discovery.recorderId !== recorderId) continue;
      const found = discovery.latest.devices.find((device) => sameAddress(device.deviceAddress, deviceAddress));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether devices at several addresses answered the newest search with this endpoint reference. */
  isShared(recorderId: string, endpointReference: string): boolean {
    const newest = [...this.#byId.values()].reverse().find((discovery) => discovery.recorderId === recorderId);
    return newest !== undefined && sharedReferences(newest.latest.devices).has(endpointReference);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#running);
  }

  async #follow(discovery: Discovery, client: CameraRecorder): Promise<void> {
    const { clock, logger, broadcaster } = this.#deps;
    const { signal } = this.#stop;
    const endsAt = clock.monotonicMs() + longestMs;
    let failures = 0;
    while (discovery.latest.state === 'running' && !signal.aborted) {
      try {
        await clock.sleep(this.#deps.pollEveryMs ?? 700, signal);
        discovery.latest = await client.discovery(discovery.latest.id, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        logger.debug({ err: errorMessage(error) }, 'a search could not be followed');
      }
      if (failures > 5 || clock.monotonicMs() > endsAt) {
        const errorCode = failures > 5 ? 'recorder_unreachable' : 'too_long';
        discovery.latest = { ...discovery.latest, state: 'failed', errorCode };
      }
      broadcaster.toAccount(discovery.actor.accountId, 'discovery.progress', await this.#onWire(discovery));
    }
    if (discovery.latest.state !== 'done') return;
    await this.#noteSightings(discovery);
    if (await this.#followKeys(discovery))
      broadcaster.toAccount(discovery.actor.accountId, 'discovery.progress', await this.#onWire(discovery));
  }

  /**
   * A camera that was found at another address is a question to people: what announces itself in its name may be somebody
   * else. Of every area, whoever searched.
   */
  async #noteSightings({ recorderId, latest }: Discovery): Promise<void> {
    const { repository, sightings, clock, broadcaster, addressRules } = this.#deps;
    const known = await repository.ofRecorder(recorderId);
    const shared = sharedReferences(latest.devices);
    const inPlace: string[] = [];
    const found: Sighting[] = [];
    for (const device of latest.devices) {
      const camera = knownCamera(device, known, shared);
      const deviceAddress = addressKey(device.deviceAddress);
      if (camera === undefined) continue;
      const { deviceId } = camera;
      if (isInPlace(camera.deviceAddress, deviceAddress)) inPlace.push(deviceId);
      else if (isUsable(deviceAddress, addressRules)) {
        const { endpointReference, name, hardware } = device;
        found.push({ deviceId, deviceAddress, endpointReference, name, hardware });
      }
    }
    const changed = await sightings.note(found, clock.nowMs());
    if (await sightings.foundWhereTheyAre(inPlace)) changed.push(...inPlace);
    const concerned = known.filter(({ deviceId }) => changed.includes(deviceId));
    for (const areaId of new Set(concerned.map((camera) => camera.areaId))) {
      const ids = concerned.filter((camera) => camera.areaId === areaId).map(({ id }) => id);
      if (ids.length > 0) broadcaster.toArea(areaId, 'camera.view', 'camera.changed', ids);
    }
  }

  /** Cameras that are lost where they were and show their pinned key elsewhere are followed; true where any was. */
  async #followKeys(discovery: Discovery): Promise<boolean> {
    const { repository, moves, logger } = this.#deps;
    const { actor } = discovery;
    if (!roleMay(actor.role, 'camera.manage')) return false;
    let any = false;
    for (const device of (await this.#onWire(discovery)).devices) {
      if (device.movedFrom === null || device.knownCameraId === null || this.#stop.signal.aborted) continue;
      const camera = await repository.find(actor.scope, device.knownCameraId);
      if (camera?.now.state !== 'down' || camera.row.tlsKey === null || !device.deviceAddress.startsWith('https:'))
        continue;
      try {
        any = (await moves.followKey(actor, camera.row.id, device.deviceAddress, this.#stop.signal)) || any;
      } catch (error) {
        // The question stays, and the person sees what is wrong when answering it.
        logger.info({ cameraId: camera.row.id, err: errorMessage(error) }, 'a camera was not followed by its key');
      }
    }
    return any;
  }

  /** `knownCameraId` names only cameras that the person may see. */
  async #onWire(discovery: Discovery): Promise<DiscoveryResponse> {
    const { repository } = this.#deps;
    const { latest } = discovery;
    const known = await repository.ofRecorder(discovery.recorderId);
    const shared = sharedReferences(latest.devices);
    const visible = await repository.idsInScope(
      discovery.actor.scope,
      known.map(({ id }) => id),
    );
    // Of the channels of a device the first that the person may see.
    const sorted = [...known].sort((one, other) => Number(visible.has(other.id)) - Number(visible.has(one.id)));
    const cameras = latest.devices.map((device) => knownCamera(device, sorted, shared));
    return {
      id: discovery.id,
      state: latest.state,
      progress: latest.progress,
      startedAt: latest.startedAt,
      devices: latest.devices.map((device, index) => {
        const camera = cameras[index];
        if (camera === undefined || !visible.has(camera.id)) return { ...device, knownCameraId: null, movedFrom: null };
        const isThere = isInPlace(camera.deviceAddress, addressKey(device.deviceAddress));
        return { ...device, knownCameraId: camera.id, movedFrom: isThere ? null : camera.deviceAddress };
      }),
      rejectedAnswers: latest.rejectedAnswers,
      errorCode: latest.errorCode,
    };
  }
}

/**
 * By reference, unless several addresses answered with it at the same time; by address only where device or camera has no
 * reference of its own, for addresses are given to others in time.
 */
function knownCamera<C extends { deviceAddress: string; endpointReference: string }>(
  device: { deviceAddress: string; endpointReference: string },
  known: readonly C[],
  shared: ReadonlySet<string>,
): C | undefined {
  const { endpointReference } = device;
  const there = known.find((camera) => camera.deviceAddress === addressKey(device.deviceAddress));
  if (shared.has(endpointReference)) return there;
  const same = known.find((camera) => endpointReference !== '' && camera.endpointReference === endpointReference);
  if (same !== undefined || there === undefined) return same;
  return endpointReference === '' || there.endpointReference === '' ? there : undefined;
}

/** References with which devices at several hosts answered one search: cheap cameras share one, and it tells none of them apart. */
function sharedReferences(devices: readonly { endpointReference: string; deviceAddress: string }[]): Set<string> {
  const addresses = new Map<string, Set<string>>();
  for (const { endpointReference, deviceAddress } of devices) {
    if (endpointReference === '') continue;
    addresses.set(endpointReference, (addresses.get(endpointReference) ?? new Set()).add(addressKey(deviceAddress)));
  }
  return new Set([...addresses].filter(([, ones]) => ones.size > 1).map(([reference]) => reference));
}

/** Whatever a device announces is only compared here, never used: junk stays junk. */
function addressKey(address: string): string {
  try {
    return normalDeviceAddress(address);
  } catch {
    return address;
  }
}
function isUsable(address: string, rules: AddressRules): boolean {
  try {
    return usableDeviceAddress(address, rules) === address;
  } catch {
    return false;
  }
}
const sameAddress = (one: string, other: string) => addressKey(one) === addressKey(other);

/** At its address; or it announces http, and we reach it over https of the same host, where it redirects. */
function isInPlace(known: string, found: string): boolean {
  if (known === found) return true;
  if (!known.startsWith('https:') || !found.startsWith('http:')) return false;
  return URL.canParse(known) && URL.canParse(found) && new URL(known).hostname === new URL(found).hostname;
}
