import type { StreamFacts } from '@choi-canh/shared/cameras';
import type { CameraReason } from '@choi-canh/shared/health';
import type { IdentifyResponse, StreamProbeResponse } from '@choi-canh/shared/recorder-api';
import { rtspTemplate } from '@choi-canh/shared/rtsp-templates';
import {
  urlsOf,
  type RtspAddRequest,
  type RtspAddResponse,
  type RtspAddResult,
  type RtspDevice,
  type RtspProbeResponse,
} from '@choi-canh/shared/rtsp-cameras';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import { rtspSourceToken } from '../../lib/rtsp-source-token.js';
import type { AttemptBudget } from './attempt-budget.js';
import type { CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import { cameraOnWire } from './camera-response.js';
import type { CameraReturns } from './camera-returns.js';
import type { CamerasRepository } from './cameras.repository.js';
import type { ChannelEntry, EnteredCameras } from './channel-entry.js';
import type { DevicesRepository } from './devices.repository.js';
import { hiddenDevice } from './hidden-accounts.js';
import { otherPassword, otherPasswordDetail, rtspDeviceAddress, type RtspProbes } from './rtsp-probes.js';

type Wanted = RtspAddRequest['cameras'][number];

interface Addition {
  id: string;
  actor: Actor;
  recorderId: string;
  areaId: string;
  total: number;
  results: RtspAddResult[];
  state: 'running' | 'done';
}
export interface RtspAdditionsDeps {
  repository: CamerasRepository;
  devices: Pick<DevicesRepository, 'atAddress'>;
  returns: Pick<CameraReturns, 'formerOf'>;
  recorders: CameraRecorders;
  audit: AuditWriter;
  entry: ChannelEntry;
  probes: RtspProbes;
  budget: AttemptBudget;
  logger: Logger;
}

const kept = 40;
/** Hosts that are tried at a time; the recorder tries eight streams. */
const atOnce = 4;

/**
 * Adds cameras without ONVIF in the background: each is tried by its recorder and entered by itself. Cameras of one host
 * with one account are tried one after the other, and no more once the password was wrong.
 */
export class RtspAdditions {
  readonly #deps: RtspAdditionsDeps;
  readonly #byId = new Map<string, Addition>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: RtspAdditionsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError not_found `area_not_found`, `recorder_not_found`; invalid `address_not_allowed`; too_many */
  async start(actor: Actor, request: RtspAddRequest): Promise<RtspAddResponse> {
    const { repository, recorders, probes, budget } = this.#deps;
    const { recorderId, areaId, cameras } = request;
    if (!(await repository.areaInScope(actor.scope, areaId))) {
      throw new AppError('not_found', 'area_not_found', 'no such area');
    }
    const client = recorders.clientOf(recorderId);
    for (const { device } of cameras) probes.check(device);
    const groups = new Map<string, { index: number; wanted: Wanted }[]>();
    for (const [index, wanted] of cameras.entries()) {
      const key = JSON.stringify([addressOf(wanted.device), wanted.username, wanted.password]);
      groups.set(key, [...(groups.get(key) ?? []), { index, wanted }]);
    }
    // A recorder with its channels is one address.
    budget.take(actor.accountId, 'typed', groups.size);
    const addition: Addition = {
      ...{ id: newId(), actor, recorderId, areaId, total: cameras.length, results: [], state: 'running' },
    };
    this.#byId.set(addition.id, addition);
    for (const [id, old] of this.#byId) if (this.#byId.size > kept && old.state === 'done') this.#byId.delete(id);
    const running = this.#run(addition, client, [...groups.values()]).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return onWire(addition);
  }

  /** @throws AppError not_found `addition_not_found`: unknown, somebody else's, or from before a restart. */
  get(actor: Actor, id: string): RtspAddResponse {
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

  async #run(addition: Addition, client: CameraRecorder, groups: { index: number; wanted: Wanted }[][]): Promise<void> {
    const work = async () => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        let refused: RtspAddResult | undefined;
        for (const { index, wanted } of group) {
          if (this.#stop.signal.aborted) return;
          const result: RtspAddResult =
            refused === undefined
              ? await this.#addOne(addition, index, wanted, client).catch((error: unknown) =>
                  this.#broken(index, error),
                )
              : { ...refused, index, tried: null };
          const isRefusal = result.reason === 'wrong_password' || result.reason === 'account_locked';
          if (isRefusal && !isUntried(result)) refused = result;
          addition.results.push(result);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    addition.state = 'done';
  }

  async #addOne(addition: Addition, index: number, wanted: Wanted, client: CameraRecorder): Promise<RtspAddResult> {
    const { actor } = addition;
    const { username, password } = wanted;
    let tried: RtspProbeResponse | null = null;
    try {
      const hidden = hiddenDevice(wanted.device, { username, password });
      if (hidden.hasOtherPassword) {
        tried = otherPassword(wanted.device);
        return await this.#failed(addition, index, tried.main.reason, tried.main.detail, tried);
      }
      wanted = { ...wanted, device: hidden.device };
      const there = await this.#known(addition, index, wanted);
      if (there !== undefined) return there;
      tried = await this.#deps.probes.probe(client, wanted.device, { username, password }, this.#stop.signal);
      if (tried.main.reason !== 'ok')
        return await this.#failed(addition, index, tried.main.reason, tried.main.detail, tried);
      const enter = this.#enter.bind(this, addition, wanted, tried);
      const entered = await enter().catch((error: unknown) => {
        // Somebody entered the device just now: this is a channel of it.
        if (isAppError(error) && error.code === 'address_taken') return enter();
        throw error;
      });
      const id = entered.added[0] ?? entered.returned[0];
      const camera = id === undefined ? undefined : await this.#deps.repository.find(actor.scope, id);
      const isBack = entered.added.length === 0 && entered.returned.length > 0;
      const outcome = id === undefined ? 'already_there' : isBack ? 'returned' : 'added';
      return {
        index,
        outcome,
        reason: 'ok',
        detail: '',
        tried,
        camera: camera === undefined ? null : cameraOnWire(camera),
      };
    } catch (error) {
      if (isAppError(error) && error.code === 'too_many_cameras')
        return { index, outcome: 'recorder_full', reason: 'unknown', detail: '', tried, camera: null };
      const isOurs = !isAppError(error) || error.kind === 'internal';
      if (isOurs) this.#deps.logger.error({ err: errorMessage(error) }, 'a camera could not be added');
      const reason: CameraReason =
        isAppError(error) && error.kind === 'unavailable' ? 'recorder_unreachable' : 'unknown';
      return this.#failed(addition, index, reason, isOurs ? 'internal error' : errorMessage(error), tried);
    }
  }

  async #failed(
    { actor, recorderId, areaId }: Addition,
    index: number,
    reason: CameraReason,
    detail: string,
    tried: RtspProbeResponse | null,
  ): Promise<RtspAddResult> {
    await this.#deps.audit.record(actor, {
      ...{ action: 'camera.add_failed', subjectType: 'recorder', subjectId: recorderId, subjectName: '', areaId },
      details: { ...(tried === null ? {} : { deviceAddress: rtspDeviceAddress(tried.mainUrl) }), outcome: reason },
    });
    return { index, outcome: 'failed', reason, detail: detail.slice(0, 300), tried, camera: null };
  }

  /** Not even that it failed could be kept: the database is away. The others are tried all the same. */
  #broken(index: number, error: unknown): RtspAddResult {
    this.#deps.logger.error({ err: errorMessage(error) }, 'a camera could not be added, nor that be recorded');
    return { index, outcome: 'failed', reason: 'unknown', detail: 'internal error', tried: null, camera: null };
  }

  /** A camera in use of this recorder that has one of these addresses; more is not said of somebody else's. */
  async #known({ actor, recorderId }: Addition, index: number, { device }: Wanted): Promise<RtspAddResult | undefined> {
    const { repository, devices } = this.#deps;
    const there = await devices.atAddress(recorderId, addressOf(device));
    if (there === null) return undefined;
    const urls = new Set(urlsOf(device).map(({ mainUrl }) => mainUrl));
    const cameras = await repository.ofDevice(there.id);
    const known = cameras.find(({ mainStream, retiredAt }) => retiredAt === null && urls.has(mainStream?.url ?? ''));
    if (known === undefined) return undefined;
    const camera = await repository.find(actor.scope, known.id);
    const shown = camera === undefined ? null : cameraOnWire(camera);
    return { index, outcome: 'already_there', reason: 'ok', detail: '', tried: null, camera: shown };
  }

  async #enter(addition: Addition, wanted: Wanted, tried: RtspProbeResponse): Promise<EnteredCameras> {
    const { deviceId, facts, channel } = await this.#entryOf(addition, wanted, tried);
    const { actor, recorderId, areaId } = addition;
    const { username, password } = wanted;
    const given = { deviceAddress: rtspDeviceAddress(tried.mainUrl), username, password };
    return this.#deps.entry.enter(actor, {
      ...{ recorderId, areaId, facts, channels: [channel], deviceId, endpointReference: '', given, mayReturn: true },
    });
  }

  /** The device that its host is here already, or was, and the channel as the entry takes it. */
  async #entryOf({ recorderId, areaId }: Addition, wanted: Wanted, tried: RtspProbeResponse) {
    const { devices, returns } = this.#deps;
    const deviceAddress = rtspDeviceAddress(tried.mainUrl);
    const manufacturer = rtspTemplate(wanted.device.brand).name;
    const identity = { endpointReference: '', manufacturer, model: '', serialNumber: '', deviceAddress };
    const known =
      (await devices.atAddress(recorderId, deviceAddress))?.id ??
      (await returns.formerOf(recorderId, areaId, identity))?.deviceId;
    const { device } = wanted;
    const number = device.brand === 'plain' ? 1 : device.channel;
    const main = factsOf('main', tried.main, tried.mainUrl);
    const sub = tried.sub?.reason === 'ok' && tried.subUrl !== null ? factsOf('sub', tried.sub, tried.subUrl) : null;
    const host = new URL(deviceAddress).hostname;
    const name =
      wanted.name !== ''
        ? wanted.name
        : `${manufacturer} ${host}${number > 1 ? ` ${number}` : ''}`.trim().slice(0, 120);
    const profiles = sub === null ? [main] : [main, sub];
    const source = { sourceToken: rtspSourceToken(tried.mainUrl), number, name: '', signal: true, main, sub, profiles };
    const facts: IdentifyResponse = {
      ...{ manufacturer, model: '', firmwareVersion: '', serialNumber: '', clockOffsetMs: null, tlsKey: null },
      ...{ main, sub, kind: 'camera' as const, channels: [source] },
    };
    return { deviceId: known, facts, channel: { channel: source, main, sub, name, place: wanted.place } };
  }
}

/** Its address holds another password: the device said nothing. */
const isUntried = ({ tried }: RtspAddResult): boolean => tried !== null && tried.main.detail === otherPasswordDetail;

const addressOf = (device: RtspDevice): string => rtspDeviceAddress(urlsOf(device)[0]?.mainUrl ?? '');

function factsOf(
  profileToken: 'main' | 'sub',
  { codec, width, height, frameRate, bitrateKbps }: StreamProbeResponse,
  url: string,
): StreamFacts {
  const facts = { codec: (codec ?? '').toUpperCase(), width: width ?? 0, height: height ?? 0, frameRate, bitrateKbps };
  return { profileToken, ...facts, url };
}

function onWire({ id, state, total, results }: Addition): RtspAddResponse {
  return { id, state, total, results: [...results].sort((a, b) => a.index - b.index) };
}
