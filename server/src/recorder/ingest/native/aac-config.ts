// AudioSpecificConfig of AAC (ISO/IEC 14496-3 1.6.2.1): what the session description of an AAC stream holds and what a
// decoder needs.
import { BitReader } from './bit-reader.js';

export interface AacConfig {
  /** As it came; goes into the init segment unchanged. */
  readonly bytes: Buffer;
  /** Audio object type: 2 AAC-LC, 5 and 29 with spectral band replication. */
  readonly objectType: number;
  /** Of the decoder's core, a second. */
  readonly sampleRate: number;
  /** 0 when the stream itself states them. */
  readonly channels: number;
  /** Samples of an access unit at `sampleRate`: 1024 or 960. */
  readonly unitSamples: number;
}

const sampleRates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350] as const;
const maxConfigBytes = 64;
/** AAC Main, LC, SSR, LTP: all have the GASpecificConfig that is read here. */
const coreTypes = new Set([1, 2, 3, 4]);
const replicatingTypes = new Set([5, 29]);

function objectTypeOf(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function sampleRateOf(reader: BitReader): number {
  const index = reader.bits(4);
  return index === 15 ? reader.bits(24) : (sampleRates[index] ?? 0);
}

/** Undefined for what is no AAC, or AAC of a kind that few decoders take. Never throws. */
export function parseAacConfig(bytes: Buffer): AacConfig | undefined {
  if (bytes.length < 2 || bytes.length > maxConfigBytes) return undefined;
  const reader = new BitReader(bytes);
  try {
    const objectType = objectTypeOf(reader);
    const sampleRate = sampleRateOf(reader);
    const channels = reader.bits(4);
    let core = objectType;
    if (replicatingTypes.has(objectType)) {
      sampleRateOf(reader);
      core = objectTypeOf(reader);
    }
    if (!coreTypes.has(core) || sampleRate < 7350 || sampleRate > 96_000 || channels > 7) return undefined;
    const unitSamples = reader.bit() === 1 ? 960 : 1024;
    return { bytes, objectType, sampleRate, channels, unitSamples };
  } catch {
    return undefined; // it ends early: nothing that could be decoded
  }
}
