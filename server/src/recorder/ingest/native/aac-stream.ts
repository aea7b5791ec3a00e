// The sound of one connection: RTP in, what belongs to a fragment out. Nothing that goes wrong here reaches the picture.
import type { InitSegment } from '../../../lib/fragment.js';
import type { TimeAnchor } from '../time-anchor.js';
import { AacDepacketizer, aacPayloadOf, type AacPayload } from './aac-depacketizer.js';
import { AacTimeline } from './aac-timeline.js';
import type { AacFormat } from './aac-track.js';
import { emptyPacket, parseRtp, TimestampUnwrapper } from './rtp-packet.js';
import type { FragmentSound } from './fragmenter.js';
import type { AudioMedia } from './session-description.js';

export interface AacStreamOptions {
  readonly media: AudioMedia;
  /** Of the picture, whose timeline counts. */
  readonly videoAnchor: TimeAnchor;
  /** UTC of arrival, as the picture's anchor is told it. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

export class AacStream {
  /** For buildInitSegment. */
  readonly format: AacFormat;
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: AacDepacketizer;
  private readonly timeline: AacTimeline;

  private constructor(
    private readonly options: AacStreamOptions,
    payload: AacPayload,
  ) {
    this.format = payload;
    this.timeline = new AacTimeline({
      clockRate: payload.clockRate,
      unitTicks: payload.unitTicks,
      videoAnchor: options.videoAnchor,
      monotonicMs: options.monotonicMs(),
    });
    this.depacketizer = new AacDepacketizer(payload, this.timestamps, (unit) => {
      this.timeline.push(unit, options.nowMs(), options.monotonicMs());
    });
  }

  /** Undefined for AAC that cannot be recorded: then there is no sound, and nothing to SETUP. */
  static of(options: AacStreamOptions): AacStream | undefined {
    const payload = aacPayloadOf(options.media);
    return payload === undefined ? undefined : new AacStream(options, payload);
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
