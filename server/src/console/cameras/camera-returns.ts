import type { CameraResponse, CameraReturnRequest } from '@choi-canh/shared/cameras';
import { instantFromMs } from '@choi-canh/shared/common';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraHealth, CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import { passwordContext } from './cameras.service.js';
import { failedAttempt } from './failed-attempt.js';
import { typedFor } from './confirmed-address.js';
import { usableDeviceAddress } from './device-address.js';
import { formerCamera, isSameDevice, type DeviceIdentity } from './same-device.js';

export interface CameraReturnsDeps {
  db: Database;
  repository: CamerasRepository;
  recorders: CameraRecorders;
  health: CameraHealth;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  secretBox: SecretBox;
  clock: Clock;
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
    const { repository, recorders } = this.#deps;
    const given = { ...request, deviceAddress: usableDeviceAddress(request.deviceAddress, this.#deps.addressRules) };
    const found = await repository.findEver(actor.scope, cameraId);
    if (found === undefined) throw notFound();
    if (found.row.retiredAt === null) throw inUse();
    this.#deps.budget.take(actor.accountId, 'typed', 1);
    const facts = await recorders
      .clientOf(found.row.recorderId)
      .identify(given, signal)
      .catch((error: unknown) => failedAttempt(this.#deps.audit, actor, found.row, given.deviceAddress, error));
    if (!isSameDevice(found.row, { ...facts, endpointReference: '' })) {
      throw new AppError('conflict', 'other_device', 'another device answers at this address', {
        details: { serialNumber: facts.serialNumber },
      });
    }
    return this.enter(actor, cameraId, given, facts, '');
  }

  /** Enters that an identified device is a camera out of use, which is in use from now on. */
  async enter(
    actor: Actor,
    cameraId: string,
    { deviceAddress, username, password }: CameraReturnRequest,
    facts: IdentifyResponse,
    endpointReference: string,
  ): Promise<CameraResponse> {
    const { db, repository, recorders, health, audit, broadcaster, secretBox, clock } = this.#deps;
    const row = await db
      .write(async (manager) => {
        const found = await repository.findEver(actor.scope, cameraId, manager);
        if (found === undefined) throw notFound();
        const before = found.row;
        if (before.retiredAt === null) throw inUse();
        await recorders.require(before.recorderId, manager);
        await repository.update(manager, cameraId, {
          ...{ ...typedFor(deviceAddress, facts, clock.nowMs()), username, retiredAt: null },
          ...{ firmwareVersion: facts.firmwareVersion, mainStream: facts.main, subStream: facts.sub },
          endpointReference: endpointReference === '' ? before.endpointReference : endpointReference,
          passwordBox: secretBox.seal(password, passwordContext(cameraId)),
        });
        await health.returned(manager, cameraId, clock.nowMs());
        await audit.record(
          actor,
          {
            action: 'camera.return',
            subjectType: 'camera',
            subjectId: cameraId,
            subjectName: before.name,
            areaId: before.areaId,
            details: {
              retiredAt: instantFromMs(before.retiredAt),
              before: { deviceAddress: before.deviceAddress },
              after: { deviceAddress },
            },
          },
          manager,
        );
        return before;
      })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        throw new AppError('conflict', 'address_taken', 'another camera has this address');
      });
    recorders.markChanged(row.recorderId);
    broadcaster.toArea(row.areaId, 'camera.view', 'camera.changed', [cameraId]);
    const now = await repository.findEver(actor.scope, cameraId);
    if (now === undefined) throw notFound();
    return cameraOnWire(now, recorders.unheardSince(row.recorderId));
  }
}

const notFound = () => new AppError('not_found', 'camera_not_found', 'no such camera');
const inUse = () => new AppError('conflict', 'camera_in_use', 'this camera is in use');
