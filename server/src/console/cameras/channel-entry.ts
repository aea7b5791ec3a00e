import { instantFromMs } from '@choi-canh/shared/common';
import { maxRecorderCameras, type IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { SecretBox } from '../../lib/secret-box.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CameraHealth, CameraRecorders } from './camera-interfaces.js';
import type { CameraRow, ChannelRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import { typedFor } from './confirmed-address.js';
import { channelOf, channelsOf, learntOf, type EnteredChannel } from './device-channels.js';
import { passwordContext } from './device-password.js';
import type { DevicesRepository } from './devices.repository.js';
import { wholeDevice } from './whole-device.js';

/** What a person typed for a device, which answered there and took it. */
export interface GivenAccess {
  deviceAddress: string;
  username: string;
  password: string;
}
interface Entry {
  recorderId: string;
  /** Of the new cameras, and of those out of use that may come back. */
  areaId: string;
  facts: IdentifyResponse;
  /** Empty: as it was. */
  endpointReference: string;
  channels: readonly EnteredChannel[];
  /** A device that is there, in use or not; undefined: a new one. */
  deviceId: string | undefined;
  /** Absent: the device keeps the account and the address that it has. */
  given?: GivenAccess;
  /** A channel that was a camera of the area comes back as it. */
  mayReturn: boolean;
}
export interface EnteredCameras {
  deviceId: string;
  added: string[];
  returned: string[];
}
export interface ChannelEntryDeps {
  db: Database;
  repository: CamerasRepository;
  devices: DevicesRepository;
  recorders: CameraRecorders;
  health: CameraHealth;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  secretBox: SecretBox;
  clock: Clock;
}

/** Enters channels of an identified device as cameras, all of them or none, each with its audit record. */
export class ChannelEntry {
  readonly #deps: ChannelEntryDeps;

  constructor(deps: ChannelEntryDeps) {
    this.#deps = deps;
  }

  /**
   * Channels that are cameras in use already are left out.
   * @throws AppError conflict `address_taken`, `too_many_cameras`; not_found `recorder_not_found`, `device_not_found`; forbidden `device_shared`
   */
  async enter(actor: Actor, entry: Entry): Promise<EnteredCameras> {
    const { db, recorders, broadcaster } = this.#deps;
    const { entered, areas } = await db
      .write((manager) => this.#write(actor, entry, manager))
      .catch((error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        throw new AppError('conflict', 'address_taken', 'another device has this address');
      });
    recorders.markChanged(entry.recorderId);
    for (const [areaId, ids] of areas) broadcaster.toArea(areaId, 'camera.view', 'camera.changed', ids);
    return entered;
  }

  async #write(actor: Actor, entry: Entry, manager: Transaction) {
    const { repository, recorders } = this.#deps;
    await recorders.require(entry.recorderId, manager);
    const deviceId = await this.#device(actor, entry, manager);
    const there = await repository.ofDevice(deviceId, manager);
    await this.#learn(entry, there, manager);
    const entered: EnteredCameras = { deviceId, added: [], returned: [] };
    const areas = new Map<string, string[]>();
    for (const { id, areaId } of there) areas.set(areaId, [...(areas.get(areaId) ?? []), id]);
    for (const one of entry.channels) {
      const same = there.filter((camera) => isChannel(camera, one, entry.facts));
      if (same.some(({ retiredAt }) => retiredAt === null)) continue;
      const former = same
        .filter(({ areaId }) => entry.mayReturn && areaId === entry.areaId)
        .sort((a, b) => (b.retiredAt ?? 0) - (a.retiredAt ?? 0))[0];
      if (former === undefined) {
        const id = await this.#add(actor, entry, deviceId, one, manager);
        entered.added.push(id);
        areas.set(entry.areaId, [...(areas.get(entry.areaId) ?? []), id]);
      } else {
        await this.#bringBack(actor, entry, former, one, manager);
        entered.returned.push(former.id);
      }
    }
    // The new ones count.
    if ((await repository.countOf(entry.recorderId, manager)) > maxRecorderCameras) {
      throw new AppError('conflict', 'too_many_cameras', `at most ${maxRecorderCameras} cameras a recorder`);
    }
    return { entered, areas };
  }

  async #device(actor: Actor, entry: Entry, manager: Transaction): Promise<string> {
    const { devices, repository, secretBox, clock } = this.#deps;
    const { given, facts, endpointReference } = entry;
    const { manufacturer, model, serialNumber, firmwareVersion, kind } = facts;
    const id = entry.deviceId ?? newId();
    const access =
      given === undefined
        ? {}
        : {
            ...typedFor(given.deviceAddress, facts, clock.nowMs()),
            username: given.username,
            passwordBox: secretBox.seal(given.password, passwordContext(id)),
          };
    if (entry.deviceId !== undefined) {
      if (given !== undefined) await wholeDevice(repository, actor.scope, id, manager);
      // Out of use since it was asked: it has no password any more.
      else if ((await devices.find(id, manager))?.retiredAt !== null) throw deviceNotFound();
      const reference = endpointReference === '' ? {} : { endpointReference };
      await devices.update(manager, id, { ...access, ...reference, firmwareVersion, kind, retiredAt: null });
      return id;
    }
    await devices.insert(manager, {
      ...{ id, recorderId: entry.recorderId, kind, endpointReference },
      ...{ manufacturer, model, serialNumber, firmwareVersion },
      ...{ deviceAddress: '', username: '', passwordBox: '', confirmedHost: '', confirmedBy: 'typed' },
      ...{ passwordTypedAt: 0, tlsKey: null, oldTls: false, ...access, createdAt: clock.nowMs(), retiredAt: null },
    });
    return id;
  }

  /** What the device says now of the channels that it has here already. */
  async #learn({ facts }: Entry, there: readonly CameraRow[], manager: Transaction): Promise<void> {
    for (const camera of there) {
      const learnt = learntOf(camera, channelsOf(facts));
      if (camera.retiredAt === null && Object.keys(learnt).length > 0)
        await this.#deps.repository.update(manager, camera.id, learnt);
    }
  }

  async #add(actor: Actor, entry: Entry, deviceId: string, one: EnteredChannel, manager: Transaction) {
    const { repository, health, audit, clock } = this.#deps;
    const { facts, given } = entry;
    const row: ChannelRow = {
      ...{ id: newId(), areaId: entry.areaId, recorderId: entry.recorderId, deviceId },
      ...{ name: one.name, place: one.place, lat: null, lon: null, enabled: true, retentionDays: null, audio: false },
      ...streamsOf(one),
      ...{ createdAt: clock.nowMs(), retiredAt: null },
    };
    await repository.insert(manager, row);
    await health.began(manager, row.id, row.createdAt);
    const { manufacturer, model, serialNumber } = facts;
    await audit.record(
      actor,
      {
        ...{ action: 'camera.create', subjectType: 'camera', subjectId: row.id, subjectName: row.name },
        areaId: row.areaId,
        details: {
          ...(given === undefined ? {} : { deviceAddress: given.deviceAddress }),
          ...{ manufacturer, model, serialNumber },
          ...(channelsOf(facts).length > 1 ? { channel: one.channel.number } : {}),
        },
      },
      manager,
    );
    return row.id;
  }

  async #bringBack(actor: Actor, { given }: Entry, former: CameraRow, one: EnteredChannel, manager: Transaction) {
    const { repository, health, audit, clock } = this.#deps;
    await repository.update(manager, former.id, { ...streamsOf(one), retiredAt: null });
    await health.returned(manager, former.id, clock.nowMs());
    await audit.record(
      actor,
      {
        ...{ action: 'camera.return', subjectType: 'camera', subjectId: former.id, subjectName: former.name },
        areaId: former.areaId,
        details: {
          retiredAt: instantFromMs(former.retiredAt ?? 0),
          before: { deviceAddress: former.deviceAddress },
          after: { deviceAddress: given?.deviceAddress ?? former.deviceAddress },
        },
      },
      manager,
    );
  }
}

const deviceNotFound = () => new AppError('not_found', 'device_not_found', 'no such device');

const streamsOf = ({ channel, main, sub }: EnteredChannel) => ({
  ...{ sourceToken: channel.sourceToken, channelNumber: channel.number, channelName: channel.name },
  ...{ mainStream: main, subStream: sub },
});

function isChannel(camera: CameraRow, { channel, cameraId }: EnteredChannel, facts: IdentifyResponse): boolean {
  if (cameraId !== undefined) return camera.id === cameraId;
  return channelOf(camera, channelsOf(facts))?.sourceToken === channel.sourceToken;
}
