import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import { passwordContext } from './cameras.service.js';
import { normalDeviceAddress } from './device-address.js';

export interface CameraMovesDeps {
  db: Database;
  repository: CamerasRepository;
  recorders: CameraRecorders;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  secretBox: SecretBox;
}

/** Cameras get other addresses from their routers. The device at the new one must take the password and be the same. */
export class CameraMoves {
  readonly #deps: CameraMovesDeps;

  constructor(deps: CameraMovesDeps) {
    this.#deps = deps;
  }

  /**
   * @throws AppError not_found `camera_not_found`; invalid `bad_device_address`; conflict `other_device` (another serial
   * number answers there), `address_taken` (another camera of the recorder has it); and what identification says:
   * precondition `wrong_password`, unavailable `unreachable` …
   */
  async move(actor: Actor, cameraId: string, address: string, signal?: AbortSignal): Promise<CameraResponse> {
    const { repository, recorders, secretBox } = this.#deps;
    const deviceAddress = normalDeviceAddress(address);
    const found = await repository.find(actor.scope, cameraId);
    if (found === undefined) throw notFound();
    const { username, passwordBox, recorderId } = found.row;
    if (passwordBox === '')
      throw new AppError('precondition', 'password_needed', 'the recorder alone has its password');
    const password = secretBox.open(passwordBox, passwordContext(cameraId));
    const facts = await recorders.clientOf(recorderId).identify({ deviceAddress, username, password }, signal);
    if (!isSame(found.row, facts)) {
      throw new AppError('conflict', 'other_device', 'another device answers at this address', {
        details: { serialNumber: facts.serialNumber },
      });
    }
    await this.#save(actor, cameraId, deviceAddress, facts);
    const now = await repository.find(actor.scope, cameraId);
    if (now === undefined) throw notFound();
    return cameraOnWire(now);
  }

  async #save(actor: Actor, cameraId: string, deviceAddress: string, facts: IdentifyResponse): Promise<void> {
    const { db, repository, audit, recorders, broadcaster } = this.#deps;
    const row = await db
      .write(async (manager) => {
        const found = await repository.find(actor.scope, cameraId, manager);
        if (found === undefined) throw notFound();
        const { row } = found;
        if (row.deviceAddress === deviceAddress) return undefined;
        await repository.update(manager, cameraId, {
          ...{ deviceAddress, firmwareVersion: facts.firmwareVersion, mainStream: facts.main, subStream: facts.sub },
        });
        await audit.record(
          actor,
          {
            action: 'camera.update',
            subjectType: 'camera',
            subjectId: cameraId,
            subjectName: row.name,
            areaId: row.areaId,
            details: { before: { deviceAddress: row.deviceAddress }, after: { deviceAddress } },
          },
          manager,
        );
        return row;
      })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        throw new AppError('conflict', 'address_taken', 'another camera has this address');
      });
    if (row === undefined) return;
    recorders.markChanged(row.recorderId, [cameraId]);
    broadcaster.toArea(row.areaId, 'camera.view', 'camera.changed', [cameraId]);
  }
}

/** Cameras that tell no serial number are told apart by their make. */
function isSame(row: CameraRow, facts: IdentifyResponse): boolean {
  if (row.serialNumber !== '' && facts.serialNumber !== '') return row.serialNumber === facts.serialNumber;
  return row.manufacturer === facts.manufacturer && row.model === facts.model;
}

const notFound = () => new AppError('not_found', 'camera_not_found', 'no such camera');
