// Ingest: pulls the main streams of all enabled cameras at all times and their sub-streams while somebody looks, and
// tells how each fares. Main streams go to footage; what else happens to the fragments is left to the subscribers.
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Fragment, FragmentPart, StreamName } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import type { Ffmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { ConnectGate } from './connect-gate.js';
import { createFfmpegSource } from './ffmpeg/ffmpeg-source.js';
import type { FragmentSource } from './fragment-source.js';
import { KeyframeRequests, type AskForKeyframe } from './keyframe-requests.js';
import { createNativeSource } from './native/native-source.js';
import { SteadyClock } from './recorded-clock.js';
import { StreamObservation } from './stream-observation.js';
import { startStreamRunner, type StreamRunner } from './stream-runner.js';
import { createCompareDecoded } from './still-proof.js';
import { createStreamRecording } from './stream-recording.js';
import { StreamKnowledge, type StreamAccess } from './stream-knowledge.js';
import type { StreamMemory } from './stream-memory.js';
import type { StreamRuntime } from './stream-state.js';

export interface IngestCamera {
  readonly cameraId: string;
  readonly enabled: boolean;
  /** RTSP addresses without credentials; absent while they are not known. */
  readonly mainUrl?: string | undefined;
  readonly subUrl?: string | undefined;
  /** As in StreamTarget, of both addresses. */
  readonly fillIn?: boolean | undefined;
  readonly username: string;
  readonly password: string;
  /** As in StreamTarget. */
  readonly confirmedHosts?: readonly string[] | undefined;
  readonly plainPassword?: boolean | undefined;
  /** When the password was typed last, Unix milliseconds. */
  readonly passwordTypedAt?: number | undefined;
  /** Record the sound of the main stream where it is AAC or G.711; default false. */
  readonly audio?: boolean | undefined;
}

export interface IngestSupervisor {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Declarative: starts, restarts (when address or credentials changed) and stops streams. */
  setCameras(cameras: readonly IngestCamera[]): void;
  /** Pulls the sub-stream while held and ten seconds longer; returns the release, which works once. */
  acquire(cameraId: string, stream: 'sub'): () => void;
  subscribe(cameraId: string, stream: StreamName, listener: (fragment: Fragment) => void): () => void;
  /** Parts of fragments (low latency), which are made only while somebody is subscribed; the ffmpeg engine has none. */
  subscribeParts(cameraId: string, stream: StreamName, listener: (part: FragmentPart) => void): () => void;
  /** Of the main stream unless `stream` says otherwise; undefined for an unknown camera or address. */
  runtime(cameraId: string, stream?: StreamName): StreamRuntime | undefined;
  /** Ends the pause of a main stream that was lost: it is tried at once. */
  retryNow(cameraId: string): void;
  /** Asks the camera for a keyframe out of turn, where it offers that; at most one in ten seconds gets through. */
  requestKeyframe(cameraId: string, stream: StreamName): void;
  /** Many cameras connect at once, as after a start: some wait for their turn. */
  isCrowded(): boolean;
  /** The main stream of a camera changed its state. */
  onChange(listener: (cameraId: string) => void): () => void;
}

/** Where the main streams go. */
export interface FootageSink {
  /** The fragment's bytes may change once the promise has settled. */
  append(cameraId: string, fragment: Fragment): Promise<unknown>;
  closeCamera(cameraId: string): Promise<void>;
}

/** Which cameras took the password that was typed then as a digest. */
export interface DigestMemory {
  took(cameraId: string, passwordTypedAt: number): void;
  tookBefore(cameraId: string, passwordTypedAt: number): boolean;
}

/** Passwords that several cameras have in common. */
export interface SharedPasswords {
  enter(cameraId: string, signal: AbortSignal): Promise<boolean>;
  taken(cameraId: string): void;
  refused(cameraId: string): void;
  lost(cameraId: string): void;
  /** As in StreamAccount. */
  locked(cameraId: string, lockMs: number): void;
  lockedMs(cameraId: string): number;
  left(cameraId: string): void;
}

export interface IngestOptions {
  /** Every fragment of a main stream is appended here. */
  readonly footage?: FootageSink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which addresses cameras may have. */
  readonly rules: AddressRules;
  /** Which cameras took their password as a digest since it was typed; absent: nobody remembers. */
  readonly digests?: DigestMemory;
  /** Whose passwords are shared by the channels of a device; absent: none are. */
  readonly passwords?: SharedPasswords;
  /** A stream without a frame for so long is reconnected. */
  readonly stallSeconds: number;
  /** Shortest pause between the set-ups of two main streams; so many a second come back together at most. */
  readonly startStaggerMs: number;
  /** What was learnt about streams; absent: it lasts as long as this process. */
  readonly memory?: StreamMemory;
  /** Whether ffmpeg can be run; default: yes. */
  readonly isFfmpegUsable?: () => boolean;
  /** How a camera is asked for a keyframe; absent: it is not. */
  readonly askForKeyframe?: AskForKeyframe;
  readonly ffmpeg?: Ffmpeg;
  /** Which engines may be used, in order; default: native, then ffmpeg where it is given. */
  readonly engines?: readonly ('native' | 'ffmpeg')[];
}

const lingerMs = 10_000;
const clockCheckMs = 1000;
/** Set-ups that are under way at once, and for how long one counts. */
const nativeSetUps = { atOnce: 24, leaseMs: 1000 };
/** A child that starts takes a core for a while: fewer at once, and slower one after the other. */
const ffmpegSetUps = { atOnce: 8, leaseMs: 4000, slower: 4 };

interface Entry {
  camera: IngestCamera;
  readonly runners: Partial<Record<StreamName, StreamRunner>>;
  /** What is known of each stream over all its connections, and which engine it needs. */
  readonly known: Partial<Record<StreamName, StreamKnowledge>>;
  subHolders: number;
  linger: NodeJS.Timeout | undefined;
}

type Listener = (fragment: Fragment) => void;
type PartListener = (part: FragmentPart) => void;

export function createIngestSupervisor(options: IngestOptions): IngestSupervisor {
  const { clock, logger } = options;
  const entries = new Map<string, Entry>();
  const subscribers = new Map<string, Set<Listener>>();
  const partSubscribers = new Map<string, Set<PartListener>>();
  const changeListeners = new Set<(cameraId: string) => void>();
  const lastRuns = new Map<string, number>();
  const disabledSince = new Map<string, number>();
  const ending = new Set<Promise<void>>();
  const sources = makeSources();
  const recordedClock = new SteadyClock(clock);
  const keyframes = new KeyframeRequests(options.askForKeyframe, clock);
  const gates = {
    native: new ConnectGate({ clock, everyMs: options.startStaggerMs, ...nativeSetUps }),
    ffmpeg: new ConnectGate({ clock, everyMs: options.startStaggerMs * ffmpegSetUps.slower, ...ffmpegSetUps }),
  };
  const recording =
    options.footage === undefined
      ? undefined
      : createStreamRecording({ footage: options.footage, clock, logger, notify });
  const compareDecoded = options.ffmpeg === undefined ? undefined : createCompareDecoded(options.ffmpeg);
  let clockTimer: NodeJS.Timeout | undefined;
  let started = false;

  function makeSources(): FragmentSource[] {
    const engines = options.engines ?? ['native', 'ffmpeg'];
    return engines.flatMap((engine) => {
      if (engine === 'native') return [createNativeSource({ clock, rules: options.rules })];
      return options.ffmpeg === undefined
        ? []
        : [
            createFfmpegSource({
              ...{ clock, ffmpeg: options.ffmpeg, rules: options.rules },
              ...(options.isFfmpegUsable === undefined ? {} : { isUsable: options.isFfmpegUsable }),
            }),
          ];
    });
  }

  const keyOf = (cameraId: string, stream: StreamName) => `${stream}:${cameraId}`;

  /** Larger than every run before it, also than those of an earlier life of this process. */
  function nextRun(key: string): number {
    const run = Math.max((lastRuns.get(key) ?? 0) + 1, Math.floor(clock.nowMs() / 1000));
    lastRuns.set(key, run);
    return run;
  }

  function watchClock(): void {
    const stepMs = recordedClock.check();
    if (stepMs !== 0) logger.error({ stepMs }, 'the clock of this machine stepped: streams begin new runs');
  }

  /** Facts of a stream outlive its runner; what they say of engines holds while address and credentials do. */
  function knowledge(entry: Entry, stream: StreamName, access: StreamAccess): StreamKnowledge {
    const before = entry.known[stream];
    if (before?.isFor(access) === true) return before;
    const observation = before?.observation ?? new StreamObservation(clock);
    return (entry.known[stream] = new StreamKnowledge({
      ...{ cameraId: entry.camera.cameraId, stream, access, observation, sources, clock },
      memory: options.memory,
    }));
  }

  function notify(cameraId: string): void {
    for (const listener of changeListeners) guarded(() => listener(cameraId));
  }

  /** A listener that throws must not end a recording. */
  function guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'a listener of ingest failed');
    }
  }

  function startRunner(entry: Entry, stream: StreamName): void {
    const { camera } = entry;
    const url = stream === 'main' ? camera.mainUrl : camera.subUrl;
    if (!started || url === undefined || !camera.enabled || entry.runners[stream] !== undefined) return;
    const { cameraId, username, password, confirmedHosts, plainPassword, passwordTypedAt = 0 } = camera;
    const key = keyOf(cameraId, stream);
    const known = knowledge(entry, stream, { url, username, password, passwordTypedAt });
    const target = {
      ...{ url, fillIn: camera.fillIn, username, password, confirmedHosts, plainPassword },
      audio: stream === 'main' && camera.audio === true,
      tookDigest: () => options.digests?.tookBefore(cameraId, passwordTypedAt) === true,
      onDigest: () => options.digests?.took(cameraId, passwordTypedAt),
      isOwnKey: (tlsKey: string) => known.isOwnKey(tlsKey),
    };
    const { engines, observation } = known;
    const { passwords } = options;
    entry.runners[stream] = startStreamRunner({
      target,
      account: passwords && {
        enter: (signal) => passwords.enter(cameraId, signal),
        taken: () => passwords.taken(cameraId),
        refused: () => passwords.refused(cameraId),
        lost: () => passwords.lost(cameraId),
        left: () => passwords.left(cameraId),
        locked: (lockMs) => passwords.locked(cameraId, lockMs),
        lockedMs: () => passwords.lockedMs(cameraId),
      },
      engines,
      observation,
      clock,
      recordedClock,
      logger: logger.child({ cameraId, stream }),
      stallMs: options.stallSeconds * 1000,
      nextRun: () => nextRun(key),
      // Somebody waits for a sub-stream; that it is lost again and again is another matter.
      turn: (signal, reconnects) =>
        stream === 'main' || reconnects > 0
          ? gates[engines.source.engine].enter(signal)
          : Promise.resolve(() => undefined),
      requestKeyframe: () => keyframes.request(cameraId, stream),
      onFragment: (fragment) => {
        const listeners = subscribers.get(key);
        const stored = stream === 'main' ? recording?.append(camera.cameraId, fragment) : undefined;
        for (const listener of listeners ?? []) guarded(() => listener(fragment));
        // Whoever watches may keep it.
        if (listeners === undefined && fragment.release !== undefined)
          void (stored ?? Promise.resolve()).then(fragment.release);
      },
      parts: {
        wanted: () => partSubscribers.has(key),
        awaited: () => stream === 'sub' && subscribers.has(key),
        onPart: (part) => {
          for (const listener of partSubscribers.get(key) ?? []) guarded(() => listener(part));
        },
      },
      compareDecoded,
      lostKeepAlives: () => known.lostKeepAlives,
      onKeepAliveLost: (method) => known.keepAliveLost(method),
      habits: () => known.habits,
      onHabits: (habits) => known.habitsShown(habits),
      onLearnt: () => known.save(),
      onChange: () => {
        if (stream === 'main') notify(camera.cameraId);
      },
    });
  }

  function stopRunner(entry: Entry, stream: StreamName): void {
    const runner = entry.runners[stream];
    if (runner === undefined) return;
    delete entry.runners[stream];
    const stopped = runner.stop().finally(() => ending.delete(stopped));
    ending.add(stopped);
  }

  function stopEntry(entry: Entry): void {
    clearTimeout(entry.linger);
    stopRunner(entry, 'main');
    stopRunner(entry, 'sub');
  }

  /** The camera is recorded no longer: its file is closed when its stream has ended. */
  function closeFootage(cameraId: string): void {
    void Promise.all(ending).then(() => recording?.close(cameraId));
  }

  function startEntry(entry: Entry): void {
    startRunner(entry, 'main');
    if (entry.subHolders > 0) startRunner(entry, 'sub');
  }

  function apply(camera: IngestCamera): void {
    const entry = entries.get(camera.cameraId);
    if (camera.enabled) disabledSince.delete(camera.cameraId);
    else if (!disabledSince.has(camera.cameraId)) disabledSince.set(camera.cameraId, clock.nowMs());
    if (entry === undefined) {
      const created: Entry = { camera, runners: {}, known: {}, subHolders: 0, linger: undefined };
      entries.set(camera.cameraId, created);
      startEntry(created);
      return;
    }
    const before = entry.camera;
    entry.camera = camera;
    const same = before.enabled === camera.enabled && accessOf(before) === accessOf(camera);
    const sameSound = (before.audio === true) === (camera.audio === true);
    if (!same || !sameSound || before.mainUrl !== camera.mainUrl) stopRunner(entry, 'main');
    if (!same || before.subUrl !== camera.subUrl) stopRunner(entry, 'sub');
    if (!same) keyframes.forget(camera.cameraId);
    startEntry(entry);
    if (before.enabled && !camera.enabled) closeFootage(camera.cameraId);
    if (before.enabled !== camera.enabled) notify(camera.cameraId);
  }

  return {
    start() {
      started = true;
      clockTimer = setInterval(watchClock, clockCheckMs);
      clockTimer.unref();
      for (const entry of entries.values()) startEntry(entry);
      return Promise.resolve();
    },
    async stop() {
      started = false;
      clearInterval(clockTimer);
      for (const entry of entries.values()) stopEntry(entry);
      await Promise.all(ending);
    },
    setCameras(cameras) {
      const wanted = new Set(cameras.map(({ cameraId }) => cameraId));
      for (const [cameraId, entry] of entries) {
        if (wanted.has(cameraId)) continue;
        stopEntry(entry);
        closeFootage(cameraId);
        entries.delete(cameraId);
        disabledSince.delete(cameraId);
        keyframes.forget(cameraId);
      }
      for (const camera of cameras) apply(camera);
    },
    acquire(cameraId) {
      const entry = entries.get(cameraId);
      if (entry === undefined) return () => undefined;
      entry.subHolders += 1;
      clearTimeout(entry.linger);
      startRunner(entry, 'sub');
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        entry.subHolders -= 1;
        if (entry.subHolders > 0) return;
        entry.linger = setTimeout(() => stopRunner(entry, 'sub'), lingerMs);
        entry.linger.unref();
      };
    },
    isCrowded: () => gates.native.isCrowded || gates.ffmpeg.isCrowded,
    subscribe: (cameraId, stream, listener) => listen(subscribers, keyOf(cameraId, stream), listener),
    subscribeParts: (cameraId, stream, listener) => listen(partSubscribers, keyOf(cameraId, stream), listener),
    runtime(cameraId, stream = 'main') {
      const entry = entries.get(cameraId);
      const since = disabledSince.get(cameraId);
      if (entry !== undefined && since !== undefined) return disabledRuntime(since, entry.known[stream]?.observation);
      const runtime = entry?.runners[stream]?.runtime();
      if (stream !== 'main' || runtime?.state !== 'recording') return runtime;
      const trouble = recording?.trouble(cameraId);
      return trouble === undefined ? runtime : { ...runtime, ...trouble };
    },
    retryNow: (cameraId) => entries.get(cameraId)?.runners.main?.retryNow(),
    requestKeyframe: (cameraId, stream) => keyframes.request(cameraId, stream),
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
  };
}

/** Who is let in where: what a connection depends on beside its address. */
const accessOf = ({ username, password, confirmedHosts, plainPassword, passwordTypedAt }: IngestCamera): string =>
  JSON.stringify([username, password, confirmedHosts, plainPassword, passwordTypedAt]);

/** @returns the end of it */
function listen<T>(listenersOf: Map<string, Set<T>>, key: string, listener: T): () => void {
  const listeners = listenersOf.get(key) ?? new Set<T>();
  listenersOf.set(key, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && listenersOf.get(key) === listeners) listenersOf.delete(key);
  };
}

function disabledRuntime(sinceAtMs: number, observation: StreamObservation | undefined): StreamRuntime {
  return {
    codec: null,
    lostPackets: 0,
    timeSource: null,
    timeErrorMs: null,
    audio: false,
    sound: null,
    quirks: [],
    clockOffsetMs: undefined,
    clockMeasuredAtMs: undefined,
    ...observation?.runtime,
    state: 'stopped',
    reason: 'disabled',
    detail: '',
    sinceAtMs,
    lastFragmentAtMs: undefined,
    frameRate: undefined,
    bitrateKbps: undefined,
    reconnects: 0,
    engine: 'native',
    engineReason: null,
  };
}
