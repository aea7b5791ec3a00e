// Reads supplemental enhancement information (ITU-T H.264 7.3.2.3.1, D.1; H.265 7.3.5, D.2): where a stream can be
// joined without an IDR picture, and whether the camera signs it.
import { BitReader, rawPayload } from './bit-reader.js';
import type { VideoCodec } from './video-codec.js';

const recoveryPointType = 6;
const userDataType = 5;
/** user_data_unregistered with this identifier: ONVIF Media Signing. */
const mediaSigningId = Buffer.from('005bc93f2d715e95ada4796f90877a6f', 'hex');
/** … and with this one, which came before it: Signed Video. */
const signedVideoId = Buffer.from('5369676e656420566964656f2e2e2e30', 'hex');
/** A refresh that takes longer than this many pictures is none that one could wait for. */
const longestRecovery = 1000;
/** Messages that are looked through; signatures are longer, and the last. */
const mostBytes = 256;

export interface SeiFacts {
  /** Pictures until what is shown is right, for somebody who begins to decode here; 0: this one is. */
  readonly recoveryPictures: number | undefined;
  /** Each NAL unit is part of what is signed. */
  readonly isSigned: boolean;
}

const nothing: SeiFacts = { recoveryPictures: undefined, isSigned: false };
const signed: SeiFacts = { recoveryPictures: undefined, isSigned: true };

const isSignature = (bytes: Buffer, at: number): boolean =>
  bytes.length >= at + 16 &&
  (bytes[at] === mediaSigningId[0] || bytes[at] === signedVideoId[0]) &&
  (bytes.compare(mediaSigningId, 0, 16, at, at + 16) === 0 || bytes.compare(signedVideoId, 0, 16, at, at + 16) === 0);

/** Sum of bytes of 255 and the one behind them; the place behind. */
function sized(bytes: Buffer, from: number): { value: number; at: number } {
  let value = 0;
  let at = from;
  while (bytes[at] === 0xff) {
    value += 255;
    at += 1;
  }
  return { value: value + (bytes[at] ?? 0), at: at + 1 };
}

function recoveryOf(codec: VideoCodec, payload: Buffer): number | undefined {
  try {
    const reader = new BitReader(payload);
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
  // … or one message of the maker's, with each picture: that is looked at where it lies.
  if (first === userDataType) {
    let at = headerBytes + 1;
    let size = 0;
    for (; nal[at] === 0xff; at++) size += 255;
    size += nal[at] ?? 0;
    if (nal.length - at - 1 - size <= 1) return isSignature(nal, at + 1) ? signed : nothing;
  }
  const bytes = rawPayload(nal.subarray(headerBytes, headerBytes + mostBytes));
  let recoveryPictures: number | undefined;
  let isSigned = false;
  for (let at = 0; at + 2 < bytes.length;) {
    const type = sized(bytes, at);
    const size = sized(bytes, type.at);
    const payload = bytes.subarray(size.at, size.at + size.value);
    if (type.value === recoveryPointType) recoveryPictures = recoveryOf(codec, payload);
    if (type.value === userDataType) isSigned ||= isSignature(payload, 0);
    at = size.at + size.value;
  }
  return recoveryPictures === undefined && !isSigned ? nothing : { recoveryPictures, isSigned };
}
