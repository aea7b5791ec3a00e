import type { CameraAddRequest, CameraAddResponse, cameraAddResult } from '@choi-canh/shared/cameras';
import { maxRecorderCameras, type IdentifyResponse } from '@choi-canh/shared/recorder-api';
import type { z } from 'zod';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { SecretBox } from '../../lib/secret-box.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { addOutcomeOf } from './add-outcome.js';
import type { AddressSource, AttemptBudget } from './attempt-budget.js';
import type { CameraHealth, CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraRow } from './camera.entity.js';
import type { CameraReturns } from './camera-returns.js';
import type { CamerasRepository } from './cameras.repository.js';
import { passwordContext } from './cameras.service.js';
import { plainFailure } from './failed-attempt.js';
import { typedFor } from './confirmed-address.js';
import { usableDeviceAddress } from './device-address.js';
import type { FoundDevice } from './discoveries.js';

type Result = z.infer<typeof cameraAddResult>;
type Device = CameraAddRequest['devices'][number];

interface Addition {
  id: string;
  actor: Actor;
  request: CameraAddRequest;
  results: Result[];
  state: 'running' | 'done';
}
export interface CameraAdditionsDeps {
  repository: CamerasRepository;
  recorders: CameraRecorders;
  health: CameraHealth;
  audit: AuditWriter;
  returns: CameraReturns;
  broadcaster: Broadcaster;
  secretBox: SecretBox;
  clock: Clock;
  /** Which addresses cameras may have. */
  addressRules: AddressRules;
  budget: AttemptBudget;
  logger: Logger;
  device(recorderId: string, deviceAddress: string): FoundDevice | undefined;
}

const kept = 40;
const atOnce = 8;
const tellEveryMs = 300;

/**
 * Adds many devices in the background, at most eight at a time. Each is identified by its recorder first and entered
 * by itself, so that one which fails is told apart and a second try adds only what is missing.
 */
export class CameraAdditions {
  readonly #deps: CameraAdditionsDeps;
  readonly #byId = new Map<string, Addition>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: CameraAdditionsDeps) {
    this.#deps = deps;
  }

  async start(actor: Actor, request: CameraAddRequest): Promise<CameraAddResponse> {
    if (!(await this.#deps.repository.areaInScope(actor.scope, request.areaId))) {
      throw new AppError('not_found', 'area_not_found', 'no such area');
    }
    const client = this.#deps.recorders.clientOf(request.recorderId);
    const devices = request.devices.map((device) => ({
      ...device,
      deviceAddress: usableDeviceAddress(device.deviceAddress, this.#deps.addressRules),
    }));
    for (const source of ['typed', 'found'] as const) {
      const count = devices.filter(
        (device) => this.#sourceOf(request.recorderId, device.deviceAddress) === source,
      ).length;
      this.#deps.budget.take(actor.accountId, source, count);
    }
    const addition: Addition = { id: newId(), actor, request: { ...request, devices }, results: [], state: 'running' };
    this.#byId.set(addition.id, addition);
    for (const [id, old] of this.#byId) if (this.#byId.size > kept && old.state === 'done') this.#byId.delete(id);
    const running = this.#run(addition, client).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return onWire(addition);
  }

  /** @throws AppError not_found `addition_not_found`: unknown, somebody else's, or from before a restart. */
  get(actor: Actor, id: string): CameraAddResponse {
    const addition = this.#byId.get(id);
    if (addition === undefined || addition.actor.accountId !== actor.accountId) {
      throw new AppError('not_found', 'addition_not_found', 'no such addition');
    }
    return onWire(addition);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#running);
  }

  async #run(addition: Addition, client: CameraRecorder): Promise<void> {
    const waiting = [...addition.request.devices];
    let toldAtMs = -Infinity;
    const work = async () => {
      for (let device = waiting.shift(); device !== undefined && !this.#stop.signal.aborted; device = waiting.shift()) {
        addition.results.push(await this.#addOne(addition, device, client));
        const now = this.#deps.clock.monotonicMs();
        if (now - toldAtMs < tellEveryMs) continue;
        toldAtMs = now;
        this.#tell(addition);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    addition.state = 'done';
    // The password is not needed any more; it shall not stay in memory with the results.
    addition.request = { ...addition.request, password: '' };
    this.#tell(addition);
  }

  async #addOne(addition: Addition, device: Device, client: CameraRecorder): Promise<Result> {
    const { repository } = this.#deps;
    const { request, actor } = addition;
    const { deviceAddress } = device;
    try {
      const there = await this.#known(addition, device);
      if (there !== undefined) return there;
      const facts = await client.identify(
        { deviceAddress, username: request.username, password: request.password },
        this.#stop.signal,
      );
      const former = request.former === 'new' ? undefined : await this.#formerOf(addition, device, facts);
      if (former !== undefined) {
        const { username, password } = request;
        const given = { deviceAddress, username, password };
        const camera = await this.#deps.returns.enter(
          actor,
          former.id,
          given,
          facts,
          this.#referenceOf(request, device),
        );
        return { deviceAddress, outcome: 'returned', detail: '', camera };
      }
      const row = this.#rowOf(addition, device, facts);
      const added = await repository.add(row, async (manager) => {
        await this.#deps.recorders.require(row.recorderId, manager);
        // The new one counts.
        if ((await repository.countOf(row.recorderId, manager)) > maxRecorderCameras) {
          throw new AppError('conflict', 'too_many_cameras', `at most ${maxRecorderCameras} cameras a recorder`);
        }
        await this.#deps.health.began(manager, row.id, row.createdAt);
        await this.#deps.audit.record(
          actor,
          {
            action: 'camera.create',
            subjectType: 'camera',
            subjectId: row.id,
            subjectName: row.name,
            areaId: row.areaId,
            details: {
              deviceAddress,
              manufacturer: row.manufacturer,
              model: row.model,
              serialNumber: row.serialNumber,
            },
          },
          manager,
        );
      });
      if (added === undefined)
        return (await this.#known(addition, device)) ?? failed(deviceAddress, 'already_there', '');
      this.#deps.recorders.markChanged(row.recorderId, [row.id]);
      this.#deps.broadcaster.toArea(row.areaId, 'camera.view', 'camera.changed', [row.id]);
      const camera = await repository.find(actor.scope, row.id);
      return {
        deviceAddress,
        outcome: 'added',
        detail: '',
        camera: camera === undefined ? null : cameraOnWire(camera),
      };
    } catch (error) {
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
  }

  /** Whether a search of this recorder found it. */
  #sourceOf(recorderId: string, deviceAddress: string): AddressSource {
    return this.#deps.device(recorderId, deviceAddress) === undefined ? 'typed' : 'found';
  }

  async #known({ actor, request }: Addition, device: Device): Promise<Result | undefined> {
    const { repository } = this.#deps;
    const reference = this.#referenceOf(request, device);
    const known = (await repository.ofRecorder(request.recorderId)).find(
      (camera) =>
        camera.deviceAddress === device.deviceAddress || (reference !== '' && camera.endpointReference === reference),
    );
    if (known === undefined) return undefined;
    // A camera of somebody else's area is there, and more is not said of it.
    const camera = await repository.find(actor.scope, known.id);
    return {
      deviceAddress: device.deviceAddress,
      outcome: 'already_there',
      detail: '',
      camera: camera === undefined ? null : cameraOnWire(camera),
    };
  }

  #formerOf({ request }: Addition, device: Device, facts: IdentifyResponse): Promise<CameraRow | undefined> {
    const { recorderId, areaId } = request;
    const endpointReference = this.#referenceOf(request, device);
    return this.#deps.returns.formerOf(recorderId, areaId, { ...facts, ...device, endpointReference });
  }

  #rowOf({ request }: Addition, device: Device, facts: IdentifyResponse): CameraRow {
    const id = newId();
    const found = this.#deps.device(request.recorderId, device.deviceAddress);
    const model = `${facts.manufacturer} ${facts.model}`.trim();
    const host = new URL(device.deviceAddress).host;
    return {
      id,
      areaId: request.areaId,
      recorderId: request.recorderId,
      name: firstWords(120, device.name, found?.name, `${model} ${host}`),
      place: firstWords(200, device.place, found?.locationHint),
      lat: null,
      lon: null,
      ...typedFor(device.deviceAddress, facts, this.#deps.clock.nowMs()),
      endpointReference: this.#referenceOf(request, device),
      manufacturer: facts.manufacturer,
      model: facts.model,
      serialNumber: facts.serialNumber,
      firmwareVersion: facts.firmwareVersion,
      username: request.username,
      passwordBox: this.#deps.secretBox.seal(request.password, passwordContext(id)),
      enabled: true,
      retentionDays: null,
      audio: false,
      mainStream: facts.main,
      subStream: facts.sub,
      createdAt: this.#deps.clock.nowMs(),
      retiredAt: null,
    };
  }

  #referenceOf(request: CameraAddRequest, device: Device): string {
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
  return { id, state, total: request.devices.length, results: [...results] };
}

function failed(deviceAddress: string, outcome: Result['outcome'], detail: string): Result {
  return { deviceAddress, outcome, detail: detail.slice(0, 300), camera: null };
}

function firstWords(longest: number, ...candidates: (string | undefined)[]): string {
  return (candidates.map((text) => text?.trim() ?? '').find((text) => text !== '') ?? '').slice(0, longest);
}
