import type { CameraAddRequest, CameraAddResponse, cameraAddResult } from '@choi-canh/shared/cameras';
import type { IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { z } from 'zod';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { addOutcomeOf } from './add-outcome.js';
import type { AddressSource, AttemptBudget } from './attempt-budget.js';
import type { CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraReturns } from './camera-returns.js';
import type { CameraRow } from './camera.entity.js';
import type { CamerasRepository } from './cameras.repository.js';
import type { ChannelEntry } from './channel-entry.js';
import { channelsOf, chosenChannels, offerOf, type EnteredChannel } from './device-channels.js';
import { usableDeviceAddress } from './device-address.js';
import type { FoundDevice } from './discoveries.js';
import { plainFailure } from './failed-attempt.js';
import { OfferedPasswords } from './offered-passwords.js';
import { knownDevice } from './same-device.js';

type Result = z.infer<typeof cameraAddResult>;
type Device = CameraAddRequest['devices'][number];

interface Addition {
  id: string;
  actor: Actor;
  request: Omit<CameraAddRequest, 'password' | 'passwordOf'>;
  /** Dropped when it is done. */
  password: string;
  results: Result[];
  state: 'running' | 'done';
}
export interface CameraAdditionsDeps {
  repository: CamerasRepository;
  recorders: CameraRecorders;
  audit: AuditWriter;
  returns: CameraReturns;
  entry: ChannelEntry;
  broadcaster: Broadcaster;
  clock: Clock;
  /** Which addresses cameras may have. */
  addressRules: AddressRules;
  budget: AttemptBudget;
  logger: Logger;
  device(recorderId: string, deviceAddress: string): FoundDevice | undefined;
  /** Whether devices at several addresses answered a search with this endpoint reference: it tells none of them apart. */
  isShared(recorderId: string, endpointReference: string): boolean;
}

const kept = 40;
const atOnce = 8;
const tellEveryMs = 300;

/**
 * Adds many devices in the background, at most eight at a time. Each is identified by its recorder first and entered
 * by itself, so that one which fails is told apart and a second try adds only what is missing. Of a device with several
 * channels people choose first.
 */
export class CameraAdditions {
  readonly #deps: CameraAdditionsDeps;
  readonly #byId = new Map<string, Addition>();
  readonly #passwords: OfferedPasswords;
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: CameraAdditionsDeps) {
    this.#deps = deps;
    this.#passwords = new OfferedPasswords(deps.clock);
  }

  async start(actor: Actor, given: CameraAddRequest): Promise<CameraAddResponse> {
    const { password: typed, passwordOf, ...request } = given;
    if (!(await this.#deps.repository.areaInScope(actor.scope, request.areaId))) {
      throw new AppError('not_found', 'area_not_found', 'no such area');
    }
    const client = this.#deps.recorders.clientOf(request.recorderId);
    const devices = request.devices.map((device) => ({
      ...device,
      deviceAddress: usableDeviceAddress(device.deviceAddress, this.#deps.addressRules),
    }));
    const addresses = devices.map(({ deviceAddress }) => deviceAddress);
    const { recorderId, username } = request;
    const password = typed ?? this.#passwords.of(actor, passwordOf ?? '', { recorderId, username, addresses });
    for (const source of ['typed', 'found'] as const) {
      const count = addresses.filter((address) => this.#sourceOf(recorderId, address) === source).length;
      this.#deps.budget.take(actor.accountId, source, count);
    }
    const addition: Addition = {
      ...{ id: newId(), actor, request: { ...request, devices }, password, results: [], state: 'running' },
    };
    this.#byId.set(addition.id, addition);
    for (const [id, old] of this.#byId) if (this.#byId.size > kept && old.state === 'done') this.#byId.delete(id);
    const running = this.#run(addition, client).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return onWire(addition);
  }

  /** @throws AppError not_found `addition_not_found`: unknown, somebody else's, or from before a restart. */
  get(actor: Actor, id: string): CameraAddResponse {
    return onWire(this.#require(actor, id));
  }

  /**
   * A picture of a channel that is offered, made by the device.
   * @throws AppError not_found `addition_not_found`, `channel_not_found`; precondition `password_forgotten`; what the device says
   */
  async picture(
    actor: Actor,
    id: string,
    { deviceAddress, sourceToken }: { deviceAddress: string; sourceToken: string },
    signal: AbortSignal,
  ): Promise<Buffer> {
    const { request, results } = this.#require(actor, id);
    const offer = results.find((one) => one.deviceAddress === deviceAddress)?.offer;
    const main = offer?.channels.find((one) => one.sourceToken === sourceToken)?.main;
    if (main === undefined || main === null)
      throw new AppError('not_found', 'channel_not_found', 'no such channel is offered');
    const { recorderId, username } = request;
    const password = this.#passwords.of(actor, id, { recorderId, username, addresses: [deviceAddress] });
    const client = this.#deps.recorders.clientOf(recorderId);
    return client.snapshot({ deviceAddress, username, password }, main.profileToken, signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    this.#passwords.clear();
    await Promise.all(this.#running);
  }

  #require(actor: Actor, id: string): Addition {
    const addition = this.#byId.get(id);
    if (addition === undefined || addition.actor.accountId !== actor.accountId) {
      throw new AppError('not_found', 'addition_not_found', 'no such addition');
    }
    return addition;
  }

  async #run(addition: Addition, client: CameraRecorder): Promise<void> {
    const waiting = [...addition.request.devices];
    let toldAtMs = -Infinity;
    const work = async () => {
      for (let device = waiting.shift(); device !== undefined && !this.#stop.signal.aborted; device = waiting.shift()) {
        const { deviceAddress } = device;
        const added = this.#addOne(addition, device, client);
        addition.results.push(await added.catch((error: unknown) => this.#broken(deviceAddress, error)));
        const now = this.#deps.clock.monotonicMs();
        if (now - toldAtMs < tellEveryMs) continue;
        toldAtMs = now;
        this.#tell(addition);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const { id, actor, request, password, results } = addition;
    const addresses = results.filter(({ offer }) => offer !== null).map(({ deviceAddress }) => deviceAddress);
    const { recorderId, username } = request;
    if (addresses.length > 0) this.#passwords.keep(actor, id, { recorderId, username, addresses, password });
    // It is not needed any more; it shall not stay in memory with the results.
    addition.password = '';
    addition.state = 'done';
    this.#tell(addition);
  }

  async #addOne(addition: Addition, device: Device, client: CameraRecorder): Promise<Result> {
    const { request, actor, password } = addition;
    const { deviceAddress } = device;
    const { username, recorderId, areaId } = request;
    try {
      const there = await this.#known(addition, device);
      if (there !== undefined) return there;
      const facts = await client.identify(
        { deviceAddress, username, password, plainPassword: true },
        this.#stop.signal,
      );
      // Its reference did not tell it from others; its serial number may.
      const isShared = this.#deps.isShared(recorderId, this.#referenceOf(request, device));
      const same = isShared ? await this.#known(addition, device, facts) : undefined;
      if (same !== undefined) return same;
      const channels = this.#channelsFor(request, device, facts);
      if (channels === undefined) {
        const offer = offerOf(deviceAddress, facts, [], () => false);
        await this.#deps.audit.record(actor, {
          ...{ action: 'camera.channels', subjectType: 'recorder', subjectId: recorderId, subjectName: '', areaId },
          details: { deviceAddress, channels: offer.channels.length },
        });
        return { ...failed(deviceAddress, 'choose_channels', ''), offer };
      }
      const mayReturn = request.former !== 'new';
      const former = mayReturn ? await this.#formerOf(addition, device, facts) : undefined;
      const entered = await this.#deps.entry.enter(actor, {
        ...{ recorderId, areaId, facts, channels, mayReturn, deviceId: former?.deviceId },
        ...{ endpointReference: this.#referenceOf(request, device), given: { deviceAddress, username, password } },
      });
      const ids = [...entered.returned, ...entered.added];
      const camera = await this.#shown(actor, ids[0] ?? '');
      const outcome = entered.added.length > 0 ? 'added' : 'returned';
      const { deviceId } = entered;
      return { deviceAddress, outcome, detail: '', camera, deviceId, cameras: ids.length, offer: null };
    } catch (error) {
      if (isAppError(error) && error.code === 'address_taken')
        return (await this.#known(addition, device)) ?? failed(deviceAddress, 'already_there', '');
      return this.#failedAt(addition, deviceAddress, error);
    }
  }

  /** Not even that it failed could be kept: the database is away. The others are tried all the same. */
  #broken(deviceAddress: string, error: unknown): Result {
    this.#deps.logger.error(
      { err: errorMessage(error), deviceAddress },
      'a camera could not be added, nor that be recorded',
    );
    return failed(deviceAddress, 'bad_answer', 'internal error');
  }

  async #failedAt({ actor, request }: Addition, deviceAddress: string, error: unknown): Promise<Result> {
    const outcome = addOutcomeOf(error);
    if (outcome === undefined) {
      this.#deps.logger.error({ err: errorMessage(error), deviceAddress }, 'a camera could not be added');
    }
    await this.#deps.audit.record(actor, {
      action: 'camera.add_failed',
      subjectType: 'recorder',
      subjectId: request.recorderId,
      subjectName: '',
      areaId: request.areaId,
      details: { deviceAddress, outcome: outcome ?? 'internal' },
    });
    // Of an address that was typed is said what a technician needs, and not what a scanner wants to know.
    const isFound = this.#sourceOf(request.recorderId, deviceAddress) === 'found';
    const detail = errorMessage(isFound ? error : plainFailure(error));
    return failed(deviceAddress, outcome ?? 'bad_answer', outcome === undefined ? 'internal error' : detail);
  }

  /** What a person chose; of a device with one channel that one; undefined: there is a choice to make. */
  #channelsFor(request: Addition['request'], device: Device, facts: IdentifyResponse): EnteredChannel[] | undefined {
    const channels = channelsOf(facts);
    const [only, ...more] = channels;
    if (device.channels === undefined && more.length > 0) return undefined;
    const found = this.#deps.device(request.recorderId, device.deviceAddress);
    const model = `${facts.manufacturer} ${facts.model}`.trim();
    const name = firstWords(120, device.name, found?.name, `${model} ${new URL(device.deviceAddress).host}`);
    const place = firstWords(200, device.place, found?.locationHint);
    const chosen = device.channels ?? [{ sourceToken: only?.sourceToken ?? '', name, place }];
    return chosenChannels(chosen, channels).map((one) => ({
      ...one,
      name: firstWords(120, one.name, one.channel.name, `${name.slice(0, 110)} ${one.channel.number}`),
      place: firstWords(200, one.place, place),
    }));
  }

  /** Whether a search of this recorder found it. */
  #sourceOf(recorderId: string, deviceAddress: string): AddressSource {
    return this.#deps.device(recorderId, deviceAddress) === undefined ? 'typed' : 'found';
  }

  /** With `facts` also by what the device says of itself, where its reference is that of several. */
  async #known({ actor, request }: Addition, device: Device, facts?: IdentifyResponse): Promise<Result | undefined> {
    const { repository } = this.#deps;
    const endpointReference = this.#referenceOf(request, device);
    const cameras = await repository.ofRecorder(request.recorderId);
    const isShared = this.#deps.isShared(request.recorderId, endpointReference);
    const { deviceAddress } = device;
    const known = knownDevice(
      { deviceAddress, endpointReference, serialNumber: facts?.serialNumber ?? '' },
      cameras,
      isShared,
    );
    if (known === undefined) return undefined;
    const own = cameras.filter(({ deviceId }) => deviceId === known.deviceId).map(({ id }) => id);
    const visible = await repository.idsInScope(actor.scope, own);
    // A camera of somebody else's area is there, and more is not said of it.
    const camera = await this.#shown(actor, own.find((id) => visible.has(id)) ?? '');
    const deviceId = camera === null ? null : known.deviceId;
    return { deviceAddress, outcome: 'already_there', detail: '', camera, deviceId, cameras: 0, offer: null };
  }

  async #shown(actor: Actor, cameraId: string): Promise<Result['camera']> {
    const camera = cameraId === '' ? undefined : await this.#deps.repository.find(actor.scope, cameraId);
    return camera === undefined ? null : cameraOnWire(camera);
  }

  #formerOf({ request }: Addition, device: Device, facts: IdentifyResponse): Promise<CameraRow | undefined> {
    const { recorderId, areaId } = request;
    const endpointReference = this.#referenceOf(request, device);
    return this.#deps.returns.formerOf(recorderId, areaId, { ...facts, ...device, endpointReference });
  }

  #referenceOf(request: Addition['request'], device: Device): string {
    return device.endpointReference !== ''
      ? device.endpointReference
      : (this.#deps.device(request.recorderId, device.deviceAddress)?.endpointReference ?? '');
  }

  #tell(addition: Addition): void {
    this.#deps.broadcaster.toAccount(addition.actor.accountId, 'camera.add', onWire(addition));
  }
}

function onWire(addition: Addition): CameraAddResponse {
  const { id, state, request, results } = addition;
  const { areaId, username, devices } = request;
  return { id, state, areaId, username, total: devices.length, results: [...results] };
}

function failed(deviceAddress: string, outcome: Result['outcome'], detail: string): Result {
  return {
    ...{ deviceAddress, outcome, detail: detail.slice(0, 300) },
    ...{ camera: null, deviceId: null, cameras: 0, offer: null },
  };
}

function firstWords(longest: number, ...candidates: (string | undefined)[]): string {
  return (candidates.map((text) => text?.trim() ?? '').find((text) => text !== '') ?? '').slice(0, longest);
}
