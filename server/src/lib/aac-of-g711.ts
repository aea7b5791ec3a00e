// The AAC-LC that is made of G.711 for those who listen: browsers and many players have no G.711.

/** A byte is a sample of a channel. */
export interface G711Input {
  readonly codec: 'alaw' | 'ulaw';
  readonly sampleRate: number;
  readonly channels: number;
}

/** Samples of a unit of AAC-LC. */
export const unitSamples = 1024;
/** A decoder gives so many samples before the first that went in: the first unit has none of the sound. */
export const primingSamples = 1024;

/** ISO/IEC 14496-3, table 1.18. */
const sampleRates = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/** What one sample of silence is. */
export const silenceOf = ({ codec }: Pick<G711Input, 'codec'>): number => (codec === 'alaw' ? 0xd5 : 0xff);

/** How it stands in a sample entry; `bytes` is its AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). */
export function aacConfigOf({ sampleRate, channels }: G711Input) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE((2 << 11) | (sampleRates.indexOf(sampleRate) << 7) | (channels << 3));
  return { bytes, sampleRate, channels };
}
