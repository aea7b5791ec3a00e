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
import { buildInitSegment, timescale } from './mp4-writer.js';
import { readRtcp, type SenderReport } from './rtcp.js';
import { TimestampUnwrapper } from './rtp-packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import type { TrackName } from './rtsp-session.js';
import { pictureSetId } from './sequence-parameters.js';
import type { SessionMedia } from './session-description.js';
import { nalRole, type VideoCodec } from './video-codec.js';

/** Pictures are reordered by less; a time stamp that goes back further has jumped. */
const backTicks = 2 * timescale;
/** A pause between two frames … */
const pauseTicks = 2 * timescale;
/** … has not passed if its end lies so far in the future: the time stamps jumped. */
const futureMs = 2000;
const badTimestampsMs = 60_000;
const noKeyframeMs = 8000;
/** Longer than the longest group of pictures that is usual: over a minute, with "smart codecs". */
const noKeyframeAtAllMs = 75_000;
/** Cameras with short groups of pictures need not be asked. */
const askKeyframeMs = 1000;
const receiverReportMs = 5000;
const maxParameterSetBytes = 4096;
const maxParameterSets = 8;

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

type Sets = Record<'vps' | 'sps' | 'pps', Buffer[]>;

/** PPS of other ids; undefined where `nal` is damaged. SPS are one at a time: an init segment names one size. */
function othersThan(codec: VideoCodec, nal: Buffer, known: readonly Buffer[]): Buffer[] | undefined {
  try {
    const id = pictureSetId(codec, nal);
    return known.filter((one) => pictureSetId(codec, one) !== id);
  } catch {
    return undefined; // the camera repeats it
  }
}

export class NativeStream {
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: Depacketizer;
  private readonly receiver: RtpReceiver;
  private readonly anchor = new TimeAnchor(timescale);
  private readonly frozen: FrozenPicture;
  private readonly keyframes = new KeyframeWatch();
  private sound: AacStream | undefined;
  private soundReceiver: RtpReceiver | undefined;
  private sets: Sets = { vps: [], sps: [], pps: [] };
  private setsChanged = true;
  private fragmenter: Fragmenter | undefined;
  private init: InitSegment | undefined;
  /** The newest picture: its place on the timeline that goes on, and when it came. */
  private last: { ticks: number; atMs: number } | undefined;
  /** Added to the camera's time stamps, so that the timeline goes on where they jumped. */
  private shiftTicks = 0;
  private sourceChanged = false;
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
    this.monotonicMs = clock.monotonicMs();
    this.nextReportAt = this.monotonicMs + receiverReportMs * Math.random();
    this.epoch = pull.recordedClock.epoch;
    const onUnit = (unit: AccessUnit) => this.accept(unit);
    this.depacketizer = new Depacketizer(video.codec, this.timestamps, onUnit, options.pool);
    this.receiver = new RtpReceiver({
      ...video,
      onPacket: (packet) => this.depacketizer.push(packet),
      onLoss: () => this.depacketizer.lose(),
      onSourceChange: () => {
        this.depacketizer.finish();
        this.sourceChanged = true;
      },
    });
    for (const nal of video.parameterSets) this.keepSet(nal);
    pull.report.codec(video.codec);
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
    if (utcMs === undefined || this.sourceChanged) return;
    const ticks = this.toTicks(this.timestamps.peek(rtpTimestamp)) + this.shiftTicks;
    this.anchor.observeSenderReport(ticks, utcMs);
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
    this.depacketizer.finish();
    this.endRun();
    this.countPackets();
  }

  private endRun(): void {
    this.fragmenter?.flush(undefined);
    this.fragmenter = undefined;
  }

  /** True for a parameter set. A new one replaces the one of its id. */
  private keepSet(nal: Buffer): boolean {
    const { codec } = this.options.media.video;
    const role = nalRole(codec, nal);
    if (role !== 'vps' && role !== 'sps' && role !== 'pps') return false;
    const known = this.sets[role];
    if (nal.length > maxParameterSetBytes || known.some((one) => one.equals(nal))) return true;
    const others = role === 'pps' ? othersThan(codec, nal, known) : [];
    if (others === undefined) return true;
    // Not in place: what goes before stays whole where the new ones turn out to be damaged.
    this.sets = { ...this.sets, [role]: [...others.slice(1 - maxParameterSets), Buffer.from(nal)] };
    if (role === 'sps') this.sets.pps = [];
    this.setsChanged = true;
    return true;
  }

  private accept(unit: AccessUnit): void {
    const { video } = this.options.media;
    const nals: Buffer[] = [];
    let isKey = false;
    let slices = 0;
    let sliceBytes = 0;
    for (const nal of unit.nals) {
      const role = nalRole(video.codec, nal);
      if (role === 'dropped') continue;
      if (role === 'key' || role === 'picture') {
        isKey ||= role === 'key';
        slices += 1;
        sliceBytes += nal.length;
      } else if (role !== 'other') {
        this.keepSet(nal);
        continue;
      }
      nals.push(nal);
    }
    if (slices === 0) return;
    const { report, recordedClock } = this.options.pull;
    report.frame();
    this.firstPictureAt ??= this.monotonicMs;
    if (recordedClock.epoch !== this.epoch) {
      // Instants go on as they were up to the next keyframe, where the new base makes a new run.
      this.epoch = recordedClock.epoch;
      this.fragmenter?.flush(undefined);
      this.anchor.forgetArrivals();
      this.sound?.forgetArrivals();
      if (this.last !== undefined) this.last.atMs = recordedClock.nowMs();
    }
    const nowMs = recordedClock.nowMs();
    const ticks = this.place(this.toTicks(unit.ticks) + this.shiftTicks, nowMs);
    this.anchor.observeArrival(ticks, nowMs);
    if (isKey) this.beginAtKey();
    this.watchMotion(isKey, nals, slices, sliceBytes);
    if (this.fragmenter === undefined) this.watchKeyframes();
    else {
      this.watchFurtherKeyframes(isKey);
      this.fragmenter.push({ ticks, nals, isKey }, this.monotonicMs);
    }
  }

  /** Puts a time stamp on the timeline that goes on; one that jumped comes as long after the last as it arrived. */
  private place(ticks: number, nowMs: number): number {
    const { last, anchor } = this;
    const step = last === undefined ? 0 : ticks - last.ticks;
    const jumped =
      last !== undefined &&
      (this.sourceChanged ||
        step < -backTicks ||
        (step > pauseTicks && (anchor.earliestArrivalMs(ticks) ?? nowMs) - nowMs > futureMs));
    if (!jumped) {
      if (last === undefined || step > 0) this.last = { ticks, atMs: nowMs };
      return ticks;
    }
    const elapsedTicks = Math.max(1, Math.round(((nowMs - last.atMs) * timescale) / 1000));
    const placed = last.ticks + elapsedTicks;
    this.shiftTicks += placed - ticks;
    this.last = { ticks: placed, atMs: nowMs };
    this.newRunAtKey = true;
    anchor.forgetReports();
    if (!this.sourceChanged) {
      const seconds = Math.round((step - elapsedTicks) / timescale);
      this.badTimestampsUntil = this.monotonicMs + badTimestampsMs;
      anchor.believesReports = false;
      this.options.pull.report.trouble('bad_timestamps', `the camera's time stamps jumped by ${seconds} s`);
    }
    this.sourceChanged = false;
    return placed;
  }

  private beginAtKey(): void {
    if (this.setsChanged) this.useSets();
    if (this.newRunAtKey) {
      this.newRunAtKey = false;
      this.endRun();
    }
    if (this.fragmenter !== undefined || this.init === undefined) return;
    const { pull } = this.options;
    const { sound, init } = this;
    this.fragmenter = new Fragmenter({
      init,
      ...(sound === undefined
        ? {}
        : { sound: sound.soundFor(buildInitSegment(this.options.media.video.codec, this.sets, sound.format)) }),
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

  private watchMotion(isKey: boolean, nals: readonly Buffer[], slices: number, sliceBytes: number): void {
    const { codec } = this.options.media.video;
    this.keyframeSeen ||= isKey;
    const before = this.motion;
    this.motion = isKey
      ? this.frozen.key(
          nals.filter((nal) => nalRole(codec, nal) !== 'other'),
          this.monotonicMs,
        )
      : this.frozen.picture(slices, sliceBytes, this.monotonicMs);
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

  private useSets(): void {
    const { codec } = this.options.media.video;
    const { vps, sps, pps } = this.sets;
    if (sps.length === 0 || pps.length === 0 || (codec === 'h265' && vps.length === 0)) return;
    this.setsChanged = false;
    let init: InitSegment;
    try {
      init = buildInitSegment(codec, this.sets);
    } catch (error) {
      // Damaged on the way: what was recorded so far goes on, and the camera repeats them.
      if (this.init !== undefined) return;
      throw error instanceof IngestFailure ? error : new IngestFailure('bad_answer', errorMessage(error).slice(0, 200));
    }
    if (init.id === this.init?.id) return;
    this.endRun();
    this.init = init;
  }
}
