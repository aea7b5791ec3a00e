import type { DeviceEventKind } from '@choi-canh/shared/device-events';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import { redactUrls, type Logger } from '../../lib/logger.js';
import type { StoredEvent } from './device-events.store.js';

/** A camera whose device may be asked for events; cameras of one device share an address. */
export interface EventCamera {
  cameraId: string;
  enabled: boolean;
  deviceAddress: string;
  username: string;
  password: string;
  confirmedHosts: readonly string[];
  tlsKey: string | null;
  /** It may go as it is (HTTP Basic). */
  plainPassword: boolean;
  /** ONVIF token of its video source; empty: not known. */
  sourceToken: string;
}

/** What a device reported. */
export interface ReportedEvent {
  kind: DeviceEventKind;
  active: boolean | null;
  isInitial: boolean;
  /** Empty: it names none. */
  sourceToken: string;
  deviceAtMs: number | null;
}
export interface EventSubscription {
  /** Waits until there are some, at most a minute. `clockOffsetMs`: the device's clock minus ours. */
  pull(): Promise<{ events: ReportedEvent[]; clockOffsetMs: number | null }>;
  close(): Promise<void>;
}

type Access = Pick<EventCamera, 'cameraId' | 'username' | 'password' | 'confirmedHosts' | 'tlsKey' | 'plainPassword'>;
export interface EventWatchOptions {
  /** @throws AppError `no_events` where the device has none */
  subscribe(deviceAddress: string, access: Access, signal: AbortSignal): Promise<EventSubscription>;
  /** Whether the camera answers over ONVIF and took its password last: no password is tried for events before. */
  isSignedIn(cameraId: string): boolean;
  append(cameraId: string, event: StoredEvent): void;
  clock: Clock;
  logger: Logger;
}

const tickMs = 2000;
const retryMs = 60_000;
/** Also where it refused the password, which may be locked by more. */
const noEventsMs = 6 * 60 * 60_000;
const maxStartsAtOnce = 4;
/** Many devices do not wait for events, but answer at once that there are none. */
const betweenQuestionsMs = 1000;
/** Of a device, in a minute: some report motion many times a second. */
const maxPerMinute = 120;
/** What a device says of its time is believed so far around now. */
const believedMs = 24 * 60 * 60_000;
const lasting: ReadonlySet<string> = new Set(['no_events', 'wrong_password', 'account_locked', 'password_withheld']);
/** Not of one picture: all cameras of the device have them. */
const ofTheDevice: ReadonlySet<DeviceEventKind> = new Set(['digital_input', 'storage_failure']);

interface Watched {
  key: string;
  cameras: EventCamera[];
  stopping: AbortController;
  running: Promise<void> | undefined;
  dueAt: number;
  /** By camera and kind. */
  states: Map<string, boolean>;
  minuteAt: number;
  inMinute: number;
}

/** Asks each device for its events, one subscription a device. Owns the schedule; where events are kept is the store's. */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #devices = new Map<string, Watched>();
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #starting = 0;

  constructor(options: EventWatchOptions) {
    this.#options = options;
  }

  /** The whole list. */
  setCameras(cameras: readonly EventCamera[]): void {
    const groups = new Map<string, EventCamera[]>();
    for (const camera of cameras)
      if (camera.enabled) groups.set(camera.deviceAddress, [...(groups.get(camera.deviceAddress) ?? []), camera]);
    for (const [address, device] of this.#devices) {
      const wanted = groups.get(address);
      if (wanted !== undefined && keyOf(wanted) === device.key) continue;
      device.stopping.abort(new Error('changed'));
      this.#devices.delete(address);
    }
    for (const [address, list] of groups) {
      if (this.#devices.has(address)) continue;
      this.#devices.set(address, {
        ...{ key: keyOf(list), cameras: list, stopping: new AbortController(), running: undefined },
        ...{ dueAt: this.#options.clock.monotonicMs(), states: new Map<string, boolean>(), minuteAt: 0, inMinute: 0 },
      });
    }
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the recorder stops'));
    const running = [...this.#devices.values()].map((device) => {
      device.stopping.abort(new Error('the recorder stops'));
      return device.running;
    });
    await Promise.all([this.#loop, ...running]);
  }

  async #run(): Promise<void> {
    const { clock, isSignedIn } = this.#options;
    while (!this.#stop.signal.aborted) {
      const now = clock.monotonicMs();
      for (const device of this.#devices.values()) {
        if (this.#starting >= maxStartsAtOnce) break;
        if (device.running !== undefined || device.dueAt > now) continue;
        if (!device.cameras.some(({ cameraId }) => isSignedIn(cameraId))) continue;
        this.#starting += 1;
        device.running = this.#follow(device).finally(() => (device.running = undefined));
      }
      await clock.sleep(tickMs, this.#stop.signal).catch(() => undefined);
    }
  }

  async #follow(device: Watched): Promise<void> {
    const { clock, logger, subscribe } = this.#options;
    const { signal } = device.stopping;
    const [first] = device.cameras;
    let isStarting = true;
    const started = () => {
      if (isStarting) this.#starting -= 1;
      isStarting = false;
    };
    let subscription: EventSubscription | undefined;
    try {
      if (first === undefined) return;
      subscription = await subscribe(first.deviceAddress, first, signal);
      started();
      while (!signal.aborted) {
        const askedAt = clock.monotonicMs();
        const { events, clockOffsetMs } = await subscription.pull();
        for (const event of events) this.#take(device, event, clockOffsetMs);
        const leftMs = betweenQuestionsMs - (clock.monotonicMs() - askedAt);
        if (leftMs > 0) await clock.sleep(leftMs, signal).catch(() => undefined);
      }
    } catch (error) {
      const hasNone = isAppError(error) && lasting.has(error.code);
      device.dueAt = clock.monotonicMs() + (hasNone ? noEventsMs : retryMs);
      if (!signal.aborted && !hasNone)
        logger.debug({ error: redactUrls(errorMessage(error)).slice(0, 200) }, 'events of a device are not heard');
    } finally {
      started();
      await subscription?.close();
    }
  }

  #take(device: Watched, event: ReportedEvent, clockOffsetMs: number | null): void {
    const now = this.#options.clock.nowMs();
    const { kind, active, deviceAtMs } = event;
    const stated = deviceAtMs === null || clockOffsetMs === null ? now : deviceAtMs - clockOffsetMs;
    const atMs = Math.abs(stated - now) <= believedMs ? Math.round(stated) : now;
    for (const { cameraId } of camerasOf(device.cameras, event)) {
      const key = `${cameraId} ${kind}`;
      // A subscription begins with the states that hold: what is known already, or is not so, happened not now.
      const known = device.states.get(key);
      if (active !== null) device.states.set(key, active);
      if (active !== null && (known === active || (event.isInitial && known === undefined && !active))) continue;
      if (!this.#mayKeep(device)) return;
      this.#options.append(cameraId, { kind, active, atMs, deviceAtMs, clockOffsetMs });
    }
  }

  #mayKeep(device: Watched): boolean {
    const now = this.#options.clock.monotonicMs();
    if (now - device.minuteAt >= 60_000) Object.assign(device, { minuteAt: now, inMinute: 0 });
    device.inMinute += 1;
    return device.inMinute <= maxPerMinute;
  }
}

/** By the video source; what names none is of the device's only camera, or of all where it concerns the device. */
function camerasOf(cameras: readonly EventCamera[], { kind, sourceToken }: ReportedEvent): readonly EventCamera[] {
  if (ofTheDevice.has(kind)) return cameras;
  const named = cameras.filter((camera) => sourceToken !== '' && camera.sourceToken === sourceToken);
  if (named.length > 0) return named;
  const [only, ...more] = cameras;
  const isOnly = only !== undefined && more.length === 0 && (sourceToken === '' || only.sourceToken === '');
  return isOnly ? [only] : [];
}

const keyOf = (cameras: readonly EventCamera[]): string =>
  JSON.stringify(
    cameras.map(({ cameraId, username, password, confirmedHosts, tlsKey, plainPassword, sourceToken }) => [
      ...[cameraId, username, password, confirmedHosts, tlsKey, plainPassword, sourceToken],
    ]),
  );
