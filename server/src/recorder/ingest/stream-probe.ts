// Tries a stream that nobody records yet: what it holds, in the words that cameras' states have.
import type { StreamProbeResponse } from '@choi-canh/shared/recorder-api';
import type { AddressRules } from '../../lib/address-rules.js';
import type { Clock } from '../../lib/clock.js';
import { hostOf } from '../../lib/confirmed-hosts.js';
import { AppError } from '../../lib/errors.js';
import type { Fragment } from '../../lib/fragment.js';
import type { Ffmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createFfmpegSource } from './ffmpeg/ffmpeg-source.js';
import type { FragmentSource, StreamReport } from './fragment-source.js';
import { IngestFailure } from './ingest-failure.js';
import { createNativeSource } from './native/native-source.js';
import { SteadyClock } from './recorded-clock.js';
import type { MediaCodec } from './stream-state.js';

export interface StreamProbeOptions {
  clock: Clock;
  rules: AddressRules;
  /** Absent: what needs it is not recorded here. */
  ffmpeg?: Ffmpeg | undefined;
  /** In order of preference; default both. */
  engines?: readonly ('native' | 'ffmpeg')[] | undefined;
  /** For what one engine has to show; default 10 s, which is longer than most groups of pictures. */
  timeoutMs?: number;
  /** Rate and bitrate are taken over so much of the stream; default 3 s. */
  measuredMs?: number;
}

export interface ProbedStream {
  /** RTSP address without credentials; what stands for them is filled in. */
  url: string;
  username: string;
  password: string;
  /** A person typed the password for this address. */
  plainPassword: boolean;
}

const atOnce = 8;

/** What one engine saw. */
class Sight {
  codec: MediaCodec | undefined;
  sound: string | undefined;
  frames = 0;
  lacksKeyframe = false;
  samples = 0;
  bytes = 0;
  mediaMs = 0;
  init: Fragment['init'] | undefined;

  add(fragment: Fragment): void {
    this.init = fragment.init;
    this.samples += fragment.sampleCount;
    this.bytes += fragment.bytes.length;
    this.mediaMs += fragment.durationMs;
    fragment.release?.();
  }

  report(): StreamReport {
    const ignore = () => undefined;
    return {
      ...{ packets: ignore, time: ignore, audio: ignore },
      trouble: (trouble) => (this.lacksKeyframe ||= trouble === 'no_keyframe'),
      frame: () => (this.frames += 1),
      codec: (codec) => (this.codec = codec),
      sound: (name) => (this.sound = name),
    };
  }

  facts(): Omit<StreamProbeResponse, 'reason' | 'detail' | 'engine'> {
    const measured = this.mediaMs >= 500;
    return {
      codec: this.codec ?? null,
      width: this.init?.width ?? null,
      height: this.init?.height ?? null,
      frameRate: measured ? Math.round((this.samples * 10_000) / this.mediaMs) / 10 : null,
      bitrateKbps: measured ? Math.round((this.bytes * 8) / this.mediaMs) : null,
      sound: this.sound ?? null,
    };
  }
}

/** Tries streams, at most eight at once. Owns no state of them, and sends a password to the host that was given alone. */
export class StreamProbe {
  readonly #options: StreamProbeOptions;
  readonly #sources: readonly FragmentSource[];
  readonly #timeoutMs: number;
  #underWay = 0;

  constructor(options: StreamProbeOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    const { clock, rules, ffmpeg } = options;
    this.#sources = (options.engines ?? ['native', 'ffmpeg']).flatMap((engine) => {
      if (engine === 'native') return [createNativeSource({ clock, rules })];
      return ffmpeg === undefined ? [] : [createFfmpegSource({ clock, ffmpeg, rules })];
    });
  }

  /**
   * Never a failure of the stream: that is the answer's reason.
   * @throws AppError too_many `too_many_probes` while eight run; unavailable `stopped`
   */
  async probe(stream: ProbedStream, signal: AbortSignal): Promise<StreamProbeResponse> {
    if (this.#underWay >= atOnce) throw new AppError('too_many', 'too_many_probes', 'too many streams are being tried');
    this.#underWay += 1;
    try {
      return await this.#probe(stream, signal);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #probe(stream: ProbedStream, signal: AbortSignal): Promise<StreamProbeResponse> {
    let failed: { failure: IngestFailure; engine: FragmentSource['engine']; sight: Sight } | undefined;
    for (const source of this.#sources) {
      const sight = new Sight();
      const failure = await this.#pull(source, stream, sight, failed?.failure, signal);
      if (signal.aborted) throw new AppError('unavailable', 'stopped', 'given up');
      if (failure === undefined) return { reason: 'ok', detail: '', engine: source.engine, ...sight.facts() };
      failed ??= { failure, engine: source.engine, sight };
      if (failure.other === undefined) break;
    }
    if (failed === undefined) throw new AppError('internal', 'internal', 'no engine');
    const { failure, engine, sight } = failed;
    // What only the other engine could take, and there is none: that is the reason.
    const needsOther = failure.other !== undefined && this.#sources.length === 1 && this.#options.ffmpeg === undefined;
    const facts = sight.facts();
    const codec = failure.other?.because === 'codec' ? failure.other.codec : facts.codec;
    const reason = needsOther ? 'engine_missing' : failure.reason;
    return { ...facts, reason, detail: failure.detail.slice(0, 300), engine, codec };
  }

  /** Undefined: pictures came. */
  async #pull(
    source: FragmentSource,
    stream: ProbedStream,
    sight: Sight,
    before: IngestFailure | undefined,
    signal: AbortSignal,
  ): Promise<IngestFailure | undefined> {
    const { clock } = this.#options;
    const seen = new AbortController();
    const timer = setTimeout(() => seen.abort(), this.#timeoutMs + source.startupMs);
    let run = 0;
    try {
      await source.pull(
        { ...stream, fillIn: true, confirmedHosts: [hostOf(stream.url)], audio: false },
        {
          signal: AbortSignal.any([signal, seen.signal]),
          nextRun: () => (run += 1),
          onFragment: (fragment) => {
            sight.add(fragment);
            if (sight.mediaMs >= (this.#options.measuredMs ?? 3000)) seen.abort();
          },
          report: sight.report(),
          recordedClock: new SteadyClock(clock),
          requestKeyframe: () => undefined,
          hints: { udp: before?.other?.because === 'transport', otherWithoutKeyframes: false },
        },
      );
    } catch (error) {
      // What came before the stream broke shows what it is.
      if (sight.init !== undefined) return undefined;
      if (error instanceof IngestFailure) return error;
      return new IngestFailure('engine_failed', error instanceof Error ? error.message.slice(0, 200) : 'a failure');
    } finally {
      clearTimeout(timer);
    }
    if (sight.init !== undefined) return undefined;
    return sight.frames > 0 || sight.lacksKeyframe
      ? new IngestFailure('no_keyframe', 'pictures came, and none that decoding could begin with', {
          because: 'no_keyframe',
        })
      : new IngestFailure('no_stream', 'the stream was set up, and no picture came');
  }
}
