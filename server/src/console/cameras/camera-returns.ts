import type { CameraResponse, CameraReturnRequest } from '@choi-canh/shared/cameras';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError } from '../../lib/errors.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import type { ChannelEntry } from './channel-entry.js';
import { channelOf, channelsOf, learntOf } from './device-channels.js';
import { failedAttempt } from './failed-attempt.js';
import { movedRtspDevice, usableRtspAddress } from './rtsp-move.js';
import { usableDeviceAddress } from './device-address.js';
import { formerCamera, isSameDevice, type DeviceIdentity } from './same-device.js';

export interface CameraReturnsDeps {
  repository: CamerasRepository;
  recorders: CameraRecorders;
  audit: AuditWriter;
  entry: ChannelEntry;
  /** Which addresses cameras may have. */
  addressRules: AddressRules;
  budget: AttemptBudget;
}

/** Cameras out of use that come back: the same camera, with its footage, states, tags and clips in one timeline. */
export class CameraReturns {
  readonly #deps: CameraReturnsDeps;

  constructor(deps: CameraReturnsDeps) {
    this.#deps = deps;
  }

  /**
   * The camera out of use that a device was, on the same recorder and in the same area: its footage lies there, and whoever
   * may see that area may see it.
   */
  async formerOf(recorderId: string, areaId: string, device: DeviceIdentity): Promise<CameraRow | undefined> {
    const all = await this.#deps.repository.everOfRecorder(recorderId);
    return formerCamera(device, all, areaId);
  }

  /**
   * @throws AppError not_found `camera_not_found`; invalid `bad_device_address`; conflict `camera_in_use`, `other_device`
   * (another device answers there), `address_taken`; and what identification says.
   */
  async bringBack(
    actor: Actor,
    cameraId: string,
    request: CameraReturnRequest,
    signal?: AbortSignal,
  ): Promise<CameraResponse> {
    const { repository, recorders, addressRules } = this.#deps;
    const found = await repository.findEver(actor.scope, cameraId);
    if (found === undefined) throw notFound();
    if (found.row.retiredAt === null) throw inUse();
    const hasOnvif = found.row.mainStream?.url === undefined;
    const usable = hasOnvif ? usableDeviceAddress : usableRtspAddress;
    const given = { ...request, deviceAddress: usable(request.deviceAddress, addressRules) };
    this.#deps.budget.take(actor.accountId, 'typed', 1);
    const client = recorders.clientOf(found.row.recorderId);
    const asked = hasOnvif
      ? client.identify({ ...given, plainPassword: true }, signal)
      : movedRtspDevice(found.row, await repository.ofDevice(found.row.deviceId), given, client, signal);
    const facts = await asked.catch((error: unknown) =>
      failedAttempt(this.#deps.audit, actor, found.row, given.deviceAddress, error),
    );
    if (!isSameDevice(found.row, { ...facts, endpointReference: '' })) {
      throw new AppError('conflict', 'other_device', 'another device answers at this address', {
        details: { serialNumber: facts.serialNumber },
      });
    }
    const { row } = found;
    const channels = channelsOf(facts);
    const channel =
      channelOf(row, channels) ?? (row.sourceToken === '' || channels.length === 1 ? channels[0] : undefined);
    if (channel === undefined) throw new AppError('conflict', 'channel_not_found', 'the device has no such channel');
    const learnt = { ...row, ...learntOf({ ...row, sourceToken: channel.sourceToken }, channels) };
    await this.#deps.entry.enter(actor, {
      ...{ recorderId: row.recorderId, areaId: row.areaId, facts, endpointReference: '', deviceId: row.deviceId },
      ...{ given, mayReturn: true },
      channels: [
        {
          ...{ channel, cameraId, main: learnt.mainStream ?? facts.main, sub: learnt.subStream },
          ...{ name: row.name, place: row.place },
        },
      ],
    });
    const now = await repository.findEver(actor.scope, cameraId);
    if (now === undefined) throw notFound();
    return cameraOnWire(now, recorders.unheardSince(row.recorderId));
  }
}

const notFound = () => new AppError('not_found', 'camera_not_found', 'no such camera');
const inUse = () => new AppError('conflict', 'camera_in_use', 'this camera is in use');
