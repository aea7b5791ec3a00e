import type {
  CameraProfilesRequest,
  CameraResponse,
  ChannelAddRequest,
  DeviceDetailResponse,
  DeviceOffer,
} from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CamerasRepository, CameraWithState } from './cameras.repository.js';
import type { ChannelEntry, EnteredCameras } from './channel-entry.js';
import { channelOf, channelsOf, chosenChannels, chosenProfiles, offerOf } from './device-channels.js';
import { passwordContext } from './device-password.js';
import type { DeviceRow } from './device.entity.js';
import type { DevicesRepository } from './devices.repository.js';

export interface DevicesServiceDeps {
  db: Database;
  repository: CamerasRepository;
  devices: DevicesRepository;
  recorders: CameraRecorders;
  entry: ChannelEntry;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  budget: AttemptBudget;
  secretBox: SecretBox;
  clock: Clock;
}

/** Devices as people see them: what each is, which of its channels are cameras, and which could be. */
export class DevicesService {
  readonly #deps: DevicesServiceDeps;
  /** Channels that a session was shown, by session and device. */
  readonly #shown = new Map<string, { offer: DeviceOffer; until: number }>();

  constructor(deps: DevicesServiceDeps) {
    this.#deps = deps;
  }

  async get(scope: AreaScope, id: string): Promise<DeviceDetailResponse> {
    const { device, cameras } = await this.#require(scope, id);
    const inUse = (await this.#deps.repository.ofDevice(id)).filter(({ retiredAt }) => retiredAt === null);
    const items = cameras.map((one) => this.#cameraOnWire(one));
    const down = items.filter(({ state }) => state === 'down');
    const [first] = down;
    const isOneFact = down.length === items.length && down.every(({ reason }) => reason === first?.reason);
    return {
      device: {
        ...factsOf(device),
        ...{ cameras: items.length, down: down.length },
        trouble: first !== undefined && isOneFact ? { reason: first.reason, sinceAt: earliest(down) } : null,
      },
      items,
      shared: inUse.length > items.length,
    };
  }

  /** Asks a known device for its channels, with the password that it has, where it was confirmed to be. */
  async channels(actor: Actor, id: string, signal: AbortSignal): Promise<DeviceOffer> {
    const { device, cameras } = await this.#require(actor.scope, id);
    const facts = await this.#identify(actor, device, signal);
    const { db, devices } = this.#deps;
    const { oldTls = device.oldTls } = facts;
    if (oldTls !== device.oldTls) await db.write((manager) => devices.update(manager, id, { oldTls }));
    const visible = new Set(cameras.map(({ row }) => row.id));
    const known = await this.#deps.repository.ofDevice(id);
    const offer = offerOf(device.deviceAddress, facts, known, (cameraId) => visible.has(cameraId));
    await this.#deps.audit.record(actor, {
      ...{ action: 'camera.channels', subjectType: 'device', subjectId: id, subjectName: deviceName(device) },
      areaId: cameras[0]?.row.areaId ?? null,
      details: { deviceAddress: device.deviceAddress, channels: offer.channels.length },
    });
    this.#shown.set(`${actor.sessionId} ${id}`, { offer, until: this.#deps.clock.monotonicMs() + shownMs });
    for (const key of this.#shown.keys()) if (this.#shown.size > mostShown) this.#shown.delete(key);
    return offer;
  }

  async add(actor: Actor, id: string, request: ChannelAddRequest, signal: AbortSignal): Promise<EnteredCameras> {
    const { device } = await this.#require(actor.scope, id);
    if (!(await this.#deps.repository.areaInScope(actor.scope, request.areaId))) {
      throw new AppError('not_found', 'area_not_found', 'no such area');
    }
    const facts = await this.#identify(actor, device, signal);
    const channels = chosenChannels(request.channels, channelsOf(facts)).map((one) => ({
      ...one,
      name: one.name || one.channel.name || `${device.manufacturer} ${device.model} ${one.channel.number}`.trim(),
    }));
    return this.#deps.entry.enter(actor, {
      ...{ recorderId: device.recorderId, areaId: request.areaId, deviceId: id },
      ...{ facts, channels, endpointReference: '', mayReturn: true },
    });
  }

  /**
   * A picture of a channel that the person was shown just before, made by the device.
   * @throws AppError not_found `device_not_found`, `channel_not_found` (also a channel that is a camera outside the scope)
   */
  async picture(actor: Actor, id: string, sourceToken: string, signal: AbortSignal): Promise<Buffer> {
    const { device, cameras } = await this.#require(actor.scope, id);
    const shown = this.#shown.get(`${actor.sessionId} ${id}`);
    const channels = shown === undefined || shown.until < this.#deps.clock.monotonicMs() ? [] : shown.offer.channels;
    const main = channels.find((one) => one.sourceToken === sourceToken)?.main ?? null;
    const visible = new Set(cameras.map(({ row }) => row.id));
    const isOthers = (await this.#deps.repository.ofDevice(id)).some(
      (camera) =>
        camera.retiredAt === null &&
        !visible.has(camera.id) &&
        channelOf(camera, channels)?.sourceToken === sourceToken,
    );
    if (main === null || isOthers) throw new AppError('not_found', 'channel_not_found', 'no such channel was shown');
    return this.#deps.recorders.clientOf(device.recorderId).snapshot(this.#access(device), main.profileToken, signal);
  }

  /** By which of its channel's profiles a camera is recorded and shown. */
  async setProfiles(
    actor: Actor,
    cameraId: string,
    request: CameraProfilesRequest,
    signal: AbortSignal,
  ): Promise<CameraResponse> {
    const { db, repository, audit, recorders, broadcaster } = this.#deps;
    const found = await repository.find(actor.scope, cameraId);
    if (found === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
    const { row: before } = found;
    const { device } = await this.#require(actor.scope, before.deviceId);
    const channel = channelOf(before, channelsOf(await this.#identify(actor, device, signal)));
    if (channel === undefined) throw new AppError('conflict', 'channel_not_found', 'the device has no such channel');
    const { main, sub } = chosenProfiles(channel, request);
    await db.write(async (manager) => {
      await repository.update(manager, cameraId, { mainStream: main, subStream: sub });
      const tokens = (streams: { main: string | undefined; sub: string | undefined }) => streams;
      await audit.record(
        actor,
        {
          ...{ action: 'camera.update', subjectType: 'camera', subjectId: cameraId, subjectName: before.name },
          areaId: before.areaId,
          details: {
            before: tokens({ main: before.mainStream?.profileToken, sub: before.subStream?.profileToken }),
            after: tokens({ main: main.profileToken, sub: sub?.profileToken }),
          },
        },
        manager,
      );
    });
    recorders.markChanged(before.recorderId, [cameraId]);
    broadcaster.toArea(before.areaId, 'camera.view', 'camera.changed', [cameraId]);
    const now = await repository.find(actor.scope, cameraId);
    if (now === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
    return this.#cameraOnWire(now);
  }

  async #require(scope: AreaScope, id: string): Promise<{ device: DeviceRow; cameras: CameraWithState[] }> {
    const [device, cameras] = await Promise.all([
      this.#deps.devices.find(id),
      this.#deps.repository.ofDeviceInScope(scope, id),
    ]);
    if (device === null || cameras.length === 0) throw new AppError('not_found', 'device_not_found', 'no such device');
    return { device, cameras };
  }

  async #identify(actor: Actor, device: DeviceRow, signal: AbortSignal): Promise<IdentifyResponse> {
    this.#deps.budget.take(actor.accountId, 'found', 1);
    return this.#deps.recorders.clientOf(device.recorderId).identify(this.#access(device), signal);
  }

  /** The stored password, for where the device was confirmed to be, and for no other key than it showed there. */
  #access(device: DeviceRow) {
    const { id, deviceAddress, username, passwordBox, tlsKey } = device;
    if (passwordBox === '')
      throw new AppError('precondition', 'password_needed', 'the recorder alone has its password');
    const password = this.#deps.secretBox.open(passwordBox, passwordContext(id));
    return { deviceAddress, username, password, ...(tlsKey === null ? {} : { tlsKey }) };
  }

  #cameraOnWire(camera: CameraWithState): CameraResponse {
    return cameraOnWire(camera, this.#deps.recorders.unheardSince(camera.row.recorderId));
  }
}

const shownMs = 15 * 60_000;
const mostShown = 100;

const deviceName = ({ manufacturer, model, deviceAddress }: DeviceRow): string =>
  `${manufacturer} ${model}`.trim() || deviceAddress;

function factsOf(device: DeviceRow) {
  const { id, recorderId, kind, deviceAddress, manufacturer, model, serialNumber, firmwareVersion, username } = device;
  const { oldTls } = device;
  return { id, recorderId, kind, deviceAddress, manufacturer, model, serialNumber, firmwareVersion, username, oldTls };
}

const earliest = (cameras: readonly CameraResponse[]): string => cameras.map(({ sinceAt }) => sinceAt).sort()[0]!;
