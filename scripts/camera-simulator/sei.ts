/**
 * The stamp that the simulator writes into every access unit: an SEI message user_data_unregistered (Rec. ITU-T H.264
 * D.1.7 and H.265 D.2.7, payload type 5; in MPEG-4 Visual the same bytes are user_data, in JPEG there is no place). It survives stream copy, so a test can prove of any frame in a recording, a playlist or a
 * clip which camera it is of, at which instant, and that none is missing.
 */
export const stampUuid = Buffer.from('c401ca7700014000' + '80005e1f7e57a11e', 'hex');
const payloadLength = stampUuid.length + 4 + 8 + 8;
const unregisteredUserData = 5;

/** What stands before the message: the header of an SEI NAL unit (H.264 7.3.1; H.265 7.3.1.2), or a start code. */
const prefixes = {
  h264: Buffer.of(6),
  h265: Buffer.of(39 << 1, 1),
  mpeg4: Buffer.of(0, 0, 1, 0xb2),
} as const;
export type StampedCodec = keyof typeof prefixes;
/** Of any stamp. */
export const maxStampBytes = 4 + (2 + payloadLength + 1) * 2;

export interface FrameStamp {
  readonly cameraNumber: number;
  /** Order of capture; grows by one a frame per camera and stream for the life of the simulator. */
  readonly frameCounter: bigint;
  /** Capture instant, the host's true UTC in whole milliseconds. */
  readonly utcMs: number;
}

/** NAL unit (without start code) holding the stamp, emulation prevention included (H.264 7.4.1). */
export function buildSeiNal(
  cameraNumber: number,
  frameCounter: bigint,
  utcMs: number,
  codec: StampedCodec = 'h264',
): Buffer {
  const nal = Buffer.allocUnsafe(maxStampBytes);
  return nal.subarray(0, writeStamp(nal, 0, { cameraNumber, frameCounter, utcMs }, codec));
}

const rbsp = Buffer.alloc(2 + payloadLength + 1);
rbsp[0] = unregisteredUserData;
rbsp[1] = payloadLength;
rbsp.set(stampUuid, 2);
rbsp[rbsp.length - 1] = 0x80; // rbsp_trailing_bits
const numbersAt = 2 + stampUuid.length;

/** Writes {@link buildSeiNal} at `at`, and returns its end; the counter may be a number up to 2^53. */
export function writeStamp(
  target: Buffer,
  at: number,
  stamp: { cameraNumber: number; frameCounter: bigint | number; utcMs: number },
  codec: StampedCodec,
): number {
  writeNumber(stamp.cameraNumber, 4, numbersAt);
  if (typeof stamp.frameCounter === 'bigint') rbsp.writeBigUInt64BE(stamp.frameCounter, numbersAt + 4);
  else writeNumber(stamp.frameCounter, 8, numbersAt + 4);
  writeNumber(Math.round(stamp.utcMs), 8, numbersAt + 12);
  const prefix = prefixes[codec];
  target.set(prefix, at);
  return escapeInto(target, at + prefix.length, rbsp);
}

function writeNumber(value: number, bytes: 4 | 8, at: number): void {
  if (bytes === 8) rbsp.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  rbsp.writeUInt32BE(value % 2 ** 32, at + bytes - 4);
}

/** Inserts emulation_prevention_three_byte wherever two zeros would be followed by a byte of at most 3. */
export function escapeRbsp(rbsp: Uint8Array): Buffer {
  const escaped = Buffer.allocUnsafe(rbsp.length + (rbsp.length >> 1) + 1);
  return escaped.subarray(0, escapeInto(escaped, 0, rbsp));
}

function escapeInto(target: Buffer, at: number, bytes: Uint8Array): number {
  let end = at;
  let zeros = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (zeros >= 2 && byte <= 3) {
      target[end++] = 3;
      zeros = 0;
    }
    target[end++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return end;
}

/** The reverse of {@link escapeRbsp}. */
export function unescapeRbsp(bytes: Uint8Array): Buffer {
  const rbsp = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    rbsp[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return rbsp.subarray(0, length);
}

/**
 * Finds the stamp in one NAL unit or one access unit, whether Annex B (start codes), AVCC (4-byte lengths, as MP4
 * samples are) or a bare NAL. Undefined where there is none or it is cut short.
 */
export function findFrameStamp(accessUnitOrNal: Buffer): FrameStamp | undefined {
  // The UUID holds no two zeros in a row, so it is never split by emulation prevention.
  let at = accessUnitOrNal.indexOf(stampUuid);
  while (at !== -1) {
    const isMessage = at >= 3 && accessUnitOrNal[at - 1] === payloadLength;
    if (isMessage && accessUnitOrNal[at - 2] === unregisteredUserData) {
      const payload = unescapeRbsp(accessUnitOrNal.subarray(at, at + payloadLength * 2));
      if (payload.length >= payloadLength) {
        return {
          cameraNumber: payload.readUInt32BE(16),
          frameCounter: payload.readBigUInt64BE(20),
          utcMs: Number(payload.readBigUInt64BE(28)),
        };
      }
    }
    at = accessUnitOrNal.indexOf(stampUuid, at + 1);
  }
  return undefined;
}
