// What one connection of the native engine brings: packets in, fragments and facts about the stream out.
import type { Clock } from '../../../lib/clock.js';
import type { Fragment } from '../../../lib/fragment.js';
import { FrozenPicture, type PictureMotion } from '../frozen-picture.js';
import type { PullOptions } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import { KeyframeWatch } from '../keyframe-watch.js';
import { TimeAnchor } from '../time-anchor.js';
import type { BlockPool } from './block-pool.js';
import { Depacketizer, type AccessUnit } from './depacketizer.js';
import { MediaClock } from './media-clock.js';
import { buildInitSegment, timescale } from './mp4-writer.js';
import { PictureTimeline } from './picture-timeline.js';
import { readRtcp, type SenderReport } from './rtcp.js';
import { TimestampUnwrapper } from './rtp-packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import type { TrackName } from './rtsp-session.js';
import type { ReadPicture } from './picture-reader.js';
import { PictureRecorder } from './picture-recorder.js';
import type { SessionMedia } from './session-description.js';
import { SoundStream } from './sound-stream.js';
import { nalRole } from './video-codec.js';

const badTimestampsMs = 60_000;
const noKeyframeMs = 8000;
/** Longer than the longest group of pictures that is usual: over a minute, with "smart codecs". */
const noKeyframeAtAllMs = 75_000;
/** Cameras with short groups of pictures need not be asked. */
const askKeyframeMs = 1000;
const receiverReportMs = 5000;
export interface NativeStreamOptions {
  readonly media: SessionMedia;
  readonly audio: boolean;
  readonly clock: Clock;
  readonly pull: PullOptions;
  /** Where the memory of the pictures and fragments comes from; may be shared by many streams. */
  readonly pool?: BlockPool;
  /** Sends RTCP back to the camera. */
  readonly sendRtcp: (track: TrackName, packet: Buffer) => void;
}

export class NativeStream {
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: Depacketizer;
  private readonly receiver: RtpReceiver;
  private readonly anchor = new TimeAnchor(timescale);
  private readonly frozen: FrozenPicture;
  private readonly keyframes = new KeyframeWatch();
  private sound: SoundStream | undefined;
  private soundReceiver: RtpReceiver | undefined;
  private readonly mediaClock: MediaClock;
  private readonly pictures: PictureRecorder;
  private readonly timeline: PictureTimeline;
  private badTimestampsUntil: number | undefined;
  private firstPictureAt: number | undefined;
  private keyframeSeen = false;
  private askedAt = -Infinity;
  private shownNoKeyframe = false;
  private motion: PictureMotion = 'moving';
  private nextReportAt: number;
  private counted = { received: 0, lost: 0 };
  private epoch: number;
  private monotonicMs: number;

  constructor(private readonly options: NativeStreamOptions) {
    const { media, clock, pull } = options;
    const { video } = media;
    this.frozen = new FrozenPicture(pull.proveStill);
    this.mediaClock = new MediaClock(video.clockRate);
    this.monotonicMs = clock.monotonicMs();
    this.nextReportAt = this.monotonicMs + receiverReportMs * Math.random();
    this.epoch = pull.recordedClock.epoch;
    this.timeline = new PictureTimeline({
      anchor: this.anchor,
      onJump: (seconds) => this.timeJumped(seconds),
      onOddStamp: (kind) => pull.report.quirk?.(kind === 'shared' ? 'shared_time_stamps' : 'outlying_time_stamps'),
    });
    this.depacketizer = new Depacketizer({
      codec: video.codec,
      timestamps: this.timestamps,
      onUnit: (unit) => this.accept(unit),
      pool: options.pool,
      hasOrderNumbers: video.hasOrderNumbers,
      onStartCodes: () => pull.report.quirk?.('start_codes'),
    });
    this.receiver = new RtpReceiver({
      ...video,
      onPacket: (packet) => this.depacketizer.push(packet),
      onPayloadType: () => pull.report.quirk?.('payload_type'),
      onLoss: () => this.depacketizer.lose(),
      onSourceChange: () => {
        this.depacketizer.finish();
        this.timeline.sourceChanges();
      },
    });
    this.pictures = new PictureRecorder({
      ...{ codec: video.codec, anchor: this.anchor, nextRun: pull.nextRun },
      ...{ parts: pull.parts, pool: options.pool, habits: pull.hints.habits },
      onFragment: (fragment) => this.emit(fragment),
      onHabits: (habits) => pull.report.habits?.(habits),
      onParametersMade: () => pull.report.quirk?.('no_video_parameters'),
      soundOf: (track) => this.sound?.soundFor(buildInitSegment(track, this.sound.format)),
    });
    this.pictures.read(video.parameterSets);
    for (const nal of video.parameterSets) if (nalRole(video.codec, nal) === 'sps') this.depacketizer.learn(nal);
    pull.report.codec(video.codec);
    if (video.hasOrderNumbers === true) pull.report.quirk?.('order_numbers');
    if (options.audio && media.audio !== undefined) this.prepareSound(media.audio);
  }

  /** Whether the camera's sound can be recorded and is wanted. */
  get wantsSound(): boolean {
    return this.sound !== undefined;
  }

  /** The camera does not send its sound after all. */
  withoutSound(): void {
    this.sound = undefined;
    this.soundReceiver = undefined;
  }

  private prepareSound(media: NonNullable<SessionMedia['audio']>): void {
    const { clock, pull } = this.options;
    this.sound = SoundStream.of({
      media,
      videoAnchor: this.anchor,
      nowMs: () => pull.recordedClock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
    });
    const ignore = () => undefined;
    if (this.sound !== undefined)
      this.soundReceiver = new RtpReceiver({ ...media, onPacket: ignore, onLoss: ignore, onSourceChange: ignore });
  }

  /**
   * Bytes [from, to), lent until `settle`; those of pictures may be changed.
   * @throws IngestFailure when the stream has come to its end or makes no sense
   */
  packet(track: TrackName, isRtcp: boolean, bytes: Buffer, from = 0, to = bytes.length): void {
    this.monotonicMs = this.options.clock.monotonicMs();
    if (isRtcp) {
      if (track === 'video') this.videoRtcp(bytes.subarray(from, to));
      else this.soundRtcp(bytes.subarray(from, to));
    } else if (track === 'video') this.receiver.push(bytes, this.monotonicMs, from, to);
    else {
      this.soundReceiver?.push(bytes, this.monotonicMs, from, to);
      this.sound?.rtp(bytes.subarray(from, to));
    }
  }

  /** The bytes of the packets so far will be used again. */
  settle(): void {
    this.depacketizer.settle();
  }

  private videoRtcp(bytes: Buffer): void {
    readRtcp(bytes, {
      onSenderReport: (report) => {
        if (!this.receiver.isAbout(report.ssrc)) return;
        this.receiver.senderReported(report, this.monotonicMs);
        this.observeReport(report);
      },
      onBye: (ssrcs) => {
        if (ssrcs.length === 0 || ssrcs.some((ssrc) => this.receiver.isAbout(ssrc)))
          throw new IngestFailure('stream_ended', 'the camera said goodbye (RTCP BYE)');
      },
    });
  }

  private soundRtcp(bytes: Buffer): void {
    readRtcp(bytes, {
      onSenderReport: (report) => {
        this.soundReceiver?.senderReported(report, this.monotonicMs);
        if (report.utcMs !== undefined) this.sound?.report(report.rtpTimestamp, report.utcMs);
      },
      onBye: () => undefined, // the sound alone ended
    });
  }

  private observeReport({ rtpTimestamp, utcMs }: SenderReport): void {
    const ticks = this.timeline.ticksOf(this.mediaClock.ticksOf(this.timestamps.peek(rtpTimestamp)));
    if (utcMs !== undefined && ticks !== undefined) this.anchor.observeSenderReport(ticks, utcMs);
  }

  /** Called twice a second. @throws IngestFailure where another engine may do better */
  tick(): void {
    const now = this.options.clock.monotonicMs();
    this.monotonicMs = now;
    this.receiver.flushLate(now);
    this.pictures.flushLate(now);
    this.countPackets();
    this.watchKeyframes();
    if (this.badTimestampsUntil !== undefined && now >= this.badTimestampsUntil) {
      this.badTimestampsUntil = undefined;
      this.anchor.believesReports = true;
      this.options.pull.report.trouble('bad_timestamps', undefined);
    }
    if (now < this.nextReportAt) return;
    // RFC 3550 6.2: not all at once.
    this.nextReportAt = now + receiverReportMs * (0.5 + Math.random());
    this.sendReport('video', this.receiver);
    this.sendReport('audio', this.soundReceiver);
  }

  private sendReport(track: TrackName, receiver: RtpReceiver | undefined): void {
    const report = receiver?.report(this.monotonicMs);
    if (report !== undefined) this.options.sendRtcp(track, report);
  }

  private countPackets(): void {
    const { receivedPackets: received, lostPackets: lost } = this.receiver;
    if (received !== this.counted.received || lost !== this.counted.lost)
      this.options.pull.report.packets(received - this.counted.received, lost - this.counted.lost);
    this.counted = { received, lost };
  }

  /** The connection is over: what came is kept. */
  end(): void {
    this.depacketizer.end();
    this.pictures.end();
    this.countPackets();
  }

  private accept(unit: AccessUnit): void {
    const picture = this.pictures.read(unit.nals);
    if (picture === undefined) return;
    const { report, recordedClock } = this.options.pull;
    report.frame();
    this.firstPictureAt ??= this.monotonicMs;
    if (recordedClock.epoch !== this.epoch) {
      // Instants go on as they were up to the next keyframe, where the new base makes a new run.
      this.epoch = recordedClock.epoch;
      this.pictures.flush();
      this.anchor.forgetArrivals();
      this.sound?.forgetArrivals();
      this.timeline.clockChanges(recordedClock.nowMs());
    }
    const nowMs = recordedClock.nowMs();
    if (picture.isKey || picture.recoveryPictures !== undefined) this.followRate(unit.ticks);
    const ticks = this.timeline.place(this.mediaClock.ticksOf(unit.ticks), unit.again, nowMs);
    this.anchor.observeArrival(ticks, nowMs);
    const isKey = this.pictures.begin(picture, ticks);
    this.watchMotion(picture, isKey);
    if (this.pictures.isRecording) this.watchFurtherKeyframes(isKey);
    else this.watchKeyframes();
    this.pictures.push(picture, isKey, ticks, this.monotonicMs);
  }

  /** Where the camera's clock turned out to run at another rate, media time is counted by that from here on. */
  private followRate(timestamp: number): void {
    const rate = this.anchor.foundRate();
    const ticks = this.timeline.ticksOf(this.mediaClock.ticksOf(timestamp));
    if (rate === undefined || ticks === undefined) return;
    this.pictures.flush();
    this.anchor.rescale(ticks, rate);
    this.mediaClock.rescale(timestamp, rate);
  }

  /** `seconds`: by how much the camera's time stamps jumped; undefined where another sender has others. */
  private timeJumped(seconds: number | undefined): void {
    const { anchor } = this;
    this.pictures.beginNewRun();
    anchor.forgetReports();
    if (seconds === undefined) return;
    this.badTimestampsUntil = this.monotonicMs + badTimestampsMs;
    anchor.believesReports = false;
    this.options.pull.report.trouble('bad_timestamps', `the camera's time stamps jumped by ${seconds} s`);
  }

  /** Where no picture came yet from which decoding could begin: ask for one, say so, leave it to another engine. */
  private watchKeyframes(): void {
    if (this.pictures.isRecording || this.firstPictureAt === undefined) return;
    const waitedMs = this.monotonicMs - this.firstPictureAt;
    if (waitedMs >= askKeyframeMs) this.askKeyframe();
    if (waitedMs < noKeyframeMs) return;
    if (waitedMs >= noKeyframeAtAllMs && !this.keyframeSeen && this.options.pull.hints.otherWithoutKeyframes)
      throw new IngestFailure('no_keyframe', `no keyframe within ${noKeyframeAtAllMs / 1000} s of pictures`, {
        because: 'no_keyframe',
      });
    this.showNoKeyframe(this.keyframeSeen ? 'keyframes come without parameter sets' : 'pictures come, but no keyframe');
  }

  /** Where they came and stay away: recording goes on, but nobody can begin to look at it. */
  private watchFurtherKeyframes(isKey: boolean): void {
    const state = this.keyframes.picture(isKey, this.monotonicMs);
    if (state !== 'fine') this.askKeyframe();
    this.showNoKeyframe(state === 'missing' ? 'pictures go on, but no keyframe comes any more' : undefined);
  }

  private showNoKeyframe(detail: string | undefined): void {
    if (this.shownNoKeyframe === (detail !== undefined)) return;
    this.shownNoKeyframe = detail !== undefined;
    this.options.pull.report.trouble('no_keyframe', detail);
  }

  private askKeyframe(): void {
    if (this.monotonicMs - this.askedAt < receiverReportMs) return;
    this.askedAt = this.monotonicMs;
    this.options.pull.requestKeyframe();
  }

  private watchMotion({ slices, sliceBytes }: ReadPicture, isKey: boolean): void {
    const { init } = this.pictures;
    if (isKey && init !== undefined) this.frozen.setSize(init.width, init.height);
    this.keyframeSeen ||= isKey;
    const before = this.motion;
    this.motion = isKey
      ? this.frozen.key(slices, this.monotonicMs)
      : this.frozen.picture(slices.length, sliceBytes, this.monotonicMs);
    if (this.motion === 'suspicious' && before !== 'suspicious') this.askKeyframe();
    if ((this.motion === 'frozen') === (before === 'frozen')) return;
    const detail = this.motion === 'frozen' ? 'the picture does not change any more' : undefined;
    this.options.pull.report.trouble('picture_frozen', detail);
  }

  private emit(fragment: Fragment): void {
    const { report, onFragment } = this.options.pull;
    report.time(this.anchor.clockOffsetMs(), fragment.timeSource, this.anchor.errorMs() ?? 0);
    report.audio(fragment.init !== this.pictures.init);
    onFragment(fragment);
  }
}
