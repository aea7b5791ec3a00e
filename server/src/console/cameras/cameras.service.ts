import { createHash } from 'node:crypto';
import type {
  CameraHistoryResponse,
  CameraPatchRequest,
  cameraResponse,
  CameraResponse,
  CameraRetryResponse,
  CameraRuntimeResponse,
} from '@choi-canh/shared/cameras';
import type { DesiredCamera, KnownCamera } from '@choi-canh/shared/recorder-api';
import type { DeviceEventsResponse } from '@choi-canh/shared/device-events';
import type { Actor, AreaScope, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import { openIfReadable, type SecretBox } from '../../lib/secret-box.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { ReadyList } from '../../platform/http/list-answer.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CameraHealth, CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraRow, ChannelRow, DeviceFacts } from './camera.entity.js';
import type { CamerasRepository, CameraWithRetention, CameraWithState } from './cameras.repository.js';
import { ListedCameras } from './listed-cameras.js';
import type { ListedCamerasRepository } from './listed-cameras.repository.js';
import { adoptedDevice } from './adopted-device.js';
import { passwordContext } from './device-password.js';
import type { DevicesRepository } from './devices.repository.js';
import { withoutAccount } from './hidden-accounts.js';
import { wholeDevice } from './whole-device.js';

/** What can be changed of a camera in use only. */
const ofCamerasInUse = ['enabled', 'audio', 'username', 'password'] as const;
const longestHistoryMs = 400 * 86_400_000;

export interface CamerasServiceDeps {
  db: Database;
  repository: CamerasRepository;
  listed: ListedCamerasRepository;
  devices: DevicesRepository;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
  secretBox: SecretBox;
  health: CameraHealth;
  recorders: CameraRecorders;
}

/** Cameras as people manage them; their passwords leave only towards their recorder. */
export class CamerasService {
  readonly #deps: CamerasServiceDeps;

  readonly #listed: ListedCameras;

  constructor(deps: CamerasServiceDeps) {
    this.#deps = deps;
    this.#listed = new ListedCameras({
      repository: deps.listed,
      unheardSince: (recorderId) => deps.recorders.unheardSince(recorderId),
      onWire: (camera) => this.#onWire(camera),
    });
  }

  /** Reads the list ahead of the first who asks for it. */
  warm(): Promise<void> {
    return this.#listed.refresh();
  }

  /** Cameras in use, or those out of use. */
  list(
    scope: AreaScope,
    asked: { areaId?: string | undefined; retired?: boolean } = {},
  ): Promise<ReadyList<typeof cameraResponse>> {
    return this.#listed.list(scope, asked);
  }

  /** Also a camera out of use. */
  async get(scope: AreaScope, id: string): Promise<CameraResponse> {
    return this.#onWire(await this.requireEver(scope, id));
  }

  #onWire(camera: CameraWithState): CameraResponse {
    const isWaiting = ['connecting', 'wrong_password'].includes(camera.now.reason) && camera.row.enabled;
    return cameraOnWire(camera, this.#deps.recorders.unheardSince(camera.row.recorderId), {
      passwordUnreadable: isWaiting && this.#isUnreadable(camera.row),
    });
  }

  /** How many cameras in use have a password that does not open with the key of this installation. */
  async unreadablePasswords(): Promise<number> {
    const devices = (await this.#deps.repository.passwords()).filter((row) => this.#isUnreadable(row));
    return devices.reduce((sum, { cameras }) => sum + cameras, 0);
  }

  #isUnreadable({ deviceId, passwordBox }: Pick<CameraRow, 'deviceId' | 'passwordBox'>): boolean {
    if (passwordBox === '') return false;
    return openIfReadable(this.#deps.secretBox, passwordBox, passwordContext(deviceId)) === undefined;
  }

  /** A camera in use. @throws AppError not_found `camera_not_found`, also where it lies outside the scope. */
  async require(scope: AreaScope, id: string): Promise<CameraWithState> {
    const found = await this.#deps.repository.find(scope, id);
    if (found === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
    return found;
  }

  /** Also a camera out of use. @throws AppError not_found `camera_not_found`. */
  async requireEver(scope: AreaScope, id: string): Promise<CameraWithState> {
    const found = await this.#deps.repository.findEver(scope, id);
    if (found === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
    return found;
  }

  idsInScope(scope: AreaScope, ids: readonly string[]): Promise<Set<string>> {
    return this.#deps.repository.idsInScope(scope, ids);
  }

  /** Recorder of each of these cameras that lies in the scope. */
  recordersOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    return this.#deps.repository.recordersOf(scope, ids);
  }

  /** Names of those of the ids that are, or were, cameras of the scope. */
  namesOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    return this.#deps.repository.namesOf(scope, ids);
  }

  /** What its recorder says of it now. */
  async runtime(scope: AreaScope, id: string): Promise<CameraRuntimeResponse> {
    const { row } = await this.require(scope, id);
    return this.#deps.recorders.runtimeOf(row.recorderId, id);
  }

  /** Has its recorder try a camera at once that is down; one that was tried just before is not tried again. */
  async retry(actor: Actor, id: string, signal?: AbortSignal): Promise<CameraRetryResponse> {
    const { row } = await this.require(actor.scope, id);
    const answer = await this.#deps.recorders.clientOf(row.recorderId).retryCamera(id, signal);
    if (answer.tried) {
      await this.#deps.audit.record(actor, {
        action: 'camera.retry',
        subjectType: 'camera',
        subjectId: id,
        subjectName: row.name,
        areaId: row.areaId,
      });
    }
    return answer;
  }

  async history(scope: AreaScope, id: string, fromMs: number, toMs: number): Promise<CameraHistoryResponse> {
    await this.requireEver(scope, id);
    if (!(fromMs < toMs) || toMs - fromMs > longestHistoryMs) {
      throw new AppError('invalid', 'bad_range', 'from must be before to, at most 400 days');
    }
    return this.#deps.health.history(id, fromMs, toMs);
  }

  /** Events that its device reported, which its recorder keeps. @throws AppError unavailable where the recorder is away */
  async deviceEvents(
    scope: AreaScope,
    id: string,
    range: { from: string; to: string },
    signal?: AbortSignal,
  ): Promise<DeviceEventsResponse> {
    const { row } = await this.requireEver(scope, id);
    try {
      return await this.#deps.recorders.clientOf(row.recorderId).deviceEvents(id, range.from, range.to, signal);
    } catch (error) {
      // A recorder from before it kept them.
      if (isAppError(error) && error.kind === 'not_found') return { cameraId: id, items: [], more: false };
      throw error;
    }
  }

  async patch(actor: Actor, id: string, patch: CameraPatchRequest): Promise<CameraResponse> {
    const { db, repository, devices, audit, broadcaster, recorders } = this.#deps;
    const tlsKey = patch.password === undefined ? undefined : await this.#shownKey(actor.scope, id);
    const { before, changes, others } = await db.write(async (manager) => {
      const found = await repository.findEver(actor.scope, id, manager);
      if (found === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
      const before = found.row;
      if (before.retiredAt !== null && ofCamerasInUse.some((key) => patch[key] !== undefined)) {
        throw new AppError('conflict', 'camera_retired', 'this camera is out of use');
      }
      if (patch.areaId !== undefined && !(await repository.areaInScope(actor.scope, patch.areaId, manager))) {
        throw new AppError('not_found', 'area_not_found', 'no such area');
      }
      const { own, device } = this.#changesOf(before, patch);
      if (tlsKey !== undefined && tlsKey !== before.tlsKey) device.tlsKey = tlsKey;
      const changes: Partial<CameraRow> = { ...own, ...device };
      if (Object.keys(changes).length === 0) return { before, changes, others: [] };
      if (Object.keys(own).length > 0) await repository.update(manager, id, own);
      let others: CameraRow[] = [];
      if (Object.keys(device).length > 0) {
        others = (await wholeDevice(repository, actor.scope, before.deviceId, manager)).filter(isInUse);
        await devices.update(manager, before.deviceId, device);
        if (patch.password !== undefined) await this.#hideTyped(before, patch, manager);
      }
      const words = (row: Partial<CameraRow>) =>
        Object.fromEntries(
          Object.keys(changes)
            .filter((key) => key !== 'confirmedBy' && key !== 'passwordTypedAt' && key !== 'tlsKey')
            .map((key) =>
              key === 'passwordBox' ? ['password', '(changed)'] : [key, row[key as keyof CameraRow] ?? null],
            ),
        );
      await audit.record(
        actor,
        {
          action: 'camera.update',
          subjectType: 'camera',
          subjectId: id,
          subjectName: changes.name ?? before.name,
          areaId: changes.areaId ?? before.areaId,
          details: { before: words(before), after: words({ ...before, ...changes }) },
        },
        manager,
      );
      return { before, changes, others };
    });
    if (Object.keys(changes).length > 0) {
      recorders.markChanged(before.recorderId, [id, ...others.map((other) => other.id)]);
      for (const areaId of new Set([before.areaId, changes.areaId ?? before.areaId])) {
        broadcaster.toArea(areaId, 'camera.view', 'camera.changed', [id]);
      }
      for (const other of others) {
        if (other.id !== id) broadcaster.toArea(other.areaId, 'camera.view', 'camera.changed', [other.id]);
      }
    }
    return this.get(actor.scope, id);
  }

  /**
   * Takes a camera out of use: it is not recorded any more, and keeps its id and its past. With the last camera of a device
   * the device goes out of use, and its password is dropped.
   */
  async retire(actor: Actor, id: string, reason: string): Promise<CameraResponse> {
    const { db, repository, devices, audit, broadcaster, recorders, health, clock } = this.#deps;
    const row = await db.write(async (manager) => {
      const found = await repository.find(actor.scope, id, manager);
      if (found === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
      const now = clock.nowMs();
      await health.retired(manager, id, now);
      await repository.update(manager, id, { retiredAt: now });
      const { deviceId } = found.row;
      if (!(await repository.ofDevice(deviceId, manager)).some(isInUse))
        await devices.update(manager, deviceId, { retiredAt: now, passwordBox: '' });
      await audit.record(
        actor,
        {
          action: 'camera.retire',
          subjectType: 'camera',
          subjectId: id,
          subjectName: found.row.name,
          areaId: found.row.areaId,
          purpose: reason,
          details: { before: cameraOnWire(found) },
        },
        manager,
      );
      return found.row;
    });
    recorders.markChanged(row.recorderId, [id]);
    broadcaster.toArea(row.areaId, 'camera.view', 'camera.changed', [id]);
    return this.get(actor.scope, id);
  }

  /** How many cameras a recorder has. */
  countOf(recorderId: string, manager?: Transaction): Promise<number> {
    return this.#deps.repository.countOf(recorderId, manager);
  }

  /** These cameras as their recorder shall record them; those whose streams are not known yet are left out. */
  async desired(recorderId: string, ids: readonly string[]): Promise<DesiredCamera[]> {
    const cameras = await this.#deps.repository.desiredOf(recorderId, { ids });
    return cameras.flatMap((camera) => {
      const { row } = camera;
      const known = desiredFacts(camera);
      if (known === undefined) return [];
      // One that was taken over with its recorder has its password there only, and so has one whose key was lost here.
      const password =
        row.passwordBox === ''
          ? null
          : (openIfReadable(this.#deps.secretBox, row.passwordBox, passwordContext(row.deviceId)) ?? null);
      return [{ ...known, password, mark: markOf(camera) ?? '' }];
    });
  }

  /** Marks of what a recorder shall record behind the id `after`, by id. They do not tell what is in them. */
  async desiredMarks(recorderId: string, after: string, limit: number): Promise<{ id: string; mark: string }[]> {
    const cameras = await this.#deps.repository.desiredOf(recorderId, { after, limit });
    return cameras.flatMap((camera) => {
      const mark = markOf(camera);
      return mark === undefined ? [] : [{ id: camera.row.id, mark }];
    });
  }

  /**
   * Takes in cameras that a recorder knows and this database does not, with their ids: what they recorded is found by
   * these. Their passwords stay on the recorder. @throws AppError not_found `area_not_found`
   */
  async adopt(
    recorderId: string,
    areaId: string,
    known: readonly KnownCamera[],
    manager: Transaction,
  ): Promise<{ adopted: string[]; skipped: number }> {
    const { repository, devices, health, clock } = this.#deps;
    if (!(await repository.areaInScope({ areaId: null, path: null }, areaId, manager))) {
      throw new AppError('not_found', 'area_not_found', 'no such area');
    }
    const inUse = await devices.inUse(recorderId, manager);
    const taken = new Set(inUse.map(({ deviceAddress }) => deviceAddress));
    const here = await repository.knownIds(
      known.map(({ id }) => id),
      manager,
    );
    /** Devices that come with this, by the id that the recorder has for them. */
    const made = new Map<string, string>();
    const adopted: string[] = [];
    for (const camera of known) {
      const given = camera.deviceId ?? camera.id;
      const isNew = !made.has(given);
      if (here.has(camera.id) || (isNew && taken.has(camera.deviceAddress))) continue;
      const now = clock.nowMs();
      if (isNew) {
        const isFree = (await devices.find(given, manager)) === null;
        const device = adoptedDevice(camera, isFree ? given : newId(), recorderId, now);
        await devices.insert(manager, device);
        made.set(given, device.id);
        taken.add(camera.deviceAddress);
      }
      await repository.insert(manager, adoptedRow(camera, made.get(given) ?? given, recorderId, areaId, now));
      await health.began(manager, camera.id, now);
      adopted.push(camera.id);
    }
    return { adopted, skipped: known.length - adopted.length };
  }

  /** Cameras out of use whose footage a recorder may still have, with the days that it is kept. */
  kept(recorderId: string): Promise<{ id: string; retentionDays: number }[]> {
    return this.#deps.repository.keptOf(recorderId);
  }

  /** An area keeps footage for another time now, or moved to below one that does. */
  async areaRetentionChanged(areaId: string): Promise<void> {
    const { repository, broadcaster } = this.#deps;
    for (const [own, ids] of await repository.idsWithin(areaId)) {
      broadcaster.toArea(own, 'camera.view', 'camera.changed', ids);
    }
  }

  /**
   * The key that a camera shows now over https: whoever types its password again says that it is the right one. Undefined
   * where it shows none: the one that is pinned stays.
   */
  async #shownKey(scope: AreaScope, id: string): Promise<string | undefined> {
    const { repository, recorders } = this.#deps;
    const row = (await repository.find(scope, id))?.row;
    if (row?.deviceAddress.startsWith('https:') !== true) return undefined;
    try {
      return (await recorders.clientOf(row.recorderId).tlsKey(row.deviceAddress)) ?? undefined;
    } catch {
      return undefined; // the recorder is away
    }
  }

  /** The typed account leaves the addresses that hold it. */
  async #hideTyped(before: CameraRow, patch: CameraPatchRequest, manager: Transaction): Promise<void> {
    const { repository } = this.#deps;
    const account = { username: patch.username ?? before.username, password: patch.password ?? '' };
    for (const camera of await repository.ofDevice(before.deviceId, manager)) {
      const hidden = withoutAccount(camera, account);
      if (Object.keys(hidden).length > 0) await repository.update(manager, camera.id, hidden);
    }
  }

  /** What of it is the camera's own, and what is its device's: one account for all its channels. */
  #changesOf(before: CameraRow, patch: CameraPatchRequest): { own: Partial<ChannelRow>; device: Partial<DeviceFacts> } {
    const { location, password, username, ...plain } = patch;
    const own: Partial<ChannelRow> = {};
    const device: Partial<DeviceFacts> = {};
    for (const [key, value] of Object.entries(plain)) {
      if (value !== undefined && value !== before[key as keyof CameraRow]) Object.assign(own, { [key]: value });
    }
    if (location !== undefined) {
      const [lat, lon] = [location?.lat ?? null, location?.lon ?? null];
      if (lat !== before.lat || lon !== before.lon) Object.assign(own, { lat, lon });
    }
    if (username !== undefined && username !== before.username) device.username = username;
    if (password !== undefined) {
      device.passwordBox = this.#deps.secretBox.seal(password, passwordContext(before.deviceId));
      // Typed for the device where it is now.
      Object.assign(device, { confirmedBy: 'typed', passwordTypedAt: this.#deps.clock.nowMs() });
    }
    return { own, device };
  }
}

function desiredFacts({ row, retention }: CameraWithRetention): Omit<DesiredCamera, 'password' | 'mark'> | undefined {
  if (row.mainStream === null) return undefined;
  return {
    id: row.id,
    name: row.name,
    deviceId: row.deviceId,
    sourceToken: row.sourceToken,
    deviceAddress: row.deviceAddress,
    username: row.username,
    enabled: row.enabled,
    retentionDays: retention.days,
    mainProfileToken: row.mainStream.profileToken,
    subProfileToken: row.subStream?.profileToken ?? null,
    audio: row.audio,
    confirmedHosts: row.confirmedHost === '' ? [] : [row.confirmedHost],
    // A host that was only recognised gets the password as a digest, never in clear.
    plainPassword: row.confirmedBy === 'before' || row.confirmedBy === 'typed',
    passwordTypedAt: row.passwordTypedAt,
    // The key that it showed when it was added: another one gets no password.
    tlsKey: row.tlsKey,
    ...(row.mainStream.url === undefined ? {} : { mainUrl: row.mainStream.url, subUrl: row.subStream?.url ?? null }),
  };
}

/** Of everything that travels; of the password its sealed form, which is another one whenever it was given anew. */
function markOf(camera: CameraWithRetention): string | undefined {
  const facts = desiredFacts(camera);
  if (facts === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([Object.values(facts), camera.row.passwordBox]))
    .digest('base64url')
    .slice(0, 22);
}

/** What the recorder does not know is empty, and filled when the camera is looked at again. */
function adoptedRow(
  known: KnownCamera,
  deviceId: string,
  recorderId: string,
  areaId: string,
  createdAt: number,
): ChannelRow {
  const { id, name, enabled, retentionDays, audio, sourceToken = '', subUrl = null } = known;
  const stream = (profileToken: string, url?: string | null) => ({
    ...{ profileToken, codec: '', width: 0, height: 0, frameRate: null, bitrateKbps: null },
    ...(url === undefined || url === null ? {} : { url }),
  });
  return {
    ...{ id, areaId, recorderId, deviceId, name, enabled, retentionDays, audio, createdAt },
    ...{ place: '', lat: null, lon: null, sourceToken, channelNumber: 1, channelName: '', retiredAt: null },
    mainStream: stream(known.mainProfileToken, known.mainUrl),
    subStream: known.subProfileToken === null && subUrl === null ? null : stream(known.subProfileToken ?? '', subUrl),
  };
}

const isInUse = ({ retiredAt }: CameraRow): boolean => retiredAt === null;
