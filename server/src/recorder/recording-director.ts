import {
  maxRecorderCameras,
  type DesiredCamera,
  type DesiredMarks,
  type DesiredState,
  type DesiredStateAnswer,
  type KnownCamera,
} from '@choi-canh/shared/recorder-api';
import { hideAccount } from '../lib/address-account.js';
import type { Clock } from '../lib/clock.js';
import { hostOf } from '../lib/confirmed-hosts.js';
import { AppError, errorMessage } from '../lib/errors.js';
import { keptDigest } from '../lib/kept-digest.js';
import type { Logger } from '../lib/logger.js';
import { rtspSourceToken } from '../lib/rtsp-source-token.js';
import type { CameraAccount } from './device-passwords.js';
import type { CachedAddresses, KeptCamera, KeptState, StoredState } from './desired-state.store.js';

interface IngestCamera {
  cameraId: string;
  enabled: boolean;
  mainUrl?: string;
  subUrl?: string;
  /** A person gave the addresses: the account is filled in where they say so. */
  fillIn: boolean;
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
  plainPassword: boolean;
  passwordTypedAt: number;
  mainProfileToken: string;
  subProfileToken: string | null;
  hasStreamUrl: boolean;
  /** Whether it is asked over ONVIF: not where its streams were given by their addresses. */
  hasOnvif: boolean;
  /** ONVIF token of its video source; empty: not known. */
  sourceToken: string;
}

export interface RecordingDirectorOptions {
  store: { load(): Promise<StoredState | undefined>; save(state: StoredState): Promise<void> };
  footage: { setRetention(policy: { minFreeBytes: number; daysOfCamera: Map<string, number> }): void };
  ingest: {
    setCameras(cameras: IngestCamera[]): void;
    runtime(cameraId: string): { state: string } | undefined;
    onChange(listener: (cameraId: string) => void): () => void;
  };
  /** By which accounts cameras sign in, before ingest and watch get them. */
  accounts?(cameras: CameraAccount[]): void;
  /** Set after construction, because it tells the director what it sees. */
  watch(cameras: WatchedCamera[]): void;
  clock: Clock;
  logger: Logger;
  /** Before any console has said otherwise. */
  defaultMinFreeBytes: number;
}

/** Many cameras tell their addresses at once after a start: they are passed on, and written, together. */
const settleMs = 100;
const saveMs = 1000;

const addressKey = (camera: KeptCamera): string =>
  JSON.stringify([camera.deviceAddress, camera.mainProfileToken, camera.subProfileToken]);

/** A password goes to no other address than the one it was given for. */
function withPassword(camera: DesiredCamera, known: KeptCamera | undefined): KeptCamera {
  const given = camera.password ?? (known?.deviceAddress === camera.deviceAddress ? known.password : '');
  return withHiddenAccount({ ...camera, password: given });
}

/** An older console, or a state from before, has the account within the addresses. */
function withHiddenAccount(camera: KeptCamera): KeptCamera {
  const { mainUrl, subUrl = null, sourceToken } = camera;
  if (mainUrl === undefined) return camera;
  const hidden = (address: string) => hideAccount(address, camera).address;
  const main = hidden(mainUrl);
  const sub = subUrl === null ? null : hidden(subUrl);
  if (main === mainUrl && sub === subUrl) return camera;
  const source = sourceToken === undefined || main === mainUrl ? {} : { sourceToken: rtspSourceToken(main) };
  return { ...camera, mainUrl: main, subUrl: sub, ...source };
}

/** A state from before hosts were confirmed has only the address, which was confirmed by whoever gave it. */
export function confirmedHostsOf({ confirmedHosts, deviceAddress }: DesiredCamera): readonly string[] {
  return confirmedHosts ?? (URL.canParse(deviceAddress) ? [hostOf(deviceAddress)] : []);
}

/**
 * Turns what the console wants into what the rooms do: retention, streams, looks at cameras. Owns the desired state
 * and the stream addresses that cameras told, both on disk, so that recording starts at once after a boot, with no console
 * and before any camera has answered over ONVIF.
 */
export class RecordingDirector {
  private state: KeptState;
  private addresses: Record<string, CachedAddresses> = {};
  /** Addresses that ingest works with. A stream that runs is not restarted for a new one: some cameras tell another each time. */
  private readonly inUse = new Map<string, CachedAddresses>();
  private applying: Promise<unknown> = Promise.resolve();
  private settling: NodeJS.Timeout | undefined;
  private saving: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly options: RecordingDirectorOptions) {
    this.state = { consoleId: null, revision: 0, cameras: [], minFreeBytes: options.defaultMinFreeBytes };
  }

  get revision(): number {
    return this.state.revision;
  }
  get cameras(): readonly KeptCamera[] {
    return this.state.cameras;
  }

  /** When a camera's password was typed last, ms UTC; 0: not known. */
  passwordTypedAt(cameraId: string): number {
    return this.state.cameras.find(({ id }) => id === cameraId)?.passwordTypedAt ?? 0;
  }

  /** Boots from the disk. */
  async start(): Promise<void> {
    const stored = await this.options.store.load();
    if (stored !== undefined) {
      const cameras = stored.state.cameras.map(withHiddenAccount);
      this.state = { ...stored.state, cameras };
      this.addresses = stored.addresses;
      if (cameras.some((camera, index) => camera !== stored.state.cameras[index])) await this.saveAtStart();
    }
    this.unsubscribe = this.options.ingest.onChange((cameraId) => this.onStreamChange(cameraId));
    this.distribute();
  }

  /**
   * Durable when it resolves. One after the other. Where the state cannot be written it is followed all the same, and the
   * rejection makes the console give it again.
   * @throws AppError conflict `console_unknown`, `desired_revision` (a change to another revision than is here)
   */
  apply(state: DesiredState): Promise<DesiredStateAnswer> {
    return this.inTurn(() => this.applyNow(state));
  }

  /** Whom it follows; null: nobody yet. */
  get consoleId(): string | null {
    return this.state.consoleId;
  }

  /** @throws AppError conflict `console_unknown` */
  requireConsole(consoleId: string): void {
    if (this.state.consoleId === consoleId) return;
    throw otherConsole();
  }

  /** As `requireConsole`, but anybody may ask as long as nobody is followed. @throws AppError conflict `console_unknown` */
  refuseOther(consoleId: string): void {
    if (this.state.consoleId !== null) this.requireConsole(consoleId);
  }

  /** Follows another console from now on; what it records and holds stays as it is. Durable when it resolves. */
  takeOver(consoleId: string, previous: string | null): Promise<void> {
    return this.inTurn(async () => {
      if (this.state.consoleId === consoleId) return;
      if (this.state.consoleId !== previous) {
        throw new AppError('conflict', 'console_changed', 'the recorder follows yet another console');
      }
      const before = this.state;
      this.state = { ...this.state, consoleId };
      await this.save().catch((error: unknown) => {
        this.state = before;
        throw error;
      });
      this.options.logger.warn({ consoleId, previous }, 'another console has taken this recorder over');
    });
  }

  marks(): DesiredMarks {
    const { consoleId, revision, minFreeBytes, cameras, keptCameras } = this.state;
    const marks = cameras.map(({ id, mark }) => ({ id, mark }));
    return { consoleId, revision, minFreeBytes, cameras: marks, keptDigest: keptDigest(keptCameras ?? []) };
  }

  /** What a console that takes over needs to know of the cameras. Passwords do not leave. */
  knownCameras(): KnownCamera[] {
    return this.state.cameras.map(({ password: _, mark: __, ...known }) => known);
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

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.applying.then(work);
    this.applying = done.catch(() => undefined);
    return done;
  }

  private async applyNow(given: DesiredState): Promise<DesiredStateAnswer> {
    const before = this.state;
    if (!this.mayFollow(given)) this.requireConsole(given.consoleId);
    if (given.base !== null && given.base !== before.revision) {
      throw new AppError('conflict', 'desired_revision', 'a change to what the recorder does not have', {
        details: { revision: before.revision },
      });
    }
    const known = new Map(before.cameras.map((camera) => [camera.id, camera]));
    const after = new Map(given.base === null ? [] : known);
    for (const id of given.removed) after.delete(id);
    for (const camera of given.cameras) after.set(camera.id, withPassword(camera, known.get(camera.id)));
    if (after.size > maxRecorderCameras) {
      throw new AppError('invalid', 'too_many_cameras', `at most ${maxRecorderCameras} cameras a recorder`, {
        details: { cameras: after.size, limit: maxRecorderCameras },
      });
    }
    const { consoleId, revision, minFreeBytes } = given;
    for (const id of known.keys()) if (!after.has(id)) delete this.addresses[id];
    const kept = given.keptCameras ?? (given.base === null ? [] : before.keptCameras);
    const keptCameras = kept?.filter(({ id }) => !after.has(id));
    this.state = { consoleId, revision, minFreeBytes, cameras: [...after.values()], keptCameras };
    const [saved] = await Promise.allSettled([this.save()]);
    this.distribute();
    if (saved.status === 'rejected') throw saved.reason;
    const dropped = before.cameras.filter(({ id }) => !after.has(id)).map(({ id, name }) => ({ id, name }));
    return { revision, dropped };
  }

  /**
   * Its console, or the first one. A recorder of the time before consoles had ids has cameras and a revision: the console
   * that gave it these goes on behind that revision, one with an empty database begins before it.
   */
  private mayFollow({ consoleId, revision }: DesiredState): boolean {
    if (this.state.consoleId !== null) return this.state.consoleId === consoleId;
    return this.state.cameras.length === 0 || revision > this.state.revision;
  }

  /** What cannot be written now is with the next change. */
  private async saveAtStart(): Promise<void> {
    await this.save().catch((error: unknown) =>
      this.options.logger.error({ error: errorMessage(error) }, 'the desired state could not be written'),
    );
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

  private addressesToUse(camera: KeptCamera): CachedAddresses | undefined {
    const key = addressKey(camera);
    if (camera.mainUrl !== undefined) return { key, mainUrl: camera.mainUrl, subUrl: camera.subUrl ?? null };
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
    this.options.accounts?.(
      cameras
        .filter(({ enabled }) => enabled)
        .map(({ id, deviceId = id, username, password, passwordTypedAt = 0 }) => ({
          ...{ cameraId: id, deviceId, username, password, passwordTypedAt },
        })),
    );
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
        fillIn: camera.mainUrl !== undefined,
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
        plainPassword: camera.plainPassword ?? true,
        passwordTypedAt: camera.passwordTypedAt ?? 0,
        mainProfileToken: camera.mainProfileToken,
        subProfileToken: camera.subProfileToken,
        hasStreamUrl: addresses !== undefined,
        hasOnvif: camera.mainUrl === undefined,
        sourceToken: camera.sourceToken ?? '',
      })),
    );
  }
}

export const otherConsole = () => new AppError('conflict', 'console_unknown', 'the recorder follows another console');
