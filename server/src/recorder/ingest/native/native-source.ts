// The native engine: RTSP over TCP in this process, H.264 and H.265, wall time from RTCP sender reports. No child, no
// command line; one process pulls hundreds of cameras.
import type { Clock } from '../../../lib/clock.js';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import type { FragmentSource, PullOptions, StreamTarget } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import { TimeAnchor } from '../time-anchor.js';
import { Depacketizer, parseRtp, TimestampUnwrapper, type AccessUnit } from './depacketizer.js';
import { Fragmenter } from './fragmenter.js';
import { buildInitSegment, timescale, type ParameterSets } from './mp4-writer.js';
import { RtspSession } from './rtsp-session.js';
import type { VideoMedia } from './session-description.js';
import { nalRole } from './video-codec.js';

/** Timestamps that jump by more are a new timeline. */
const jumpTicks = 10 * timescale;
const tickMs = 500;
/** Seconds from 1900 (NTP) to 1970. */
const ntpOffsetSeconds = 2_208_988_800;

/** NTP and RTP timestamp of the first sender report in a compound packet (RFC 3550 6.4.1). */
export function senderReport(packet: Buffer): { utcMs: number; rtpTimestamp: number } | undefined {
  for (let at = 0; at + 4 <= packet.length; at += 4 + packet.readUInt16BE(at + 2) * 4) {
    if (packet[at]! >> 6 !== 2) return undefined;
    if (packet[at + 1] !== 200 || at + 28 > packet.length) continue;
    const seconds = packet.readUInt32BE(at + 8);
    if (seconds === 0) return undefined; // a camera without a clock
    return {
      utcMs: (seconds - ntpOffsetSeconds) * 1000 + (packet.readUInt32BE(at + 12) / 2 ** 32) * 1000,
      rtpTimestamp: packet.readUInt32BE(at + 16),
    };
  }
  return undefined;
}

/** The stream between two connections: parameter sets, timeline and the run that goes on. */
class NativeStream {
  private readonly timestamps = new TimestampUnwrapper();
  private readonly depacketizer: Depacketizer;
  private readonly sets = { vps: [] as Buffer[], sps: [] as Buffer[], pps: [] as Buffer[] };
  private readonly anchor = new TimeAnchor(timescale);
  private setsChanged = true;
  private fragmenter: Fragmenter | undefined;
  private init: InitSegment | undefined;
  private lastTicks: number | undefined;

  constructor(
    private readonly media: VideoMedia,
    private readonly clock: Clock,
    private readonly options: PullOptions,
  ) {
    this.depacketizer = new Depacketizer(media.codec, this.timestamps, (unit) => this.accept(unit));
    for (const nal of media.parameterSets) this.keepSet(nal);
  }

  rtp(bytes: Buffer): void {
    const packet = parseRtp(bytes);
    if (packet !== undefined && (bytes[1]! & 127) === this.media.payloadType) this.depacketizer.push(packet);
  }

  rtcp(bytes: Buffer): void {
    const report = senderReport(bytes);
    if (report === undefined) return;
    this.anchor.observeSenderReport(this.timestamps.peek(report.rtpTimestamp), report.utcMs);
  }

  tick(): void {
    this.fragmenter?.flushLate(this.clock.monotonicMs());
  }

  end(): void {
    this.fragmenter?.flush(undefined);
    this.fragmenter = undefined;
  }

  /** True for a parameter set. One of each id is the rule; a new one replaces those that were. */
  private keepSet(nal: Buffer): boolean {
    const role = nalRole(this.media.codec, nal);
    if (role !== 'vps' && role !== 'sps' && role !== 'pps') return false;
    const known = this.sets[role];
    if (known.some((one) => one.equals(nal))) return true;
    const sameId = role === 'pps' ? known.filter((one) => one[1] !== nal[1]) : [];
    this.sets[role] = [...sameId.slice(-7), Buffer.from(nal)];
    if (role === 'sps') this.sets.pps = [];
    this.setsChanged = true;
    return true;
  }

  private accept(unit: AccessUnit): void {
    const { codec } = this.media;
    const nals: Buffer[] = [];
    let isKey = false;
    let isPicture = false;
    for (const nal of unit.nals) {
      if (this.keepSet(nal)) continue;
      const role = nalRole(codec, nal);
      if (role === 'dropped') continue;
      isKey ||= role === 'key';
      isPicture ||= role === 'key' || role === 'picture';
      nals.push(nal);
    }
    if (!isPicture) return;
    this.options.onFrame();
    this.anchor.observeArrival(unit.ticks, this.clock.nowMs());
    if (this.lastTicks !== undefined && Math.abs(unit.ticks - this.lastTicks) > jumpTicks) this.end();
    this.lastTicks = unit.ticks;
    if (isKey && this.setsChanged) this.useSets();
    if (this.fragmenter === undefined && isKey && this.init !== undefined)
      this.fragmenter = new Fragmenter({
        init: this.init,
        nextRun: this.options.nextRun,
        anchor: this.anchor,
        onFragment: (fragment) => this.emit(fragment),
        ...(this.options.parts === undefined ? {} : { parts: this.options.parts }),
      });
    this.fragmenter?.push({ ticks: unit.ticks, nals, isKey }, this.clock.monotonicMs());
  }

  private emit(fragment: Fragment): void {
    const offset = this.anchor.clockOffsetMs();
    if (offset !== undefined) this.options.onClockOffset(offset);
    this.options.onFragment(fragment);
  }

  private useSets(): void {
    const sets: ParameterSets = this.sets;
    const complete = sets.sps.length > 0 && sets.pps.length > 0 && (this.media.codec === 'h264' || sets.vps.length > 0);
    if (!complete) return;
    this.setsChanged = false;
    const init = buildInitSegment(this.media.codec, sets);
    if (init.id === this.init?.id) return;
    this.end();
    this.init = init;
  }
}

export function createNativeSource({ clock }: { clock: Clock }): FragmentSource {
  return {
    engine: 'native',
    startupMs: 0,
    async pull(target: StreamTarget, options: PullOptions): Promise<void> {
      let stream: NativeStream | undefined;
      const session = await RtspSession.open(
        target,
        { onRtp: (bytes) => stream?.rtp(bytes), onRtcp: (bytes) => stream?.rtcp(bytes) },
        options.signal,
      );
      const timer = setInterval(() => stream?.tick(), tickMs);
      const aborted = new Promise<'aborted'>((resolve) => {
        if (options.signal.aborted) resolve('aborted');
        options.signal.addEventListener('abort', () => resolve('aborted'), { once: true });
      });
      try {
        const playing = session.play((media) => (stream = new NativeStream(media, clock, options)));
        if ((await Promise.race([playing, aborted, session.lost])) === 'aborted') return;
        await Promise.race([aborted, session.lost]);
      } catch (error) {
        if (options.signal.aborted) return;
        throw error instanceof IngestFailure
          ? error
          : new IngestFailure('engine_failed', (error as Error).message.slice(0, 200));
      } finally {
        clearInterval(timer);
        session.close();
        stream?.end();
      }
    },
  };
}
