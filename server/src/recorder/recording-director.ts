import type { DesiredCamera, DesiredState } from '@choi-canh/shared/recorder-api';
import type { Clock } from '../lib/clock.js';
import { hostOf } from '../lib/confirmed-hosts.js';
import { errorMessage } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { CachedAddresses, StoredState } from './desired-state.store.js';

interface IngestCamera {
  cameraId: string;
  enabled: boolean;
  mainUrl?: string;
  subUrl?: string;
  username: string;
  password: string;
  confirmedHosts: readonly string[];
  plainPassword: boolean;
  passwordTypedAt: number;
  audio: boolean;
}

interface WatchedCamera {
  cameraId: string;
  enabled: boolean;
  deviceAddress: string;
  username: string;
  password: string;
  confirmedHosts: readonly string[];
  tlsKey: string | null;
  mainProfileToken: string;
  subProfileToken: string | null;
  hasStreamUrl: boolean;
}

export interface RecordingDirectorOptions {
  store: { load(): Promise<StoredState | undefined>; save(state: StoredState): Promise<void> };
  footage: { setRetention(policy: { minFreeBytes: number; daysOfCamera: Map<string, number> }): void };
  holds: { setConsoleHolds(holds: DesiredState['holds']): Promise<void> };
  ingest: {
    setCameras(cameras: IngestCamera[]): void;
    runtime(cameraId: string): { state: string } | undefined;
    onChange(listener: (cameraId: string) => void): () => void;
  };
  /** Set after construction, because it tells the director what it sees. */
  watch(cameras: WatchedCamera[]): void;
  /** Holds that are durable now and were not, or the other way round. */
  onHolds(changes: { holdId: string; held: boolean }[]): void;
  clock: Clock;
  logger: Logger;
  /** Before any console has said otherwise. */
  defaultMinFreeBytes: number;
}

/** Many cameras tell their addresses at once after a start: they are passed on, and written, together. */
const settleMs = 100;
const saveMs = 1000;

const addressKey = (camera: DesiredCamera): string =>
  JSON.stringify([camera.deviceAddress, camera.mainProfileToken, camera.subProfileToken]);

/** A state from before hosts were confirmed has only the address, which was confirmed by whoever gave it. */
export function confirmedHostsOf({ confirmedHosts, deviceAddress }: DesiredCamera): readonly string[] {
  return confirmedHosts ?? (URL.canParse(deviceAddress) ? [hostOf(deviceAddress)] : []);
}

/**
 * Turns what the console wants into what the rooms do: retention, holds, streams, looks at cameras. Owns the desired state
 * and the stream addresses that cameras told, both on disk, so that recording starts at once after a boot, with no console
 * and before any camera has answered over ONVIF.
 */
export class RecordingDirector {
  private state: DesiredState;
  private addresses: Record<string, CachedAddresses> = {};
  /** Addresses that ingest works with. A stream that runs is not restarted for a new one: some cameras tell another each time. */
  private readonly inUse = new Map<string, CachedAddresses>();
  private applying: Promise<unknown> = Promise.resolve();
  private settling: NodeJS.Timeout | undefined;
  private saving: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly options: RecordingDirectorOptions) {
    this.state = { revision: 0, cameras: [], holds: [], minFreeBytes: options.defaultMinFreeBytes };
  }

  get revision(): number {
    return this.state.revision;
  }
  get cameras(): readonly DesiredCamera[] {
    return this.state.cameras;
  }

  /** Boots from the disk. Holds are not passed on: footage has its own durable list. */
  async start(): Promise<void> {
    const stored = await this.options.store.load();
    if (stored !== undefined) {
      this.state = stored.state;
      this.addresses = stored.addresses;
    }
    this.unsubscribe = this.options.ingest.onChange((cameraId) => this.onStreamChange(cameraId));
    this.distribute();
  }

  /**
   * Durable, holds included, when it resolves. One after the other. Where the state cannot be written it is followed all
   * the same, and the rejection makes the console give it again.
   */
  apply(state: DesiredState): Promise<{ revision: number; holdIds: string[] }> {
    const done = this.applying.then(() => this.applyNow(state));
    this.applying = done.catch(() => undefined);
    return done;
  }

  /** What a camera told of its streams. */
  setAddresses(cameraId: string, told: { mainUrl: string; subUrl: string | null }): void {
    const camera = this.state.cameras.find((candidate) => candidate.id === cameraId);
    if (camera === undefined) return;
    const known = this.addresses[cameraId];
    const key = addressKey(camera);
    if (known?.key === key && known.mainUrl === told.mainUrl && known.subUrl === told.subUrl) return;
    this.addresses[cameraId] = { key, mainUrl: told.mainUrl, subUrl: told.subUrl };
    this.saving ??= setTimeout(() => {
      this.saving = undefined;
      this.save().catch((error: unknown) =>
        this.options.logger.error({ error: errorMessage(error) }, 'stream addresses could not be written'),
      );
    }, saveMs);
    this.settle();
  }

  async stop(): Promise<void> {
    this.unsubscribe?.();
    clearTimeout(this.settling);
    const unsaved = this.saving !== undefined;
    clearTimeout(this.saving);
    await this.applying;
    if (unsaved) await this.save();
  }

  private async applyNow(state: DesiredState): Promise<{ revision: number; holdIds: string[] }> {
    const before = new Set(this.state.holds.map((hold) => hold.id));
    const after = new Set(state.holds.map((hold) => hold.id));
    const kept = new Set(state.cameras.map((camera) => camera.id));
    this.addresses = Object.fromEntries(Object.entries(this.addresses).filter(([id]) => kept.has(id)));
    this.state = state;
    const [saved] = await Promise.allSettled([this.save()]);
    // Holds before retention: a shorter retention must not take what is held from this moment on.
    await this.options.holds.setConsoleHolds(state.holds);
    this.distribute();
    const changes = [
      ...[...after].filter((id) => !before.has(id)).map((holdId) => ({ holdId, held: true })),
      ...[...before].filter((id) => !after.has(id)).map((holdId) => ({ holdId, held: false })),
    ];
    if (changes.length > 0) this.options.onHolds(changes);
    if (saved.status === 'rejected') throw saved.reason;
    return { revision: state.revision, holdIds: [...after] };
  }

  private save(): Promise<void> {
    return this.options.store.save({ state: this.state, addresses: this.addresses });
  }

  /** A stream that is not recording may try a newer address. */
  private onStreamChange(cameraId: string): void {
    const used = this.inUse.get(cameraId);
    const told = this.addresses[cameraId];
    if (used !== undefined && told !== undefined && used !== told) this.settle();
  }

  private settle(): void {
    this.settling ??= setTimeout(() => {
      this.settling = undefined;
      this.distribute();
    }, settleMs);
  }

  private addressesToUse(camera: DesiredCamera): CachedAddresses | undefined {
    const key = addressKey(camera);
    const told = this.addresses[camera.id];
    const used = this.inUse.get(camera.id);
    const recording = this.options.ingest.runtime(camera.id)?.state === 'recording';
    const chosen = used?.key === key && recording ? used : told?.key === key ? told : undefined;
    if (chosen === undefined) this.inUse.delete(camera.id);
    else this.inUse.set(camera.id, chosen);
    return chosen;
  }

  private distribute(): void {
    const { ingest, footage } = this.options;
    const { cameras, keptCameras = [], minFreeBytes } = this.state;
    footage.setRetention({
      minFreeBytes,
      daysOfCamera: new Map([...cameras, ...keptCameras].map((camera) => [camera.id, camera.retentionDays])),
    });
    const wanted = new Set(cameras.map((camera) => camera.id));
    for (const id of this.inUse.keys()) if (!wanted.has(id)) this.inUse.delete(id);
    const resolved = cameras.map((camera) => ({ camera, addresses: this.addressesToUse(camera) }));
    ingest.setCameras(
      resolved.map(({ camera, addresses }) => ({
        cameraId: camera.id,
        enabled: camera.enabled,
        username: camera.username,
        password: camera.password,
        confirmedHosts: confirmedHostsOf(camera),
        plainPassword: camera.plainPassword ?? true,
        passwordTypedAt: camera.passwordTypedAt ?? 0,
        audio: camera.audio,
        ...(addresses === undefined ? {} : { mainUrl: addresses.mainUrl }),
        ...(addresses === undefined || addresses.subUrl === null ? {} : { subUrl: addresses.subUrl }),
      })),
    );
    this.options.watch(
      resolved.map(({ camera, addresses }) => ({
        cameraId: camera.id,
        enabled: camera.enabled,
        deviceAddress: camera.deviceAddress,
        username: camera.username,
        password: camera.password,
        confirmedHosts: confirmedHostsOf(camera),
        tlsKey: camera.tlsKey ?? null,
        mainProfileToken: camera.mainProfileToken,
        subProfileToken: camera.subProfileToken,
        hasStreamUrl: addresses !== undefined,
      })),
    );
  }
}
