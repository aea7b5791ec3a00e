// RTP payloads of G.711 (RFC 3551 4.5.14) to units, each the bytes of one packet as they came: a byte is a sample of a
// channel, channels take turns.
import type { RtpPacket, TimestampUnwrapper } from './rtp-packet.js';
import type { AudioMedia } from './session-description.js';
import type { SoundUnit } from './sound-timeline.js';
import type { G711Format } from '../../../lib/isobmff/sound-track.js';

const laws: Readonly<Record<string, G711Format['codec']>> = { PCMA: 'alaw', PCMU: 'ulaw' };
/** Those that AAC has too, which is made from it for listening (ISO/IEC 14496-3, table 1.18). */
const sampleRates = new Set([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]);
const mostChannels = 2;
/** Cameras send 10 to 128 ms in a packet; at 8 kHz this is a second. */
const maxUnitSamples = 8000;

/** Undefined for other sound, and G.711 at a rate or with channels that no camera has. */
export function g711FormatOf({ encoding, clockRate, channels }: AudioMedia): G711Format | undefined {
  const codec = laws[encoding];
  if (codec === undefined || !sampleRates.has(clockRate) || channels < 1 || channels > mostChannels) return undefined;
  return { codec, channels, clockRate };
}

export class G711Depacketizer {
  private sequence: number | undefined;
  /** Packets that were missing in the sequence. */
  lostPackets = 0;
  /** Packets that are not whole samples, or more than a camera sends at once. */
  badPackets = 0;

  constructor(
    private readonly channels: number,
    private readonly timestamps: TimestampUnwrapper,
    private readonly onUnit: (unit: SoundUnit) => void,
  ) {}

  push(packet: RtpPacket): void {
    if (this.sequence !== undefined) {
      const gap = (packet.sequence - this.sequence - 1) & 0xffff;
      if (gap >= 0x8000) return; // late or twice: its time has passed
      this.lostPackets += gap;
    }
    this.sequence = packet.sequence;
    const durationTicks = (packet.end - packet.start) / this.channels;
    if (durationTicks === 0) return;
    if (!Number.isInteger(durationTicks) || durationTicks > maxUnitSamples) {
      this.badPackets += 1;
      return;
    }
    // A copy: the packet's bytes belong to a chunk of the socket that would be kept with it.
    const data = Buffer.from(packet.bytes.subarray(packet.start, packet.end));
    this.onUnit({ ticks: this.timestamps.unwrap(packet.timestamp), durationTicks, data });
  }
}
