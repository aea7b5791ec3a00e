import { randomBytes, randomInt } from 'node:crypto';
import type { Fault, FaultKind, FaultOf } from '../faults.js';

/** What the faults that hold do to the packets of a stream. */
export interface Disturbance {
  readonly noKeyframes: boolean;
  /** But for those that were asked for. */
  readonly keyframesOnRequest: boolean;
  readonly noMarkers: boolean;
  readonly noReports: boolean;
  readonly jumpMs: number;
  readonly coarseReports: boolean;
  readonly clockRate: number;
  /** 0: each picture is sent when it is due. */
  readonly burstMs: number;
  /** Something below is to be done to the packets of a picture. */
  readonly mangles: boolean;
  readonly lossShare: number;
  readonly reorderShare: number;
  readonly garbageShare: number;
  readonly misleadingGarbage: boolean;
  readonly swapChannels: boolean;
  readonly unknownChannels: boolean;
}

/** Undefined where no fault concerns packets, which is the rule and must cost nothing. */
export function disturbanceOf(faults: ReadonlyMap<FaultKind, Fault>): Disturbance | undefined {
  const fault = <K extends FaultKind>(kind: K) => faults.get(kind) as FaultOf<K> | undefined;
  const lossShare = fault('packet-loss')?.share ?? 0;
  const reorderShare = fault('packets-reordered')?.share ?? 0;
  const garbage = fault('garbage');
  const channels = fault('wrong-channels');
  const mangles = lossShare + reorderShare > 0 || garbage !== undefined || channels !== undefined;
  const jumpMs = fault('timestamp-jump')?.byMs ?? 0;
  const [noKeyframes, noMarkers, noReports] = [
    faults.has('no-keyframes'),
    faults.has('no-markers'),
    faults.has('no-sender-reports'),
  ];
  const coarseReports = faults.has('coarse-reports');
  const clockRate = fault('clock-rate')?.factor ?? 1;
  const burstMs = fault('bursts')?.everyMs ?? 0;
  const ofTime = jumpMs !== 0 || coarseReports || clockRate !== 1 || burstMs > 0;
  if (!mangles && !ofTime && !noKeyframes && !noMarkers && !noReports) return undefined;
  return {
    ...{ noKeyframes, noMarkers, noReports, jumpMs, mangles, lossShare, reorderShare },
    ...{ coarseReports, clockRate, burstMs },
    keyframesOnRequest: fault('no-keyframes')?.onRequest ?? false,
    garbageShare: garbage?.share ?? 0,
    misleadingGarbage: garbage?.misleading ?? false,
    swapChannels: channels?.swapped ?? false,
    unknownChannels: channels?.unknown ?? false,
  };
}

const headerBytes = 4;
const unknownChannel = 200;

/** Disturbs the interleaved packets of one receiver; keeps the one that is to be late until the next comes. */
export class PacketMangler {
  #late: Buffer | undefined;

  /** Takes whole interleaved packets, RTP on even channels, and gives the bytes to send. */
  mangle(bytes: Buffer, disturbance: Disturbance): Buffer {
    const pieces: Buffer[] = [];
    for (let at = 0; at + headerBytes <= bytes.length;) {
      const end = at + headerBytes + bytes.readUInt16BE(at + 2);
      this.#one(Buffer.from(bytes.subarray(at, end)), disturbance, pieces);
      at = end;
    }
    return Buffer.concat(pieces);
  }

  #one(packet: Buffer, disturbance: Disturbance, pieces: Buffer[]): void {
    const channel = packet[1] ?? 0;
    const isRtp = channel % 2 === 0;
    if (isRtp && Math.random() < disturbance.lossShare) return;
    if (disturbance.swapChannels) packet[1] = channel ^ 1;
    if (Math.random() < disturbance.garbageShare) pieces.push(garbage(disturbance.misleadingGarbage));
    if (disturbance.unknownChannels && Math.random() < 0.2) pieces.push(stranger(packet));
    const late = this.#late;
    this.#late = undefined;
    if (isRtp && !late && Math.random() < disturbance.reorderShare) {
      this.#late = packet;
      return;
    }
    pieces.push(packet);
    if (late) pieces.push(late);
  }
}

/** A packet of a channel that was never set up, with bytes that look like RTP. */
function stranger(packet: Buffer): Buffer {
  const copy = Buffer.from(packet);
  copy[1] = unknownChannel + randomInt(4);
  return copy;
}

/** Neither '$' nor 'R' in it, so that a reader can find the next packet; a misleading one ends in half a header. */
function garbage(misleading: boolean): Buffer {
  const bytes = randomBytes(randomInt(1, 120)).map((byte) => (byte === 0x24 || byte === 0x52 ? 0 : byte));
  return misleading ? Buffer.concat([bytes, Buffer.of(0x24, 0, randomInt(4), 0xff)]) : Buffer.from(bytes);
}
