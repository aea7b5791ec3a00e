/**
 * The stamp that the simulator writes into every access unit: an SEI message user_data_unregistered (Rec. ITU-T H.264
 * D.1.7, payload type 5). It survives stream copy, so a test can prove of any frame in a recording, a playlist or a
 * clip which camera it is of, at which instant, and that none is missing.
 */
const stampUuid = Buffer.from('c401ca7700014000' + '80005e1f7e57a11e', 'hex');
const payloadLength = stampUuid.length + 4 + 8 + 8;
const seiNalType = 6;
const unregisteredUserData = 5;

export interface FrameStamp {
  readonly cameraNumber: number;
  /** Order of capture; grows by one a frame per camera and stream for the life of the simulator. */
  readonly frameCounter: bigint;
  /** Capture instant, the host's true UTC in whole milliseconds. */
  readonly utcMs: number;
}

/** NAL unit (without start code) holding the stamp, emulation prevention included (H.264 7.4.1). */
export function buildSeiNal(cameraNumber: number, frameCounter: bigint, utcMs: number): Buffer {
  const rbsp = Buffer.allocUnsafe(2 + payloadLength + 1);
  rbsp[0] = unregisteredUserData;
  rbsp[1] = payloadLength;
  stampUuid.copy(rbsp, 2);
  rbsp.writeUInt32BE(cameraNumber, 18);
  rbsp.writeBigUInt64BE(frameCounter, 22);
  rbsp.writeBigUInt64BE(BigInt(Math.round(utcMs)), 30);
  rbsp[38] = 0x80; // rbsp_trailing_bits
  return Buffer.concat([Buffer.of(seiNalType), escapeRbsp(rbsp)]);
}

/** Inserts emulation_prevention_three_byte wherever two zeros would be followed by a byte of at most 3. */
export function escapeRbsp(rbsp: Uint8Array): Buffer {
  const escaped = Buffer.allocUnsafe(rbsp.length + (rbsp.length >> 1) + 1);
  let length = 0;
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      escaped[length++] = 3;
      zeros = 0;
    }
    escaped[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return escaped.subarray(0, length);
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
