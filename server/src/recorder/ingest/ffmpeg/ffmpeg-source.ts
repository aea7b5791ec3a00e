// The ffmpeg engine: one child a stream that copies video into fragments, for cameras that the native engine cannot
// take (UDP only, RTSP over TLS). Its wall time is that of its prft boxes; design/time.md says how exact that is.
import { writtenForms } from '../../../lib/address-account.js';
import type { AddressRules } from '../../../lib/address-rules.js';
import type { Clock } from '../../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../../lib/errors.js';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import { BoxStream } from '../../../lib/isobmff/boxes.js';
import { hasVideo, parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { otherTracksOfInit } from '../../../lib/isobmff/hidden-tracks.js';
import {
  parseTrackDefaults,
  parseTrackFragment,
  type ParsedMoof,
  type SampleDefaults,
} from '../../../lib/isobmff/moof.js';
import { addressWithCredentials, concatScript, fragmentArguments } from '../../../platform/ffmpeg/stream-arguments.js';
import type { Ffmpeg } from '../../../platform/ffmpeg/ffmpeg.js';
import type { FragmentSource, PullOptions, StreamTarget } from '../fragment-source.js';
import { filledTarget } from '../filled-target.js';
import { FrozenPicture } from '../frozen-picture.js';
import { IngestFailure } from '../ingest-failure.js';
import { KeyframeWatch, type KeyframeState } from '../keyframe-watch.js';
import { timescale as videoTimescale } from '../native/mp4-writer.js';
import type { ReadPicture } from '../native/picture-reader.js';
import type { MediaCodec } from '../stream-state.js';
import { RunClock, TimeAnchor } from '../time-anchor.js';
import { CaptureTimes } from './capture-times.js';
import { CopiedPictures } from './copied-pictures.js';
import { FirstKeyframe, keyframeWaitMs } from './first-keyframe.js';
import { checkedTarget } from './rtsp-preflight.js';
import { refusedSound, stderrFailure } from './stderr-reason.js';

/** H.264 and H.265 are cut again, so that these are what is waited for in addition. */
const fragmentMs = 500;
const tickMs = 1000;
const socketTimeoutMs = 8000;
const ntpOffsetSeconds = 2_208_988_800;
/** What this engine adds to the error of an instant: a frame of a slow camera; design/time.md. */
const engineErrorMs = 100;
/** prft flags of a time that comes from the camera's sender reports; others are the child's own clock at writing. */
const capturedFlags = 24;

/** UTC of a `prft` that ffmpeg took from RTCP; undefined for its own clock. */
export function capturedAtMs(prft: Buffer | undefined): number | undefined {
  if (prft === undefined || prft.length < 28 || (prft.readUInt32BE(8) & 0xffffff) !== capturedFlags) return undefined;
  return (prft.readUInt32BE(16) - ntpOffsetSeconds) * 1000 + (prft.readUInt32BE(20) / 2 ** 32) * 1000;
}

function codecName(codec: string): MediaCodec {
  if (codec.startsWith('avc')) return 'h264';
  if (codec.startsWith('mp4v')) return codec.startsWith('mp4v.20') ? 'mpeg4' : 'mjpeg';
  return 'h265';
}

/** The camera's sound is of a kind that is not recorded: once more, without it. */
class OtherSound extends Error {}

/** Turns the boxes of one child into fragments. */
class FfmpegStream {
  private readonly boxes = new BoxStream();
  private ftyp: Buffer | undefined;
  private init: InitSegment | undefined;
  private defaults: SampleDefaults | undefined;
  private prft: Buffer | undefined;
  private moof: Buffer | undefined;
  private anchor: TimeAnchor | undefined;
  private clockOfRun: RunClock | undefined;
  private readonly frozen: FrozenPicture;
  private isFrozen = false;
  private readonly keyframes = new KeyframeWatch();
  private lacksKeyframe = false;
  private codec: MediaCodec = 'h264';
  private run = 0;
  private epoch: number;
  private pictures: CopiedPictures | undefined;
  private readonly captured = new CaptureTimes();
  framesCame = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: PullOptions,
    private readonly firstKeyframe: FirstKeyframe,
  ) {
    this.epoch = options.recordedClock.epoch;
    this.frozen = new FrozenPicture(options.proveStill);
  }

  /** @throws IngestFailure, AppError bad_mp4 */
  push(chunk: Buffer): void {
    for (const { type, bytes } of this.boxes.push(chunk)) {
      if (type === 'ftyp') this.ftyp = bytes;
      else if (type === 'moov') this.begin(Buffer.concat([this.ftyp ?? Buffer.alloc(0), bytes]));
      else if (type === 'prft') this.prft = bytes;
      else if (type === 'moof') this.moof = bytes;
      else if (type === 'mdat' && this.moof !== undefined) {
        this.fragment(Buffer.concat([this.moof, bytes]));
        this.moof = undefined;
        this.prft = undefined;
      }
    }
  }

  private begin(initBytes: Buffer): void {
    if (!hasVideo(initBytes)) throw new IngestFailure('not_video', 'no video in the stream that can be recorded');
    this.init = parseInitSegment(initBytes);
    if (this.init.audio === undefined && otherTracksOfInit(initBytes, this.init.trackId).length > 0)
      throw new OtherSound('the sound is not AAC');
    this.defaults = parseTrackDefaults(initBytes, this.init.trackId);
    this.clockOfRun = undefined;
    this.codec = codecName(this.init.codec);
    this.options.report.codec(this.codec);
    this.firstKeyframe.picturesCome();
    this.frozen.setSize(this.init.width, this.init.height);
    const { codec, init } = this;
    const anchor = new TimeAnchor(codec === 'h264' || codec === 'h265' ? videoTimescale : init.timescale);
    this.anchor = anchor;
    this.pictures?.end();
    if (codec === 'h264' || codec === 'h265')
      this.pictures = new CopiedPictures({
        ...{ codec, init, anchor, pull: this.options },
        monotonicMs: () => this.clock.monotonicMs(),
        onFragment: (fragment) => this.emit(fragment),
        onPicture: (picture, begins) => this.watchPicture(picture, begins),
      });
    if (init.audio !== undefined && this.pictures !== undefined && this.pictures.sound === undefined)
      throw new OtherSound('AAC of a kind that is not recorded');
    this.options.report.audio(init.audio !== undefined);
  }

  private fragment(bytes: Buffer): void {
    const { init, anchor } = this;
    if (init === undefined || anchor === undefined) throw new IngestFailure('engine_failed', 'ffmpeg wrote no header');
    const moof = parseTrackFragment(bytes, this.defaults);
    if (moof?.samples[0] === undefined) {
      this.pictures?.sound?.add(bytes); // sound alone, where the picture pauses
      return;
    }
    this.framesCame = true;
    this.firstKeyframe.came();
    this.options.report.frame();
    this.observeTime(moof, init, anchor);
    if (this.pictures === undefined) this.copy(bytes, moof, init);
    else this.pictures.push(bytes, moof);
  }

  private observeTime(moof: ParsedMoof, init: InitSegment, anchor: TimeAnchor): void {
    const [first, second] = moof.samples;
    const base = Number(moof.baseMediaDecodeTime);
    const durationTicks = moof.samples.reduce((sum, { duration }) => sum + duration, 0);
    const toTicks = (ticks: number) =>
      this.pictures === undefined ? ticks : (ticks * videoTimescale) / init.timescale;
    const { recordedClock } = this.options;
    if (recordedClock.epoch !== this.epoch) {
      this.pictures?.flush();
      anchor.forgetArrivals();
    }
    this.epoch = recordedClock.epoch;
    const nowMs = recordedClock.nowMs();
    anchor.observeArrival(toTicks(base + durationTicks), nowMs);
    const statedMs = capturedAtMs(this.prft);
    if (statedMs === undefined) return;
    const toMs = (ticks: number) => (ticks * 1000) / init.timescale;
    if (!this.captured.believe(statedMs, toMs(base), toMs(durationTicks), nowMs)) return;
    // Where a parser joins packets it hands the time of the one that ended a picture to that picture: it is the next
    // one's. Motion JPEG has none.
    if (this.codec === 'mjpeg') anchor.observeSenderReport(base + first!.compositionOffset, statedMs);
    else if (second !== undefined)
      anchor.observeSenderReport(toTicks(base + first!.duration + second.compositionOffset), statedMs);
  }

  /** What is not looked into goes on as ffmpeg wrote it. */
  private copy(bytes: Buffer, moof: ParsedMoof, init: InitSegment): void {
    const { isSync } = moof.samples[0]!;
    const durationTicks = moof.samples.reduce((sum, { duration }) => sum + duration, 0);
    const { baseMediaDecodeTime } = moof;
    this.watchMotion(bytes, moof);
    this.watchKeyframes(moof.samples.map((sample) => sample.isSync));
    const start = this.place(Number(baseMediaDecodeTime), isSync);
    this.emit({
      ...{ init, bytes, baseMediaDecodeTime, independent: isSync },
      startAtMs: start.atMs,
      durationMs: (durationTicks * 1000) / init.timescale,
      sampleCount: moof.samples.length,
      timeSource: start.timeSource,
      run: this.run,
    });
  }

  private emit(fragment: Fragment): void {
    const { anchor, pictures, options } = this;
    if (anchor !== undefined)
      options.report.time(anchor.clockOffsetMs(), fragment.timeSource, (anchor.errorMs() ?? 0) + engineErrorMs);
    if (pictures !== undefined) options.report.audio(fragment.init !== pictures.init);
    options.onFragment(fragment);
  }

  /** The child has ended: what came is kept. */
  end(): void {
    this.pictures?.end();
  }

  private watchPicture({ slices, sliceBytes }: ReadPicture, begins: boolean): void {
    const now = this.clock.monotonicMs();
    this.showFrozen(
      (begins ? this.frozen.key(slices, now) : this.frozen.picture(slices.length, sliceBytes, now)) === 'frozen',
    );
    this.watchKeyframes([begins]);
  }

  private watchMotion(bytes: Buffer, moof: ParsedMoof): void {
    const now = this.clock.monotonicMs();
    let frozen = this.isFrozen;
    for (const sample of moof.samples) {
      const data = bytes.subarray(sample.offset, sample.offset + sample.size);
      frozen = (sample.isSync ? this.frozen.key([data], now) : this.frozen.picture(1, data.length, now)) === 'frozen';
    }
    this.showFrozen(frozen);
  }

  private showFrozen(frozen: boolean): void {
    if (frozen === this.isFrozen) return;
    this.isFrozen = frozen;
    this.options.report.trouble('picture_frozen', frozen ? 'the picture does not change any more' : undefined);
  }

  /** ffmpeg begins with a keyframe; further ones may stay away. */
  private watchKeyframes(begins: readonly boolean[]): void {
    const now = this.clock.monotonicMs();
    let state: KeyframeState = 'fine';
    for (const one of begins) state = this.keyframes.picture(one, now);
    if (state !== 'fine') this.options.requestKeyframe();
    if (this.lacksKeyframe === (state === 'missing')) return;
    this.lacksKeyframe = state === 'missing';
    const detail = this.lacksKeyframe ? 'pictures go on, but no keyframe comes any more' : undefined;
    this.options.report.trouble('no_keyframe', detail);
  }

  private place(ticks: number, mayJump: boolean) {
    const placed = this.clockOfRun?.place(ticks, mayJump) ?? 'jumped';
    if (placed !== 'jumped') return placed;
    this.run = this.options.nextRun();
    this.clockOfRun = new RunClock(this.anchor!, this.init!.timescale);
    const again = this.clockOfRun.place(ticks, false);
    if (again === 'jumped') throw new AppError('internal', 'no_time', 'a fragment without time');
    return again;
  }
}

const mostSoundless = 1000;

export function createFfmpegSource({
  clock,
  ffmpeg,
  rules,
  isUsable,
}: {
  clock: Clock;
  ffmpeg: Ffmpeg;
  rules: AddressRules;
  /** Whether ffmpeg can be run; default: yes. */
  isUsable?: () => boolean;
}): FragmentSource {
  /** Addresses whose sound an MP4 cannot hold or that is not AAC. */
  const soundless = new Set<string>();

  /** One child. @throws IngestFailure, OtherSound */
  async function run(wanted: StreamTarget, options: PullOptions, sound: boolean): Promise<void> {
    const filled = filledTarget(wanted);
    const target = await checkedTarget(filled, rules, options.signal);
    if (options.signal.aborted) return;
    // The key was looked at in the preflight only: ffmpeg itself takes whatever certificate it meets.
    if (/^rtsps:/i.test(target.url)) options.report.quirk?.('tls_unverified');
    const input = { ...target, timeoutMs: socketTimeoutMs, udp: options.hints.udp };
    const firstKeyframe = new FirstKeyframe({ pull: options, monotonicMs: () => clock.monotonicMs() });
    const stream = new FfmpegStream(clock, options, firstKeyframe);
    const failed: { error?: unknown } = {};
    const secrets = [target.password, addressWithCredentials(input)];
    const child = ffmpeg.start({
      args: fragmentArguments({ fragmentMs, lookMs: keyframeWaitMs, sound }),
      stdin: concatScript(input, { lookMs: keyframeWaitMs }),
      onStderrLine: (line) => firstKeyframe.said(line),
      // Lines name addresses as it was given them, as they were before, and in parts.
      secrets: filled === wanted ? secrets : [target.url, filled.url, ...writtenForms(filled.password), ...secrets],
      onStdout: (chunk) => {
        if (failed.error !== undefined) return;
        try {
          stream.push(chunk);
        } catch (error) {
          failed.error = error;
          void child.stop();
        }
      },
    });
    const onAbort = () => void child.stop();
    options.signal.addEventListener('abort', onAbort, { once: true });
    if (options.signal.aborted) onAbort();
    const ticker = setInterval(() => firstKeyframe.tick(), tickMs);
    try {
      const exit = await child.exited;
      if (failed.error === undefined) stream.end();
      if (failed.error instanceof IngestFailure || failed.error instanceof OtherSound) throw failed.error;
      if (failed.error !== undefined)
        throw new IngestFailure('engine_failed', errorMessage(failed.error).slice(0, 200));
      if (options.signal.aborted) return;
      // Also an exit without complaint is a loss: a camera's stream has no end.
      const failure = stderrFailure(exit.stderr, stream.framesCame);
      if (sound && !stream.framesCame && failure.reason === 'not_video') {
        const encoding = refusedSound(exit.stderr);
        if (encoding !== undefined) options.report.sound?.(encoding);
        throw new OtherSound(failure.detail);
      }
      throw failure;
    } catch (error) {
      if (error instanceof IngestFailure || error instanceof OtherSound) throw error;
      const isMissing = isAppError(error) && error.code === 'ffmpeg_missing';
      if (isMissing) throw new IngestFailure('engine_missing', 'ffmpeg is missing on this recorder');
      throw new IngestFailure('engine_failed', isAppError(error) ? error.message.slice(0, 200) : 'ffmpeg failed');
    } finally {
      clearInterval(ticker);
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    engine: 'ffmpeg',
    ...(isUsable === undefined ? {} : { isUsable }),
    // A child that looks at a stream before it writes, perhaps beside many others.
    startupMs: 15_000,
    keyframeWaitMs,
    async pull(target: StreamTarget, options: PullOptions): Promise<void> {
      try {
        await run(target, options, target.audio && !soundless.has(target.url));
      } catch (error) {
        if (!(error instanceof OtherSound)) throw error;
        if (soundless.size >= mostSoundless) soundless.clear();
        soundless.add(target.url);
        await run(target, options, false);
      }
    },
  };
}
