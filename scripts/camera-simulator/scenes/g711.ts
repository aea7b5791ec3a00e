// Linear samples of 16 bits to G.711 (ITU-T G.711 tables 1a to 2b), by segment and interval.

/** Place of the highest bit that is set, 0 for the lowest. */
const highestBit = (value: number): number => 31 - Math.clz32(value);

/** A-law: even bits are inverted. */
export function toAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(4095, (sample >= 0 ? sample : -sample - 1) >> 3);
  const segment = Math.max(0, highestBit(magnitude | 1) - 4);
  const interval = (magnitude >> Math.max(1, segment)) & 15;
  return (sign | (segment << 4) | interval) ^ 0x55;
}

const bias = 33;

/** µ-law: all bits are inverted. */
export function toUlaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(8158, Math.abs(sample) >> 2) + bias;
  const segment = Math.max(0, highestBit(magnitude) - 5);
  const interval = (magnitude >> (segment + 1)) & 15;
  return ~(sign | (segment << 4) | interval) & 0xff;
}
