// Puts the RTP packets of one track in order and counts what is missing (RFC 3550 6.4, appendix A). Over TCP order is the
// rule; some cameras still mix packets up, begin their numbers anew or change their SSRC in the midst of a stream.
import { randomBytes } from 'node:crypto';
import { buildReceiverReport, type SenderReport } from './rtcp.js';
import { RtpNewcomer } from './rtp-newcomer.js';
import { emptyPacket, ownedPacket, parseRtp, type RtpPacket } from './rtp-packet.js';

export interface RtpReceiverOptions {
  /** As it was described; another one counts where only that comes. */
  readonly payloadType: number;
  /** Of other media and formats: never taken for the one that was described. */
  readonly otherTypes?: readonly number[];
  /** Packets have another payload type than was described, which is taken from now on. */
  readonly onPayloadType?: (payloadType: number) => void;
  /** Ticks a second. */
  readonly clockRate: number;
  /** Valid during the call only. */
  readonly onPacket: (packet: RtpPacket) => void;
  /** Packets are missing before the next one. */
  readonly onLoss: () => void;
  /** Another sender, with time stamps of its own. */
  readonly onSourceChange: () => void;
}

/** Packets that wait for a missing one … */
const maxWaiting = 32;
/** … and how long. */
const maxWaitMs = 250;
/** A larger jump of the sequence is a new beginning and not a loss (RFC 3550 A.1). */
const maxDropout = 3000;
/** A sender that was heard before is listened to again when the present one has been silent for so long. */
const silenceMs = 2000;
/** A new one when it alone has sent for so long, or so many packets one after the other. */
const newSourceMs = 500;
const newSourcePackets = 256;
/** So many packets in a row of a type that was not described are the stream. */
const newTypePackets = 3;
/** RFC 3551 6: types below are of known codecs. */
const firstDynamicType = 96;
const maxKnownSources = 16;

/** The one that is being worked off, of whatever camera. */
const packet = emptyPacket();

export class RtpReceiver {
  private readonly ownSsrc = randomBytes(4).readUInt32BE(0);
  private ssrc: number | undefined;
  private readonly formerSources = new Set<number>();
  private payloadType: number;
  private readonly newcomer = new RtpNewcomer();
  /** A packet of another sequence that the next one may confirm. */
  private suspect: RtpPacket | undefined;
  /** Extended by 16-bit cycles. */
  private highest = 0;
  private base = 0;
  private heardAt = 0;
  private readonly waiting = new Map<number, RtpPacket>();
  private waitingSince = 0;
  private jitterTicks = 0;
  /** Not a number before the first packet. */
  private transit = NaN;
  private sourceReceived = 0;
  private reported = { received: 0, expected: 0 };
  private lastReport: { middle: number; atMs: number } | undefined;
  /** Of all sources. */
  receivedPackets = 0;
  lostPackets = 0;

  constructor(private readonly options: RtpReceiverOptions) {
    this.payloadType = options.payloadType;
  }

  /** `nowMs` is monotonic. Bytes [from, to) are handed on, or copied where they must wait for others. */
  push(bytes: Buffer, nowMs: number, from = 0, to = bytes.length): void {
    if (!parseRtp(packet, bytes, from, to)) return;
    if (packet.payloadType !== this.payloadType) {
      if (this.admitsType(packet, nowMs)) this.takeNewcomer(nowMs);
      return;
    }
    if (packet.ssrc !== this.ssrc && !this.admits(packet, nowMs)) return;
    if (this.newcomer.count > 0) this.newcomer.take(); // the present one goes on
    this.receive(packet, nowMs);
  }

  private receive(packet: RtpPacket, nowMs: number): void {
    this.heardAt = nowMs;
    this.observeTransit(packet.timestamp, nowMs);
    this.order(packet, nowMs);
  }

  /** Whether packets of this type are the stream: some cameras describe another one than they send. */
  private admitsType(packet: RtpPacket, nowMs: number): boolean {
    const { payloadType, ssrc } = packet;
    if (payloadType < firstDynamicType || this.options.otherTypes?.includes(payloadType) === true) return false;
    if (this.ssrc !== undefined && ssrc !== this.ssrc) return false;
    this.newcomer.keep(packet, nowMs);
    if (this.newcomer.count < newTypePackets) return false;
    this.payloadType = payloadType;
    this.options.onPayloadType?.(payloadType);
    return true;
  }

  private takeNewcomer(nowMs: number): void {
    const [first, ...others] = this.newcomer.take();
    if (first === undefined) return;
    if (this.ssrc === undefined) this.begin(first);
    else if (first.ssrc !== this.ssrc) this.changeTo(first);
    this.receive(first, nowMs);
    for (const one of others) this.receive(one, nowMs);
  }

  /** Called now and then: what waited too long for a missing packet goes on without it. */
  flushLate(nowMs: number): void {
    if (this.waiting.size > 0 && nowMs - this.waitingSince >= maxWaitMs) this.skipAhead(nowMs);
  }

  /** Whether a report on `ssrc` is about the stream that is recorded; some cameras mistake their own name. */
  isAbout(ssrc: number): boolean {
    return this.ssrc === undefined || ssrc === this.ssrc || !this.formerSources.has(ssrc);
  }

  senderReported(report: SenderReport, nowMs: number): void {
    this.lastReport = { middle: report.middle, atMs: nowMs };
  }

  /** The receiver report that is due now; undefined before the first packet. */
  report(nowMs: number): Buffer | undefined {
    if (this.ssrc === undefined) return undefined;
    const expected = this.highest - this.base + 1;
    const expectedNow = expected - this.reported.expected;
    const lostNow = expectedNow - (this.sourceReceived - this.reported.received);
    this.reported = { received: this.sourceReceived, expected };
    return buildReceiverReport(this.ownSsrc, {
      ssrc: this.ssrc,
      lostFraction: expectedNow > 0 && lostNow > 0 ? lostNow / expectedNow : 0,
      lostPackets: expected - this.sourceReceived,
      highestSequence: this.highest,
      jitterTicks: this.jitterTicks,
      lastReport:
        this.lastReport === undefined
          ? undefined
          : { middle: this.lastReport.middle, ageMs: Math.max(0, nowMs - this.lastReport.atMs) },
    });
  }

  /** Whether to listen to the source of this packet from now on. */
  private admits(packet: RtpPacket, nowMs: number): boolean {
    if (this.ssrc === undefined) {
      this.begin(packet);
      return true;
    }
    if (this.formerSources.has(packet.ssrc)) {
      if (nowMs - this.heardAt < silenceMs) return false;
      this.changeTo(packet);
      return true;
    }
    this.newcomer.keep(packet, nowMs);
    if (this.newcomer.ageMs(nowMs) >= newSourceMs || this.newcomer.count >= newSourcePackets) this.takeNewcomer(nowMs);
    return false;
  }

  private changeTo(packet: RtpPacket): void {
    this.releaseWaiting();
    if (this.formerSources.size >= maxKnownSources) this.formerSources.clear();
    this.formerSources.add(this.ssrc!);
    this.formerSources.delete(packet.ssrc);
    this.options.onLoss();
    this.options.onSourceChange();
    this.begin(packet);
  }

  private begin(packet: RtpPacket): void {
    this.ssrc = packet.ssrc;
    this.base = packet.sequence;
    this.highest = packet.sequence - 1;
    this.suspect = undefined;
    this.transit = NaN;
    this.jitterTicks = 0;
    this.sourceReceived = 0;
    this.reported = { received: 0, expected: 0 };
    this.lastReport = undefined;
  }

  /** RFC 3550 A.8. */
  private observeTransit(timestamp: number, nowMs: number): void {
    const transit = (nowMs * this.options.clockRate) / 1000 - timestamp;
    const change = Math.abs(transit - this.transit);
    // A wrap or a jump of the time stamps is no jitter.
    if (change < this.options.clockRate * 60) this.jitterTicks += (change - this.jitterTicks) / 16;
    this.transit = transit;
  }

  private order(packet: RtpPacket, nowMs: number): void {
    const ahead = (packet.sequence - this.highest - 1) & 0xffff;
    if (ahead === 0) {
      this.suspect = undefined;
      this.deliver(packet, nowMs);
      return;
    }
    if (ahead < maxDropout) {
      if (this.waiting.size === 0) this.waitingSince = nowMs;
      this.waiting.set(packet.sequence, ownedPacket(packet));
      if (this.waiting.size > maxWaiting || nowMs - this.waitingSince >= maxWaitMs) this.skipAhead(nowMs);
      return;
    }
    if (ahead > 0xffff - maxDropout) return; // twice, or too late
    const { suspect } = this;
    this.suspect = ownedPacket(packet);
    if (suspect === undefined || packet.sequence !== ((suspect.sequence + 1) & 0xffff)) return;
    // Two in a row: the camera numbers anew.
    this.releaseWaiting();
    this.options.onLoss();
    const { ssrc } = packet;
    this.begin(suspect);
    this.ssrc = ssrc;
    this.deliver(suspect, nowMs);
    this.deliver(packet, nowMs);
  }

  private deliver(packet: RtpPacket, nowMs: number): void {
    this.hand(packet);
    for (;;) {
      if (this.waiting.size === 0) return;
      const sequence = (this.highest + 1) & 0xffff;
      const next = this.waiting.get(sequence);
      if (next === undefined) break;
      this.waiting.delete(sequence);
      this.hand(next);
    }
    this.waitingSince = nowMs; // for the next one that is missing
  }

  private hand(packet: RtpPacket): void {
    this.highest += ((packet.sequence - this.highest - 1) & 0xffff) + 1;
    this.sourceReceived += 1;
    this.receivedPackets += 1;
    this.options.onPacket(packet);
  }

  /** Gives up the packets that are missing before those that wait. */
  private skipAhead(nowMs: number): void {
    const ahead = (sequence: number) => (sequence - this.highest - 1) & 0xffff;
    let nearest: number | undefined;
    for (const sequence of this.waiting.keys())
      if (nearest === undefined || ahead(sequence) < ahead(nearest)) nearest = sequence;
    if (nearest === undefined) return;
    const packet = this.waiting.get(nearest)!;
    this.waiting.delete(nearest);
    this.lostPackets += ahead(nearest);
    this.options.onLoss();
    this.deliver(packet, nowMs);
  }

  private releaseWaiting(): void {
    while (this.waiting.size > 0) this.skipAhead(this.heardAt);
  }
}
