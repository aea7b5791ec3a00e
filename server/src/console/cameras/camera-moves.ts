import type { CameraMoveRequest, CameraResponse, SightingAnswer } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { hostOf } from '../../lib/confirmed-hosts.js';
import { AppError } from '../../lib/errors.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { DeviceSightingsRepository } from './device-sightings.repository.js';
import type { CameraRow, DeviceFacts } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import { typedFor } from './confirmed-address.js';
import { movedRtspDevice, usableRtspAddress } from './rtsp-move.js';
import { usableDeviceAddress } from './device-address.js';
import { channelsOf, learntOf } from './device-channels.js';
import { passwordContext } from './device-password.js';
import type { DevicesRepository } from './devices.repository.js';
import { failedAttempt } from './failed-attempt.js';
import { wholeDevice } from './whole-device.js';

export interface CameraMovesDeps {
  db: Database;
  repository: CamerasRepository;
  devices: DevicesRepository;
  sightings: DeviceSightingsRepository;
  recorders: CameraRecorders;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  secretBox: SecretBox;
  addressRules: AddressRules;
  budget: AttemptBudget;
  clock: Clock;
}

type Confirmed = Pick<DeviceFacts, 'deviceAddress' | 'confirmedHost' | 'confirmedBy'> & Partial<DeviceFacts>;

/**
 * Devices get other addresses from their routers, with all their cameras. The stored password goes to another host only after a person said that
 * the device is there, or its pinned key did; where the address was typed the password is typed with it.
 */
export class CameraMoves {
  readonly #deps: CameraMovesDeps;

  constructor(deps: CameraMovesDeps) {
    this.#deps = deps;
  }

  /**
   * A person types another address, and the password for it. The stored one stays here; the typed one takes its place.
   * @throws AppError not_found `camera_not_found`; invalid `bad_device_address`, `address_not_allowed`; too_many; conflict
   * `other_device` (another serial number answers there), `address_taken` (another camera of the recorder has it); and what
   * identification says: precondition `wrong_password`, unavailable `unreachable` …
   */
  async move(actor: Actor, cameraId: string, request: CameraMoveRequest, signal?: AbortSignal) {
    const row = await this.#require(actor, cameraId);
    if (row.mainStream?.url !== undefined) return this.#moveRtsp(actor, row, request, signal);
    const deviceAddress = usableDeviceAddress(request.deviceAddress, this.#deps.addressRules);
    this.#deps.budget.take(actor.accountId, 'typed', 1);
    const { password, username = row.username } = request;
    const facts = await this.#identify(actor, row, { deviceAddress, username, password, plainPassword: true }, signal);
    return this.#save(actor, row, this.#typed(row, deviceAddress, username, password, facts), facts);
  }

  /** A device without ONVIF says nothing of itself: that it is the same one is the person's word. */
  async #moveRtsp(actor: Actor, row: CameraRow, request: CameraMoveRequest, signal?: AbortSignal) {
    const { repository, recorders, addressRules, budget, audit } = this.#deps;
    const deviceAddress = usableRtspAddress(request.deviceAddress, addressRules);
    budget.take(actor.accountId, 'typed', 1);
    const { password, username = row.username } = request;
    const given = { deviceAddress, username, password };
    const client = recorders.clientOf(row.recorderId);
    const cameras = (await repository.ofDevice(row.deviceId)).filter(isInUse);
    const facts = await movedRtspDevice(row, cameras, given, client, signal).catch((error: unknown) =>
      failedAttempt(audit, actor, row, deviceAddress, error),
    );
    return this.#save(actor, row, this.#typed(row, deviceAddress, username, password, facts), facts);
  }

  /**
   * A person says whether a device that was found is the camera. Only with the answer anything is sent there: the password
   * that is typed with it, else the stored one, and that never in clear.
   * @throws AppError not_found `camera_not_found`, `sighting_not_found` (answered, or never asked); and as `move`
   */
  async answer(actor: Actor, cameraId: string, answer: SightingAnswer, signal?: AbortSignal): Promise<CameraResponse> {
    const { sightings, secretBox, addressRules, budget } = this.#deps;
    const row = await this.#require(actor, cameraId);
    const sighting = await sightings.find(row.deviceId, answer.deviceAddress);
    if (sighting === null) throw new AppError('not_found', 'sighting_not_found', 'nothing is asked of this address');
    const { deviceAddress } = sighting;
    if (!answer.same) return this.#dismiss(actor, row, deviceAddress);
    usableDeviceAddress(deviceAddress, addressRules);
    budget.take(actor.accountId, 'found', 1);
    const { password, username = row.username } = answer;
    if (password !== undefined) {
      const facts = await this.#identify(
        actor,
        row,
        { deviceAddress, username, password, plainPassword: true },
        signal,
      );
      return this.#save(actor, row, this.#typed(row, deviceAddress, username, password, facts), facts);
    }
    if (row.passwordBox === '') throw passwordNeeded();
    const stored = secretBox.open(row.passwordBox, passwordContext(row.deviceId));
    const given = { deviceAddress, username: row.username, password: stored };
    const facts = await this.#identify(actor, row, given, signal);
    return this.#save(actor, row, this.#recognised(row, deviceAddress, 'answered', facts), facts);
  }

  /** Its pinned key is shown there: the camera itself confirms the address. Over that key alone its password goes; false: it is not. */
  async followKey(actor: Actor, cameraId: string, deviceAddress: string, signal?: AbortSignal): Promise<boolean> {
    const { secretBox, recorders, addressRules } = this.#deps;
    usableDeviceAddress(deviceAddress, addressRules);
    const row = await this.#require(actor, cameraId);
    const { tlsKey, username, recorderId } = row;
    const client = recorders.clientOf(recorderId);
    if (row.passwordBox === '') throw passwordNeeded();
    if (tlsKey === null || (await client.tlsKey(deviceAddress, signal)) !== tlsKey) return false;
    const password = secretBox.open(row.passwordBox, passwordContext(row.deviceId));
    const facts = await this.#identify(actor, row, { deviceAddress, username, password, tlsKey }, signal);
    await this.#save(actor, row, { ...this.#recognised(row, deviceAddress, 'key', facts), tlsKey }, facts);
    return true;
  }

  #typed(
    row: CameraRow,
    deviceAddress: string,
    username: string,
    password: string,
    facts: IdentifyResponse,
  ): Confirmed {
    const { clock, secretBox } = this.#deps;
    const passwordBox = secretBox.seal(password, passwordContext(row.deviceId));
    return { ...typedFor(deviceAddress, facts, clock.nowMs()), username, passwordBox };
  }

  /** The host stays as well confirmed as it was where only port or path are others. */
  #recognised(row: CameraRow, deviceAddress: string, by: 'answered' | 'key', facts: IdentifyResponse): Confirmed {
    const confirmedHost = hostOf(deviceAddress);
    const confirmedBy = confirmedHost === row.confirmedHost ? row.confirmedBy : by;
    return { deviceAddress, confirmedHost, confirmedBy, tlsKey: facts.tlsKey ?? null, oldTls: facts.oldTls ?? false };
  }

  async #require(actor: Actor, cameraId: string): Promise<CameraRow> {
    const found = await this.#deps.repository.find(actor.scope, cameraId);
    if (found === undefined) throw notFound();
    await wholeDevice(this.#deps.repository, actor.scope, found.row.deviceId);
    return found.row;
  }

  async #identify(
    actor: Actor,
    row: CameraRow,
    given: { deviceAddress: string; username: string; password: string; tlsKey?: string; plainPassword?: boolean },
    signal: AbortSignal | undefined,
  ): Promise<IdentifyResponse> {
    const { recorders, audit } = this.#deps;
    try {
      const facts = await recorders.clientOf(row.recorderId).identify(given, signal);
      if (isSame(row, facts)) return facts;
      throw new AppError('conflict', 'other_device', 'another device answers at this address', {
        details: { serialNumber: facts.serialNumber },
      });
    } catch (error) {
      return failedAttempt(audit, actor, row, given.deviceAddress, error);
    }
  }

  async #dismiss(actor: Actor, row: CameraRow, deviceAddress: string): Promise<CameraResponse> {
    const { db, sightings, audit, broadcaster } = this.#deps;
    await db.write(async (manager) => {
      await sightings.dismiss(manager, row.deviceId, deviceAddress);
      await audit.record(
        actor,
        { ...subject(row), action: 'camera.address_dismiss', details: { deviceAddress } },
        manager,
      );
    });
    broadcaster.toArea(row.areaId, 'camera.view', 'camera.changed', [row.id]);
    return this.#shown(actor, row.id);
  }

  async #save(actor: Actor, { id }: CameraRow, confirmed: Confirmed, facts: IdentifyResponse): Promise<CameraResponse> {
    const { db, repository, devices, sightings, audit, recorders, broadcaster } = this.#deps;
    const { row, cameras } = await db
      .write(async (manager) => {
        const found = await repository.find(actor.scope, id, manager);
        if (found === undefined) throw notFound();
        const { row } = found;
        const { deviceId } = row;
        const cameras = (await wholeDevice(repository, actor.scope, deviceId, manager)).filter(isInUse);
        const { firmwareVersion, kind } = facts;
        await devices.update(manager, deviceId, { ...confirmed, firmwareVersion, kind });
        for (const camera of cameras) {
          const learnt = learntOf(camera, channelsOf(facts));
          if (Object.keys(learnt).length > 0) await repository.update(manager, camera.id, learnt);
        }
        await sightings.answered(manager, deviceId);
        await audit.record(
          actor,
          {
            ...subject(row),
            action: 'camera.address_confirm',
            details: {
              by: confirmed.confirmedBy,
              before: { deviceAddress: row.deviceAddress },
              after: { deviceAddress: confirmed.deviceAddress },
              ...(cameras.length > 1 ? { cameras: cameras.map(({ name }) => name).slice(0, 64) } : {}),
            },
          },
          manager,
        );
        return { row, cameras };
      })
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        throw new AppError('conflict', 'address_taken', 'another device has this address');
      });
    recorders.markChanged(
      row.recorderId,
      cameras.map((camera) => camera.id),
    );
    for (const areaId of new Set(cameras.map((camera) => camera.areaId))) {
      const ids = cameras.filter((camera) => camera.areaId === areaId).map((camera) => camera.id);
      broadcaster.toArea(areaId, 'camera.view', 'camera.changed', ids);
    }
    return this.#shown(actor, id);
  }

  async #shown(actor: Actor, cameraId: string): Promise<CameraResponse> {
    const now = await this.#deps.repository.find(actor.scope, cameraId);
    if (now === undefined) throw notFound();
    return cameraOnWire(now);
  }
}

const isInUse = ({ retiredAt }: CameraRow) => retiredAt === null;
const subject = ({ id, name, areaId }: CameraRow) => ({
  ...{ subjectType: 'camera', subjectId: id, subjectName: name, areaId },
});

/** Cameras that tell no serial number are told apart by their make. */
function isSame(row: CameraRow, facts: IdentifyResponse): boolean {
  if (row.serialNumber !== '' && facts.serialNumber !== '') return row.serialNumber === facts.serialNumber;
  return row.manufacturer === facts.manufacturer && row.model === facts.model;
}

const passwordNeeded = () => new AppError('precondition', 'password_needed', 'the recorder alone has its password');
const notFound = () => new AppError('not_found', 'camera_not_found', 'no such camera');
