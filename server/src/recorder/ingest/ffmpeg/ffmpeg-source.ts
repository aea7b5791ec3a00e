// The ffmpeg engine: one child a stream that copies video into fragments, for cameras that the native engine cannot
// take (UDP only, RTSP over TLS). Its wall time is that of its prft boxes; design/time.md says how exact that is.
import type { Clock } from '../../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../../lib/errors.js';
import type { InitSegment } from '../../../lib/fragment.js';
import { BoxStream } from '../../../lib/isobmff/boxes.js';
import { decoderConfiguration, hasVideo, parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults, type ParsedMoof, type SampleDefaults } from '../../../lib/isobmff/moof.js';
import { addressWithCredentials, concatScript, fragmentArguments } from '../../../platform/ffmpeg/stream-arguments.js';
import type { Ffmpeg } from '../../../platform/ffmpeg/ffmpeg.js';
import type { FragmentSource, PullOptions, StreamTarget } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import { RunClock, TimeAnchor } from '../time-anchor.js';
import { stderrFailure } from './stderr-reason.js';

const fragmentMs = 1000;
const socketTimeoutMs = 8000;
const ntpOffsetSeconds = 2_208_988_800;
/** prft flags of a time that comes from the camera's sender reports; others are the child's own clock at writing. */
const capturedFlags = 24;

/** UTC of a `prft` that ffmpeg took from RTCP; undefined for its own clock. */
export function capturedAtMs(prft: Buffer | undefined): number | undefined {
  if (prft === undefined || prft.length < 28 || (prft.readUInt32BE(8) & 0xffffff) !== capturedFlags) return undefined;
  return (prft.readUInt32BE(16) - ntpOffsetSeconds) * 1000 + (prft.readUInt32BE(20) / 2 ** 32) * 1000;
}

/** Whether a keyframe brings a sequence parameter set that the init segment does not hold. */
export function hasOtherParameters(bytes: Buffer, moof: ParsedMoof, init: InitSegment): boolean {
  const sample = moof.samples[0];
  if (sample?.isSync !== true) return false;
  const { sampleEntry, record } = decoderConfiguration(init.bytes);
  const isSps = sampleEntry.startsWith('avc')
    ? (first: number) => (first & 31) === 7
    : (first: number) => ((first >> 1) & 63) === 33;
  for (let at = sample.offset; at + 4 < sample.offset + sample.size;) {
    const length = bytes.readUInt32BE(at);
    const nal = bytes.subarray(at + 4, Math.min(at + 4 + length, sample.offset + sample.size));
    if (nal.length > 0 && isSps(nal[0]!) && !record.includes(nal)) return true;
    at += 4 + length;
  }
  return false;
}

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
  private run = 0;
  framesCame = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: PullOptions,
  ) {}

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
    if (!hasVideo(initBytes)) throw new IngestFailure('not_video', 'no H.264 or H.265 video in the stream');
    this.init = parseInitSegment(initBytes);
    this.defaults = parseTrackDefaults(initBytes, this.init.trackId);
    this.anchor = new TimeAnchor(this.init.timescale);
    this.clockOfRun = undefined;
  }

  private fragment(bytes: Buffer): void {
    const { init, anchor } = this;
    if (init === undefined || anchor === undefined) throw new IngestFailure('engine_failed', 'ffmpeg wrote no header');
    const moof = parseMoof(bytes, this.defaults);
    const [first, second] = moof.samples;
    if (first === undefined) return;
    if (hasOtherParameters(bytes, moof, init)) throw new IngestFailure('stream_ended', 'the stream changed its format');
    this.framesCame = true;
    this.options.onFrame();
    const base = Number(moof.baseMediaDecodeTime);
    const durationTicks = moof.samples.reduce((sum, { duration }) => sum + duration, 0);
    anchor.observeArrival(base + durationTicks, this.clock.nowMs());
    const capturedMs = capturedAtMs(this.prft);
    // The parser hands the time of the packet that ended a picture to that picture: it is the next one's.
    if (capturedMs !== undefined && second !== undefined)
      anchor.observeSenderReport(base + first.duration + second.compositionOffset, capturedMs);
    const offsetMs = anchor.clockOffsetMs();
    if (offsetMs !== undefined) this.options.onClockOffset(offsetMs);
    const start = this.place(base, first.isSync);
    this.options.onFragment({
      init,
      bytes,
      independent: first.isSync,
      startAtMs: start.atMs,
      durationMs: (durationTicks * 1000) / init.timescale,
      baseMediaDecodeTime: moof.baseMediaDecodeTime,
      sampleCount: moof.samples.length,
      timeSource: start.timeSource,
      run: this.run,
    });
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

export function createFfmpegSource({ clock, ffmpeg }: { clock: Clock; ffmpeg: Ffmpeg }): FragmentSource {
  return {
    engine: 'ffmpeg',
    // A child that looks at a stream before it writes, perhaps beside many others.
    startupMs: 15_000,
    async pull(target: StreamTarget, options: PullOptions): Promise<void> {
      const input = { ...target, timeoutMs: socketTimeoutMs };
      const stream = new FfmpegStream(clock, options);
      const failed: { error?: unknown } = {};
      const child = ffmpeg.start({
        args: fragmentArguments({ fragmentMs }),
        stdin: concatScript(input),
        secrets: [target.password, addressWithCredentials(input)],
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
      try {
        const exit = await child.exited;
        if (failed.error instanceof IngestFailure) throw failed.error;
        if (failed.error !== undefined)
          throw new IngestFailure('engine_failed', errorMessage(failed.error).slice(0, 200));
        // Also an exit without complaint is a loss: a camera's stream has no end.
        if (!options.signal.aborted) throw stderrFailure(exit.stderr, stream.framesCame);
      } catch (error) {
        if (error instanceof IngestFailure) throw error;
        throw new IngestFailure('engine_failed', isAppError(error) ? error.message.slice(0, 200) : 'ffmpeg failed');
      } finally {
        options.signal.removeEventListener('abort', onAbort);
      }
    },
  };
}
