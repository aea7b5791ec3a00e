// Packets of another sender, or of another payload type, than the one that is listened to: kept until it is clear whether
// that one is to be listened to from now on, so that nothing of it is lost.
import { ownedPacket, type RtpPacket } from './rtp-packet.js';

export class RtpNewcomer {
  #packets: RtpPacket[] = [];
  #sinceMs = 0;

  /** Of those that are kept. */
  get count(): number {
    return this.#packets.length;
  }

  /** For how long they have come, ms. */
  ageMs(nowMs: number): number {
    return this.#packets.length === 0 ? 0 : nowMs - this.#sinceMs;
  }

  /** Keeps `packet`; those before it are forgotten where it does not follow them. */
  keep(packet: RtpPacket, nowMs: number): void {
    const last = this.#packets.at(-1);
    const follows =
      last !== undefined &&
      packet.ssrc === last.ssrc &&
      packet.payloadType === last.payloadType &&
      packet.sequence === ((last.sequence + 1) & 0xffff);
    if (!follows) {
      this.#packets = [];
      this.#sinceMs = nowMs;
    }
    this.#packets.push(ownedPacket(packet));
  }

  /** What was kept, in order; nothing is kept any more. */
  take(): RtpPacket[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets;
  }
}
