// The sound of one connection: RTP in, what belongs to a fragment out. Nothing that goes wrong here reaches the picture.
import type { InitSegment } from '../../../lib/fragment.js';
import type { TimeAnchor } from '../time-anchor.js';
import { AacDepacketizer, aacPayloadOf } from './aac-depacketizer.js';
import { G711Depacketizer, g711FormatOf } from './g711-depacketizer.js';
import { emptyPacket, parseRtp, TimestampUnwrapper, type RtpPacket } from './rtp-packet.js';
import type { FragmentSound } from './fragmenter.js';
import type { AudioMedia } from './session-description.js';
import { SoundTimeline, type SoundUnit } from './sound-timeline.js';
import type { SoundFormat } from '../../../lib/isobmff/sound-track.js';

export interface SoundStreamOptions {
  readonly media: AudioMedia;
  /** Of the picture, whose timeline counts. */
  readonly videoAnchor: TimeAnchor;
  /** UTC of arrival, as the picture's anchor is told it. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** Packets of one encoding to units. */
interface SoundDepacketizer {
  /** Packets that were missing in the sequence. */
  readonly lostPackets: number;
  push(packet: RtpPacket): void;
}

interface Recorded {
  readonly format: SoundFormat;
  depacketizer(timestamps: TimestampUnwrapper, onUnit: (unit: SoundUnit) => void): SoundDepacketizer;
}

/** Undefined for sound that cannot be recorded. Never throws. */
function recordedOf(media: AudioMedia): Recorded | undefined {
  const g711 = g711FormatOf(media);
  if (g711 !== undefined)
    return {
      format: g711,
      depacketizer: (timestamps, onUnit) => new G711Depacketizer(g711.channels, timestamps, onUnit),
    };
  const aac = media.encoding === 'MPEG4-GENERIC' ? aacPayloadOf(media) : undefined;
  if (aac === undefined) return undefined;
  return {
    format: { codec: 'aac', config: aac.config, clockRate: aac.clockRate },
    depacketizer: (timestamps, onUnit) => new AacDepacketizer(aac, timestamps, onUnit),
  };
}

export class SoundStream {
  /** For buildInitSegment. */
  readonly format: SoundFormat;
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: SoundDepacketizer;
  private readonly timeline: SoundTimeline;

  private constructor(
    private readonly options: SoundStreamOptions,
    recorded: Recorded,
  ) {
    this.format = recorded.format;
    this.timeline = new SoundTimeline({
      clockRate: this.format.clockRate,
      videoAnchor: options.videoAnchor,
      monotonicMs: options.monotonicMs(),
    });
    this.depacketizer = recorded.depacketizer(this.timestamps, (unit) => {
      this.timeline.push(unit, options.nowMs(), options.monotonicMs());
    });
  }

  /** Undefined for sound that cannot be recorded: then there is none, and nothing to SETUP. */
  static of(options: SoundStreamOptions): SoundStream | undefined {
    const recorded = recordedOf(options.media);
    return recorded === undefined ? undefined : new SoundStream(options, recorded);
  }

  /** Sound comes or is still expected. */
  get flowing(): boolean {
    return this.timeline.isFlowing(this.options.monotonicMs());
  }

  get lostPackets(): number {
    return this.depacketizer.lostPackets;
  }

  rtp(bytes: Buffer): void {
    const packet = emptyPacket();
    if (parseRtp(packet, bytes) && packet.start < packet.end && packet.payloadType === this.options.media.payloadType)
      this.depacketizer.push(packet);
  }

  /** The camera's sender report of this stream: its timestamp and the instant, UTC in ms. */
  report(rtpTimestamp: number, utcMs: number): void {
    this.timeline.observeSenderReport(this.timestamps.peek(rtpTimestamp), utcMs);
  }

  /** Instants of arrival are counted from another base from now on: the picture's anchor was told so too. */
  forgetArrivals(): void {
    this.timeline.forgetArrivals();
  }

  /** For a Fragmenter; `init` has both tracks. */
  soundFor(init: InitSegment): FragmentSound {
    const { timeline } = this;
    return {
      init,
      isFlowing: (monotonicMs) => timeline.isFlowing(monotonicMs),
      take: (run, zeroTicks, startTicks, endTicks) => timeline.take(run, zeroTicks, startTicks, endTicks),
      skip: (endTicks) => timeline.skip(endTicks),
    };
  }
}
