// Reads supplemental enhancement information (ITU-T H.264 7.3.2.3.1, D.1; H.265 7.3.5, D.2): where a stream can be
// joined without an IDR picture, and whether the camera signs it.
import { BitReader } from './bit-reader.js';
import type { VideoCodec } from './video-codec.js';

const recoveryPointType = 6;
const userDataType = 5;
/** user_data_unregistered with this identifier: ONVIF Media Signing. */
const mediaSigningId = Buffer.from('005bc93f2d715e95ada4796f90877a6f', 'hex');
/** … and with this one, which came before it: Signed Video. */
const signedVideoId = Buffer.from('5369676e656420566964656f2e2e2e30', 'hex');
/** A refresh that takes longer than this many pictures is none that one could wait for. */
const longestRecovery = 1000;
/** Bytes that are looked through; a signature is longer, but begins within them. */
const mostBytes = 256;
const idBytes = 16;
/** Of a recovery point; its count is in the first bytes. */
const recoveryBytes = 8;

export interface SeiFacts {
  /** Pictures until what is shown is right, for somebody who begins to decode here; 0: this one is. */
  readonly recoveryPictures: number | undefined;
  /** Each NAL unit is part of what is signed. */
  readonly isSigned: boolean;
}

const nothing: SeiFacts = { recoveryPictures: undefined, isSigned: false };

/**
 * The bytes of a NAL unit one by one, without those that prevent emulated start codes (H.264 7.4.1.1). A camera may send
 * a message with each picture: nothing is allocated for it.
 */
class RawBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #zeros = 0;

  begin(bytes: Buffer, from: number, end: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
    this.#zeros = 0;
  }

  /** -1 behind the last one. */
  next(): number {
    if (this.#at >= this.#end) return -1;
    let byte = this.#bytes[this.#at++]!;
    if (byte === 3 && this.#zeros >= 2) {
      this.#zeros = 0;
      if (this.#at >= this.#end) return -1;
      byte = this.#bytes[this.#at++]!;
    }
    this.#zeros = byte === 0 ? this.#zeros + 1 : 0;
    return byte;
  }

  /** Sum of bytes of 255 and the one behind them; -1 where that is missing. */
  nextSum(): number {
    for (let sum = 0; ; sum += 255) {
      const byte = this.next();
      if (byte !== 255) return byte < 0 ? -1 : sum + byte;
    }
  }

  /** Returns how many of `count` bytes there were; the first of them go to `kept`. */
  read(count: number, kept: Buffer): number {
    for (let index = 0; index < count; index++) {
      const byte = this.next();
      if (byte < 0) return index;
      if (index < kept.length) kept[index] = byte;
    }
    return count;
  }

  get left(): number {
    return this.#end - this.#at;
  }
}

const raw = new RawBytes();
const payload = Buffer.alloc(idBytes);

function recoveryOf(codec: VideoCodec, byteLength: number): number | undefined {
  try {
    const reader = new BitReader(payload.subarray(0, byteLength));
    const count = codec === 'h264' ? reader.unsigned() : Math.max(0, reader.signed());
    return count <= longestRecovery ? count : undefined;
  } catch {
    return undefined; // damaged
  }
}

/** `nal` is a SEI unit, of H.265 a prefix or suffix one. Never throws. */
export function readSei(codec: VideoCodec, nal: Buffer): SeiFacts {
  const headerBytes = codec === 'h264' ? 1 : 2;
  const first = nal[headerBytes];
  // Most carry what is of no interest here: timing, exposure, a clock.
  if (first === undefined || first > recoveryPointType) return nothing;
  raw.begin(nal, headerBytes, Math.min(nal.length, headerBytes + mostBytes));
  let recoveryPictures: number | undefined;
  let isSigned = false;
  // The last byte ends the unit (rbsp_trailing_bits).
  while (raw.left > 2) {
    const type = raw.nextSum();
    const size = raw.nextSum();
    if (size < 0) break;
    const read = raw.read(size, payload);
    if (type === recoveryPointType) recoveryPictures = recoveryOf(codec, Math.min(read, recoveryBytes));
    if (type === userDataType && read >= idBytes)
      isSigned ||= payload.equals(mediaSigningId) || payload.equals(signedVideoId);
  }
  return recoveryPictures === undefined && !isSigned ? nothing : { recoveryPictures, isSigned };
}
