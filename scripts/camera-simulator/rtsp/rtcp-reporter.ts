import { buildSenderReport, interleave } from './rtcp.js';

const everyMs = 5000;
const none = Buffer.alloc(0);

/** Decides when a stream's next sender report is due, and counts what was sent for it. */
export class RtcpReporter {
  readonly #host: string;
  #packets = 0;
  #octets = 0;
  #reportedAtUtcMs = -Infinity;
  #reportedOffsetMs = 0;

  constructor(host: string) {
    this.#host = host;
  }

  count(packets: number, octets: number): void {
    this.#packets += packets;
    this.#octets += octets;
  }

  /**
   * The report that goes before a packet of that instant, framed, or nothing: every 5 s, and at once when the camera's
   * clock was set. It speaks of that packet, so that the mapping from RTP time to the camera's clock is exact.
   */
  due(instant: {
    utcMs: number;
    clockOffsetMs: number;
    rtpTimestamp: number;
    ssrc: number;
    channel: number;
    wholeSeconds?: boolean;
  }): Buffer {
    const { utcMs, clockOffsetMs, rtpTimestamp, ssrc, channel, wholeSeconds = false } = instant;
    const elapsedMs = utcMs - this.#reportedAtUtcMs;
    if (elapsedMs >= 0 && elapsedMs < everyMs && clockOffsetMs === this.#reportedOffsetMs) return none;
    this.#reportedAtUtcMs = utcMs;
    this.#reportedOffsetMs = clockOffsetMs;
    const cameraMs = utcMs + clockOffsetMs;
    const report = buildSenderReport({
      ...{ ssrc, rtpTimestamp, packetCount: this.#packets, octetCount: this.#octets, cname: this.#host },
      utcMs: wholeSeconds ? Math.floor(cameraMs / 1000) * 1000 : cameraMs,
    });
    return interleave(channel, report);
  }
}
