// RTP payloads of MPEG4-GENERIC (RFC 3640) to access units of AAC: several in a packet, or one over several packets.
// Interleaving is not taken; where it is announced there is no sound (`aacPayloadOf`).
import { parseAacConfig, type AacConfig } from './aac-config.js';
import type { RtpPacket, TimestampUnwrapper } from './rtp-packet.js';
import type { AudioMedia } from './session-description.js';
import type { SoundUnit } from './sound-timeline.js';

/** How the payload is laid out (RFC 3640 4.1), and how long a unit lasts. */
export interface AacPayload {
  readonly config: AacConfig;
  readonly clockRate: number;
  /** Ticks of `clockRate` that an access unit lasts. */
  readonly unitTicks: number;
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
  readonly auxiliaryLength: number;
}

/** A unit of more than 13 bits in length cannot be told by AAC-hbr; nothing longer is AAC of a camera. */
const maxUnitBytes = 8192;
const maxUnitsOfPacket = 64;

function lengthParameter(parameters: ReadonlyMap<string, string>, name: string, fallback = 0): number {
  const value = Number(parameters.get(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 && value <= 32 ? value : NaN;
}

/** The layout that the description announces; undefined for AAC that cannot be recorded. Never throws. */
export function aacPayloadOf(media: AudioMedia): AacPayload | undefined {
  const { parameters, clockRate } = media;
  const hex = parameters.get('config') ?? '';
  const config = /^(?:[0-9a-f]{2}){2,64}$/i.test(hex) ? parseAacConfig(Buffer.from(hex, 'hex')) : undefined;
  if (config === undefined || clockRate < 7350 || clockRate > 192_000) return undefined;
  const mode = (parameters.get('mode') ?? '').toLowerCase();
  const standard = mode === 'aac-hbr' ? [13, 3, 3] : mode === 'aac-lbr' ? [6, 2, 2] : undefined;
  const sizeLength = lengthParameter(parameters, 'sizelength', standard?.[0]);
  const indexLength = lengthParameter(parameters, 'indexlength', standard?.[1]);
  const indexDeltaLength = lengthParameter(parameters, 'indexdeltalength', standard?.[2]);
  const auxiliaryLength = lengthParameter(parameters, 'auxiliarydatasizelength');
  if (![sizeLength, indexLength, indexDeltaLength, auxiliaryLength].every(Number.isFinite)) return undefined;
  // Time stamps, random access and stream state in the headers are for systems streams (3.2.1.1), interleaving needs
  // a buffer that is announced so (3.2.3.2): no camera is known that sends either with AAC.
  const unknown = ['ctsdeltalength', 'dtsdeltalength', 'randomaccessindication', 'streamstateindication'];
  if (sizeLength === 0 || unknown.some((name) => lengthParameter(parameters, name) !== 0)) return undefined;
  if (Number(parameters.get('maxdisplacement') ?? 0) !== 0) return undefined;
  const computed = Math.round((config.unitSamples * clockRate) / config.sampleRate);
  const stated = Number(parameters.get('constantduration') ?? computed);
  const unitTicks = Number.isInteger(stated) && stated >= 64 && stated <= 8192 ? stated : computed;
  return { config, clockRate, unitTicks, sizeLength, indexLength, indexDeltaLength, auxiliaryLength };
}

/** Reads fields of up to 32 bits; `undefined` behind the end. */
class FieldReader {
  private position = 0;
  constructor(
    private readonly bytes: Buffer,
    private readonly endBits: number,
  ) {}

  field(length: number): number | undefined {
    if (this.position + length > this.endBits) return undefined;
    let value = 0;
    for (let left = length; left > 0;) {
      const offset = this.position & 7;
      const taken = Math.min(8 - offset, left);
      const byte = this.bytes[this.position >> 3] ?? 0;
      value = value * 2 ** taken + ((byte >> (8 - offset - taken)) & ((1 << taken) - 1));
      this.position += taken;
      left -= taken;
    }
    return value;
  }
}

export class AacDepacketizer {
  private sequence: number | undefined;
  /** A unit of which more packets must come. */
  private partial: { timestamp: number; size: number; parts: Buffer[]; length: number } | undefined;
  /** Packets that were missing in the sequence. */
  lostPackets = 0;
  /** Packets that are no AAC as announced. */
  badPackets = 0;

  constructor(
    private readonly payload: AacPayload,
    private readonly timestamps: TimestampUnwrapper,
    private readonly onUnit: (unit: SoundUnit) => void,
  ) {}

  push(packet: RtpPacket): void {
    if (this.sequence !== undefined) {
      const gap = (packet.sequence - this.sequence - 1) & 0xffff;
      if (gap >= 0x8000) return; // late or twice: its time has passed
      this.lostPackets += gap;
      if (gap > 0) this.partial = undefined;
    }
    this.sequence = packet.sequence;
    const payload = packet.bytes.subarray(packet.start, packet.end);
    const headers = this.headers(payload);
    if (headers === undefined) {
      this.badPackets += 1;
      this.partial = undefined;
      return;
    }
    const [first] = headers.sizes;
    if (headers.sizes.length === 1 && first !== undefined && first > payload.length - headers.dataStart) {
      this.fragment(packet, first, payload.subarray(headers.dataStart));
      return;
    }
    this.partial = undefined;
    const ticks = this.timestamps.unwrap(packet.timestamp);
    let at = headers.dataStart;
    for (const [index, size] of headers.sizes.entries()) {
      if (at + size > payload.length) {
        this.badPackets += 1;
        return;
      }
      this.emit(ticks + (headers.places[index] ?? 0) * this.payload.unitTicks, payload.subarray(at, at + size));
      at += size;
    }
  }

  private emit(ticks: number, data: Buffer): void {
    // A copy: the packet's bytes belong to a chunk of the socket that would be kept with it.
    if (data.length > 0) this.onUnit({ ticks, durationTicks: this.payload.unitTicks, data: Buffer.from(data) });
  }

  /** Every part repeats the header with the size of the whole; it is whole when so many bytes came (3.2.3.1). */
  private fragment(packet: RtpPacket, size: number, data: Buffer): void {
    const { partial } = this;
    if (partial === undefined || partial.timestamp !== packet.timestamp || partial.size !== size)
      this.partial = { timestamp: packet.timestamp, size, parts: [Buffer.from(data)], length: data.length };
    else {
      partial.parts.push(Buffer.from(data));
      partial.length += data.length;
    }
    const now = this.partial!;
    if (now.length < size && !packet.marker) return;
    this.partial = undefined;
    if (now.length !== size) this.badPackets += 1;
    else this.emit(this.timestamps.unwrap(packet.timestamp), Buffer.concat(now.parts, size));
  }

  /** Sizes of the units of a packet, their places in time after the first, and where their data begin. */
  private headers(bytes: Buffer): { sizes: number[]; places: number[]; dataStart: number } | undefined {
    const { sizeLength, indexLength, indexDeltaLength, auxiliaryLength } = this.payload;
    if (bytes.length < 2) return undefined;
    const headerBits = bytes.readUInt16BE(0);
    let dataStart = 2 + ((headerBits + 7) >> 3);
    if (headerBits === 0 || dataStart > bytes.length) return undefined;
    const reader = new FieldReader(bytes.subarray(2, dataStart), headerBits);
    const sizes: number[] = [];
    const places: number[] = [];
    for (let place = 0; ; place++) {
      const size = reader.field(sizeLength);
      if (size === undefined) break;
      const index = reader.field(sizes.length === 0 ? indexLength : indexDeltaLength);
      if (index === undefined || size > maxUnitBytes || sizes.length === maxUnitsOfPacket) return undefined;
      if (sizes.length > 0) place += index;
      sizes.push(size);
      places.push(place);
    }
    if (auxiliaryLength > 0) {
      const auxiliary = bytes.subarray(dataStart);
      const bits = new FieldReader(auxiliary, auxiliary.length * 8).field(auxiliaryLength);
      if (bits === undefined) return undefined;
      dataStart += (auxiliaryLength + bits + 7) >> 3;
    }
    return sizes.length === 0 || dataStart > bytes.length ? undefined : { sizes, places, dataStart };
  }
}
