import type { DiscoveryResponse } from '@choi-canh/shared/cameras';
import type { RecorderDiscovery } from '@choi-canh/shared/recorder-api';
import type { Actor, AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import type { CameraRecorder, CameraRecorders } from './camera-interfaces.js';
import type { CamerasRepository } from './cameras.repository.js';
import { normalDeviceAddress } from './device-address.js';

interface Discovery {
  id: string;
  actor: Actor;
  recorderId: string;
  latest: RecorderDiscovery;
}
export interface FoundDevice {
  name: string;
  locationHint: string;
  endpointReference: string;
}
export interface DiscoveriesDeps {
  repository: CamerasRepository;
  recorders: CameraRecorders;
  audit: AuditWriter;
  broadcaster: Broadcaster;
  clock: Clock;
  logger: Logger;
  /** Pause between two questions to the recorder; default 700 ms. */
  pollEveryMs?: number | undefined;
}

const kept = 40;
const longestMs = 10 * 60_000;

/** Searches for devices that people started, followed until they end. They live in memory: a search is quickly repeated. */
export class Discoveries {
  readonly #deps: DiscoveriesDeps;
  readonly #byId = new Map<string, Discovery>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: DiscoveriesDeps) {
    this.#deps = deps;
  }

  async start(actor: Actor, recorderId: string, ranges: string[]): Promise<DiscoveryResponse> {
    const client = this.#deps.recorders.clientOf(recorderId);
    const latest = await client.startDiscovery(ranges);
    const discovery: Discovery = { id: newId(), actor, recorderId, latest };
    await this.#deps.audit.record(actor, {
      action: 'camera.discover',
      subjectType: 'recorder',
      subjectId: recorderId,
      subjectName: '',
      areaId: actor.scope.areaId,
      details: { ranges },
    });
    this.#byId.set(discovery.id, discovery);
    for (const oldest of this.#byId.keys()) if (this.#byId.size > kept) this.#byId.delete(oldest);
    const following = this.#follow(discovery, client).finally(() => this.#running.delete(following));
    this.#running.add(following);
    return this.#onWire(discovery);
  }

  /** @throws AppError not_found `discovery_not_found`: unknown, somebody else's, or from before a restart. */
  async get(actor: Actor, id: string): Promise<DiscoveryResponse> {
    const discovery = this.#byId.get(id);
    if (discovery === undefined || discovery.actor.accountId !== actor.accountId) {
      throw new AppError('not_found', 'discovery_not_found', 'no such search');
    }
    return this.#onWire(discovery);
  }

  /** What a device called itself when it was found last. */
  device(recorderId: string, deviceAddress: string): FoundDevice | undefined {
    for (const discovery of [...this.#byId.values()].reverse()) {
      if (discovery.recorderId !== recorderId) continue;
      const found = discovery.latest.devices.find((device) => sameAddress(device.deviceAddress, deviceAddress));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#running);
  }

  async #follow(discovery: Discovery, client: CameraRecorder): Promise<void> {
    const { clock, logger, broadcaster } = this.#deps;
    const { signal } = this.#stop;
    const endsAt = clock.monotonicMs() + longestMs;
    let failures = 0;
    while (discovery.latest.state === 'running' && !signal.aborted) {
      try {
        await clock.sleep(this.#deps.pollEveryMs ?? 700, signal);
        discovery.latest = await client.discovery(discovery.latest.id, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        logger.debug({ err: errorMessage(error) }, 'a search could not be followed');
      }
      if (failures > 5 || clock.monotonicMs() > endsAt) {
        const errorCode = failures > 5 ? 'recorder_unreachable' : 'too_long';
        discovery.latest = { ...discovery.latest, state: 'failed', errorCode };
      }
      broadcaster.toAccount(discovery.actor.accountId, 'discovery.progress', await this.#onWire(discovery));
    }
  }

  /** `knownCameraId` names only cameras that the person may see. */
  async #onWire(discovery: Discovery): Promise<DiscoveryResponse> {
    const { repository } = this.#deps;
    const { latest } = discovery;
    const known = await repository.ofRecorder(discovery.recorderId);
    const byAddress = new Map(known.map((camera) => [camera.deviceAddress, camera.id]));
    const byReference = new Map(
      known.filter((camera) => camera.endpointReference !== '').map((camera) => [camera.endpointReference, camera.id]),
    );
    const ids = latest.devices.map(
      (device) => byAddress.get(addressKey(device.deviceAddress)) ?? byReference.get(device.endpointReference),
    );
    const visible = await repository.idsInScope(
      discovery.actor.scope,
      ids.filter((id) => id !== undefined),
    );
    return {
      id: discovery.id,
      state: latest.state,
      progress: latest.progress,
      startedAt: latest.startedAt,
      devices: latest.devices.map((device, index) => {
        const id = ids[index];
        return { ...device, knownCameraId: id !== undefined && visible.has(id) ? id : null };
      }),
      rejectedAnswers: latest.rejectedAnswers,
      errorCode: latest.errorCode,
    };
  }
}

/** Whatever a device announces is only compared here, never used: junk stays junk. */
function addressKey(address: string): string {
  try {
    return normalDeviceAddress(address);
  } catch {
    return address;
  }
}
const sameAddress = (one: string, other: string) => addressKey(one) === addressKey(other);
