// What one connection of the native engine brings: packets in, fragments and facts about the stream out.
import type { Clock } from '../../../lib/clock.js';
import { errorMessage } from '../../../lib/errors.js';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import { FrozenPicture, type PictureMotion } from '../frozen-picture.js';
import type { PullOptions } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import { KeyframeWatch } from '../keyframe-watch.js';
import { TimeAnchor } from '../time-anchor.js';
import { AacStream } from './aac-stream.js';
import type { BlockPool } from './block-pool.js';
import { Depacketizer, type AccessUnit } from './depacketizer.js';
import { Fragmenter } from './fragmenter.js';
import { buildInitSegment, timescale, type VideoTrackFacts } from './mp4-writer.js';
import { PictureTimeline } from './picture-timeline.js';
import { readRtcp, type SenderReport } from './rtcp.js';
import { TimestampUnwrapper } from './rtp-packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import type { TrackName } from './rtsp-session.js';
import type { SetsInUse } from './parameter-sets.js';
import { PictureReader, type ReadPicture, type SetsPlace } from './picture-reader.js';
import type { SessionMedia } from './session-description.js';
import { nalRole } from './video-codec.js';

const badTimestampsMs = 60_000;
const noKeyframeMs = 8000;
/** Longer than the longest group of pictures that is usual: over a minute, with "smart codecs". */
const noKeyframeAtAllMs = 75_000;
/** Cameras with short groups of pictures need not be asked. */
const askKeyframeMs = 1000;
/** So many keyframes without a recovery point between: the camera does without those now. */
const idrHabit = 12;
const receiverReportMs = 5000;
/** A recovery point begins a group where none came for so long: every picture may be called one … */
const leastGroupTicks = timescale / 2;
/** … and where the camera sends IDR pictures, with which every player can begin, these are enough. */
const sendsIdrTicks = 5 * timescale;

export interface NativeStreamOptions {
  readonly media: SessionMedia;
  readonly audio: boolean;
  readonly clock: Clock;
  readonly pull: PullOptions;
  /** Where the memory of the pictures and fragments comes from; may be shared by many streams. */
  readonly pool?: BlockPool;
  /** Of former connections; what this one shows is added. */
  readonly habits?: StreamHabits;
  /** Sends RTCP back to the camera. */
  readonly sendRtcp: (track: TrackName, packet: Buffer) => void;
}

/** What a sample entry was made of. */
interface Entry {
  readonly sets: SetsInUse;
  readonly place: SetsPlace;
  readonly recoveryPoints: boolean;
  readonly changes: number;
}

/** What shows only in the course of a stream, and would make the next connection's begin twice. */
export interface StreamHabits {
  setsPlace: SetsPlace;
  /** Without IDR pictures in a while. */
  recoveryPoints: boolean;
}

const isSameSequence = (a: SetsInUse, b: SetsInUse): boolean =>
  a.sps[0]!.equals(b.sps[0]!) && (a.vps[0] === undefined || b.vps[0]?.equals(a.vps[0]) === true);

export class NativeStream {
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: Depacketizer;
  private readonly receiver: RtpReceiver;
  private readonly anchor = new TimeAnchor(timescale);
  private readonly frozen: FrozenPicture;
  private readonly keyframes = new KeyframeWatch();
  private sound: AacStream | undefined;
  private soundReceiver: RtpReceiver | undefined;
  private readonly reader: PictureReader;
  private readonly habits: StreamHabits;
  /** Of the sample entry: what it was made of. */
  private entry: Entry | undefined;
  /** The newest pictures at which decoding can begin, and of them those that are IDR, ticks. */
  private begunTicks = -Infinity;
  private idrTicks = -Infinity;
  private keyframesInRow = 0;
  /** The first picture of the run, where those that are shown before it cannot be decoded. */
  private openStartTicks: number | undefined;
  private fragmenter: Fragmenter | undefined;
  private init: InitSegment | undefined;
  private readonly timeline: PictureTimeline;
  private newRunAtKey = false;
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
    this.reader = new PictureReader(video.codec);
    this.habits = options.habits ?? { setsPlace: 'entry', recoveryPoints: false };
    this.reader.expect(this.habits.setsPlace);
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
    this.reader.read(video.parameterSets);
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
    this.sound = AacStream.of({
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

  private toTicks(timestamp: number): number {
    const { clockRate } = this.options.media.video;
    return clockRate === timescale ? timestamp : Math.round((timestamp * timescale) / clockRate);
  }

  private observeReport({ rtpTimestamp, utcMs }: SenderReport): void {
    const ticks = this.timeline.ticksOf(this.toTicks(this.timestamps.peek(rtpTimestamp)));
    if (utcMs !== undefined && ticks !== undefined) this.anchor.observeSenderReport(ticks, utcMs);
  }

  /** Called twice a second. @throws IngestFailure where another engine may do better */
  tick(): void {
    const now = this.options.clock.monotonicMs();
    this.monotonicMs = now;
    this.receiver.flushLate(now);
    this.fragmenter?.flushLate(now);
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
    this.endRun();
    if (this.keyframesInRow >= idrHabit) this.habits.recoveryPoints = false;
    this.countPackets();
  }

  private endRun(): void {
    this.fragmenter?.flush(undefined);
    this.fragmenter = undefined;
  }

  private accept(unit: AccessUnit): void {
    const picture = this.reader.read(unit.nals);
    if (picture === undefined) return;
    const { report, recordedClock } = this.options.pull;
    report.frame();
    this.firstPictureAt ??= this.monotonicMs;
    if (recordedClock.epoch !== this.epoch) {
      // Instants go on as they were up to the next keyframe, where the new base makes a new run.
      this.epoch = recordedClock.epoch;
      this.fragmenter?.flush(undefined);
      this.anchor.forgetArrivals();
      this.sound?.forgetArrivals();
      this.timeline.clockChanges(recordedClock.nowMs());
    }
    const nowMs = recordedClock.nowMs();
    const ticks = this.timeline.place(this.toTicks(unit.ticks), unit.again, nowMs);
    this.anchor.observeArrival(ticks, nowMs);
    const isKey = this.isPlaceToBegin(picture, ticks);
    if (isKey) this.beginAtKey(picture, ticks);
    this.watchMotion(picture, isKey);
    const nals = this.reader.sampleOf(isKey);
    if (this.fragmenter === undefined) this.watchKeyframes();
    else {
      this.watchFurtherKeyframes(isKey);
      if (this.isUndecodable(picture, isKey, ticks)) return;
      const { isClosed, recoveryPictures = 0 } = picture;
      this.fragmenter.push(
        { ticks, nals, isKey, isOpen: !isClosed, recoveryPictures: picture.isKey ? 0 : recoveryPictures },
        this.monotonicMs,
      );
    }
  }

  private isPlaceToBegin({ isKey, isClosed, recoveryPictures }: ReadPicture, ticks: number): boolean {
    const begins =
      isKey ||
      (recoveryPictures !== undefined &&
        ticks - this.begunTicks >= leastGroupTicks &&
        ticks - this.idrTicks >= sendsIdrTicks);
    if (begins) this.begunTicks = ticks;
    if (isKey && isClosed) this.idrTicks = ticks;
    return begins;
  }

  /** A run that begins in the midst of a stream lacks what the pictures refer to that are shown before its first one. */
  private isUndecodable({ isClosed, isSkippedLeading }: ReadPicture, isKey: boolean, ticks: number): boolean {
    const { openStartTicks } = this;
    if (isKey) {
      // The first of the run it is only where nothing was decoded before.
      if (openStartTicks !== undefined && (isClosed || ticks > openStartTicks)) this.openStartTicks = undefined;
      return false;
    }
    if (openStartTicks === undefined) return false;
    return this.options.media.video.codec === 'h265' ? isSkippedLeading : ticks < openStartTicks;
  }

  /** `seconds`: by how much the camera's time stamps jumped; undefined where another sender has others. */
  private timeJumped(seconds: number | undefined): void {
    const { anchor } = this;
    this.newRunAtKey = true;
    anchor.forgetReports();
    if (seconds === undefined) return;
    this.badTimestampsUntil = this.monotonicMs + badTimestampsMs;
    anchor.believesReports = false;
    this.options.pull.report.trouble('bad_timestamps', `the camera's time stamps jumped by ${seconds} s`);
  }

  private beginAtKey({ slices, isClosed, isKey }: ReadPicture, ticks: number): void {
    const { habits, reader } = this;
    this.keyframesInRow = isKey ? this.keyframesInRow + 1 : 0;
    habits.recoveryPoints ||= !isKey;
    habits.setsPlace = reader.wantedPlace;
    reader.sets.use(slices[0]!);
    const isEntered =
      reader.sets.changes === this.entry?.changes &&
      habits.setsPlace === this.entry.place &&
      habits.recoveryPoints === this.entry.recoveryPoints;
    if (!isEntered) this.useSets();
    if (this.newRunAtKey) {
      this.newRunAtKey = false;
      this.endRun();
    }
    const { entry, sound, init } = this;
    if (this.fragmenter !== undefined || init === undefined || entry === undefined) return;
    this.openStartTicks = isClosed ? undefined : ticks;
    const { pull } = this.options;
    this.fragmenter = new Fragmenter({
      init,
      ...(sound === undefined ? {} : { sound: sound.soundFor(buildInitSegment(this.trackOf(entry), sound.format)) }),
      ...(pull.parts === undefined ? {} : { parts: pull.parts }),
      ...(this.options.pool === undefined ? {} : { pool: this.options.pool }),
      nextRun: pull.nextRun,
      anchor: this.anchor,
      onFragment: (fragment) => this.emit(fragment),
    });
    this.frozen.setSize(init.width, init.height);
  }

  /** Where no picture came yet from which decoding could begin: ask for one, say so, leave it to another engine. */
  private watchKeyframes(): void {
    if (this.fragmenter !== undefined || this.firstPictureAt === undefined) return;
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
    report.audio(fragment.init !== this.init);
    onFragment(fragment);
  }

  private trackOf({ sets, place, recoveryPoints }: Entry): VideoTrackFacts {
    return { codec: this.options.media.video.codec, sets, inBand: place !== 'entry', recoveryPoints };
  }

  private useSets(): void {
    const { reader } = this;
    const sets = reader.sets.inUse();
    if (sets === undefined) return;
    const { recoveryPoints } = this.habits;
    const entry: Entry = { sets, place: reader.wantedPlace, recoveryPoints, changes: reader.sets.changes };
    const before = this.entry;
    // With all in the samples only another sequence needs another entry.
    if (
      before?.place === 'samples' &&
      entry.place === 'samples' &&
      before.recoveryPoints === recoveryPoints &&
      isSameSequence(before.sets, sets)
    ) {
      this.entry = { ...before, changes: entry.changes };
      return;
    }
    let init: InitSegment;
    try {
      init = buildInitSegment(this.trackOf(entry));
    } catch (error) {
      // Damaged on the way: what was recorded so far goes on, and the camera repeats them.
      if (this.init !== undefined) return;
      throw error instanceof IngestFailure ? error : new IngestFailure('bad_answer', errorMessage(error).slice(0, 200));
    }
    this.entry = entry;
    if (reader.sets.isVpsMade) this.options.pull.report.quirk?.('no_video_parameters');
    if (init.id !== this.init?.id) {
      this.endRun();
      this.init = init;
    }
    reader.entered();
  }
}
