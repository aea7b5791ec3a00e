import type { CameraReason, CameraState } from '@choi-canh/shared/health';

/** What ingest says of a camera's main stream. */
export interface StreamRuntime {
  state: string;
  reason: CameraReason;
  detail: string;
  sinceAtMs: number;
  lastFragmentAtMs: number | undefined;
  frameRate: number | undefined;
  /** Camera clock minus ours, from its sender reports. */
  clockOffsetMs?: number | undefined;
  /** When that was measured, ms UTC; the last value stays while the camera is away. */
  clockMeasuredAtMs?: number | undefined;
}

/** What the ONVIF layer last saw. */
export type OnvifSight =
  | { kind: 'none' }
  | { kind: 'ok'; clockOffsetMs: number | null; promisedFrameRate: number | null; atMs: number }
  | { kind: 'failed'; reason: CameraReason; detail: string; failures: number; atMs: number };

export interface HealthInput {
  enabled: boolean;
  /** Whether an address of the main stream is known. */
  hasStreamUrl: boolean;
  runtime: StreamRuntime | undefined;
  onvif: OnvifSight;
}

export interface Health {
  state: CameraState;
  reason: CameraReason;
  detail: string;
  sinceAtMs: number;
}

/**
 * Without a fragment for this long the stream is lost; shorter reconnections are none of a person's business. The last
 * fragment comes up to 1.5 s behind the last frame, so that a loss shows within ten seconds of it.
 */
export const lossMs = 6500;
/** A stream that has come back is alive after it has recorded for this long. */
const recoveryMs = 3000;
/** A first connection may take this long before the camera counts as down. */
const connectMs = 15_000;
/** Slow frames are told soon, and taken back late: light goes up and down at dusk. */
const slowFramesMs = { enter: 3000, leave: 20_000 };
const reasonChangeMs = 5000;
/** After so long without a fragment on the disk a camera is not recorded, whatever it sends. */
const unwrittenMs = 30_000;
/** ONVIF may miss twice while footage arrives. */
const onvifFailures = 3;
const clockOffsetLimitMs = { enter: 5000, leave: 4000 };
/**
 * An offset is judged for so long after it was measured. Reports are measured with every fragment; looks come once a
 * minute, less often where many cameras do not answer.
 */
const clockFreshMs = { rtcp: 60_000, onvif: 10 * 60_000, /** … of ONVIF against reports. */ contradiction: 3 * 60_000 };
/** A clock that is further off (ten years) is none. */
const clockAtAllMs = 10 * 365 * 86_400_000;
const slowFramesLimit = { enter: 0.5, leave: 0.6 };

/** Also false after a step of our own clock: what was measured by it before says nothing. */
const isFresh = (atMs: number, nowMs: number, freshMs: number): boolean => Math.abs(nowMs - atMs) <= freshMs;

/** What the camera's sender reports say of its clock; some cameras fill them with the time since they were started. */
export function reportedClock(runtime: StreamRuntime): { offsetMs: number; atMs: number } | undefined {
  const { clockOffsetMs: offsetMs, clockMeasuredAtMs: atMs } = runtime;
  if (offsetMs === undefined || atMs === undefined || !(Math.abs(offsetMs) < clockAtAllMs)) return undefined;
  return { offsetMs, atMs };
}

type Candidate = Omit<Health, 'sinceAtMs'> & { sinceAtMs?: number };

const downReasons = new Set<CameraReason>([
  'host_unreachable',
  'connection_refused',
  'wrong_password',
  'account_locked',
  'password_withheld',
  'address_refused',
  'tls_key_changed',
  'tls_unusable',
  'forbidden',
  'no_such_stream',
  'camera_busy',
  'unsupported_transport',
  'stream_refused',
  'no_stream',
  'stream_stalled',
  'stream_ended',
  'not_video',
  'bad_answer',
  'engine_missing',
  'engine_failed',
  'no_keyframe',
]);
/** What ONVIF refuses for a reason that a person must act on, while footage arrives. */
const ofItsOwn = new Set<CameraReason>(['wrong_password', 'account_locked', 'tls_key_changed', 'tls_unusable']);
/** What ingest says of a stream that is recorded all the same. */
const blemishes = new Set<CameraReason>([
  'picture_frozen',
  'bad_timestamps',
  'packet_loss',
  'slow_frames',
  'no_keyframe',
]);
/** Of these, ONVIF may know the deeper cause. */
const vagueReasons = new Set<CameraReason>(['no_stream', 'stream_stalled', 'stream_ended', 'host_unreachable']);

/**
 * The state of one camera from its layers (network, ONVIF and password, frames, disk), with hysteresis so that it does not
 * flap. `observe` is called about once a second and at every change of the stream; it returns the health after it and
 * whether its state or reason is new. Ages of fragments are measured on the monotonic clock, because the host's clock may
 * be set while a camera records.
 */
export class CameraHealth {
  private current: Health | undefined;
  private pending: { key: string; sinceMonotonicMs: number; sinceAtMs: number } | undefined;
  private seenFragmentAtMs: number | undefined;
  private fragmentSeenAt = 0;

  get health(): Health | undefined {
    return this.current;
  }

  observe(input: HealthInput, nowMs: number, monotonicMs: number): { health: Health; changed: boolean } {
    const candidate = this.candidate(input, nowMs, monotonicMs);
    const previous = this.current;
    if (previous === undefined) {
      const first = candidate ?? { state: 'unknown', reason: 'connecting', detail: '' };
      this.current = { ...first, sinceAtMs: nowMs };
      return { health: this.current, changed: true };
    }
    if (candidate === undefined || (candidate.state === previous.state && candidate.reason === previous.reason)) {
      this.pending = undefined;
      if (candidate !== undefined) previous.detail = candidate.detail;
      return { health: previous, changed: false };
    }
    const key = `${candidate.state} ${candidate.reason}`;
    if (this.pending?.key !== key) this.pending = { key, sinceMonotonicMs: monotonicMs, sinceAtMs: nowMs };
    if (monotonicMs - this.pending.sinceMonotonicMs < this.holdMs(previous, candidate)) {
      return { health: previous, changed: false };
    }
    const sinceAtMs = Math.max(previous.sinceAtMs, candidate.sinceAtMs ?? this.pending.sinceAtMs);
    this.pending = undefined;
    this.current = { state: candidate.state, reason: candidate.reason, detail: candidate.detail, sinceAtMs };
    return { health: this.current, changed: true };
  }

  /** How long a candidate must last before it is believed. */
  private holdMs(previous: Health, candidate: Candidate): number {
    if (previous.state === 'down' && candidate.state === 'down') return reasonChangeMs;
    if (previous.state === 'down' && (candidate.state === 'alive' || candidate.state === 'degraded')) return recoveryMs;
    if (candidate.reason === 'slow_frames' || previous.reason === 'slow_frames') {
      if (candidate.state === 'alive') return slowFramesMs.leave;
      return previous.state === 'alive' ? slowFramesMs.enter : 0;
    }
    return 0;
  }

  private fragmentAgeMs(runtime: StreamRuntime, nowMs: number, monotonicMs: number): number | undefined {
    const lastAtMs = runtime.lastFragmentAtMs;
    // A stream that was started anew has no fragment yet; the camera's last one still counts.
    if (lastAtMs !== undefined && lastAtMs !== this.seenFragmentAtMs) {
      this.fragmentSeenAt = monotonicMs - (this.seenFragmentAtMs === undefined ? Math.max(0, nowMs - lastAtMs) : 0);
      this.seenFragmentAtMs = lastAtMs;
    }
    return this.seenFragmentAtMs === undefined ? undefined : monotonicMs - this.fragmentSeenAt;
  }

  /** What the layers say now; undefined: nothing that would justify another word than the last. */
  private candidate(input: HealthInput, nowMs: number, monotonicMs: number): Candidate | undefined {
    const { runtime, onvif } = input;
    if (!input.enabled) return { state: 'paused', reason: 'disabled', detail: '' };
    if (!input.hasStreamUrl || runtime === undefined) {
      if (onvif.kind === 'failed') return { state: 'down', reason: onvif.reason, detail: onvif.detail };
      return { state: 'unknown', reason: 'connecting', detail: '' };
    }
    if (runtime.reason === 'storage_full' || runtime.reason === 'storage_missing')
      return { state: 'paused', reason: runtime.reason, detail: runtime.detail };
    const ageMs = this.fragmentAgeMs(runtime, nowMs, monotonicMs);
    if (ageMs !== undefined && ageMs < lossMs) {
      return runtime.state === 'recording' ? this.recording(runtime, onvif, nowMs) : undefined;
    }
    return this.lost(runtime, onvif, nowMs);
  }

  private recording(runtime: StreamRuntime, onvif: OnvifSight, nowMs: number): Candidate {
    if (runtime.reason === 'storage_slow') {
      // Ends with the first fragment that is written; until then frames arrive and nothing is kept.
      const state = nowMs - runtime.sinceAtMs > unwrittenMs ? 'down' : 'degraded';
      return { state, reason: 'storage_slow', detail: runtime.detail };
    }
    // What is wrong with the footage itself counts for more than what is wrong around it.
    if (blemishes.has(runtime.reason)) return { state: 'degraded', reason: runtime.reason, detail: runtime.detail };
    if (onvif.kind === 'failed' && onvif.failures >= onvifFailures) {
      const reason = ofItsOwn.has(onvif.reason) ? onvif.reason : 'onvif_unreachable';
      return { state: 'degraded', reason, detail: onvif.detail };
    }
    const offsetMs = this.freshClockOffsetMs(runtime, onvif, nowMs);
    if (offsetMs !== null) {
      const limit = this.current?.reason === 'clock_offset' ? clockOffsetLimitMs.leave : clockOffsetLimitMs.enter;
      if (Math.abs(offsetMs) > limit) {
        const seconds = Math.round(offsetMs / 1000);
        const detail = `camera clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
        return { state: 'degraded', reason: 'clock_offset', detail };
      }
    }
    const promised = onvif.kind === 'ok' ? onvif.promisedFrameRate : null;
    if (promised !== null && runtime.frameRate !== undefined) {
      const limit = this.current?.reason === 'slow_frames' ? slowFramesLimit.leave : slowFramesLimit.enter;
      if (runtime.frameRate < promised * limit) {
        const detail = `${runtime.frameRate.toFixed(1)} of ${promised} frames a second`;
        return { state: 'degraded', reason: 'slow_frames', detail };
      }
    }
    return { state: 'alive', reason: 'ok', detail: '' };
  }

  private freshClockOffsetMs(runtime: StreamRuntime, onvif: OnvifSight, nowMs: number): number | null {
    const reported = reportedClock(runtime);
    const looked = onvif.kind === 'ok' && isFresh(onvif.atMs, nowMs, clockFreshMs.onvif) ? onvif.clockOffsetMs : null;
    if (reported === undefined || !isFresh(reported.atMs, nowMs, clockFreshMs.rtcp)) return looked;
    // A clock that is right when the camera is asked is right: then the reports of its stream are false.
    const isRight =
      looked !== null &&
      Math.abs(looked) <= clockOffsetLimitMs.leave &&
      onvif.kind === 'ok' &&
      isFresh(onvif.atMs, nowMs, clockFreshMs.contradiction);
    return isRight && Math.abs(reported.offsetMs) > clockOffsetLimitMs.leave ? looked : reported.offsetMs;
  }

  private lost(runtime: StreamRuntime, onvif: OnvifSight, nowMs: number): Candidate | undefined {
    const lastFragmentAtMs = runtime.lastFragmentAtMs ?? this.seenFragmentAtMs;
    const since = lastFragmentAtMs === undefined ? {} : { sinceAtMs: lastFragmentAtMs };
    if (runtime.state === 'starting' || runtime.state === 'stopped') {
      const was = this.current?.state;
      // A new attempt has shown nothing yet, unless it says what it found while it goes on.
      const found = runtime.state === 'starting' && downReasons.has(runtime.reason);
      if (was === 'down' && !(found && runtime.reason !== this.current?.reason)) return undefined;
      const waitedMs = nowMs - Math.max(runtime.sinceAtMs, lastFragmentAtMs ?? 0);
      if (was !== 'alive' && was !== 'degraded' && was !== 'down' && !found && waitedMs < connectMs) {
        return { state: 'unknown', reason: 'connecting', detail: '' };
      }
    }
    // While it was recorded whatever was said of it is not why it stopped.
    let reason: CameraReason =
      runtime.state !== 'recording' && downReasons.has(runtime.reason)
        ? runtime.reason
        : lastFragmentAtMs === undefined
          ? 'no_stream'
          : 'stream_stalled';
    let detail = runtime.detail;
    const lostAtMs = lastFragmentAtMs ?? runtime.sinceAtMs;
    if (
      onvif.kind === 'failed' &&
      onvif.atMs >= lostAtMs &&
      vagueReasons.has(reason) &&
      downReasons.has(onvif.reason)
    ) {
      reason = onvif.reason;
      detail = onvif.detail;
    }
    return { state: 'down', reason, detail, ...since };
  }
}
