import { expect, it } from 'vitest';
import { readSei } from './sei.js';
import type { VideoCodec } from './video-codec.js';

const uuid = '005bc93f2d715e95ada4796f90877a6f';
const older = '5369676e656420566964656f2e2e2e30';

it.each<[what: string, codec: VideoCodec, hex: string, recovery: number | undefined, signed: boolean]>([
  ['a recovery point at once', 'h264', '0606018480', 0, false],
  ['one of 19 pictures', 'h264', '0606030a0001' + '80', 19, false],
  ['one behind picture timing', 'h264', '06' + '010112' + '060184' + '80', 0, false],
  ['one with too long a refresh', 'h264', '06060500000800' + '0080', undefined, false],
  ['one of H.265', 'h265', '4e010601d080', 0, false],
  ['a signature', 'h264', `0605${'14'}${uuid}01020304` + '80', undefined, true],
  ['a signature of before', 'h265', `4e0105${'14'}${older}01020304` + '80', undefined, true],
  ['a signature behind timing', 'h264', `06010112${'0514'}${uuid}01020304` + '80', undefined, true],
  ["a maker's own", 'h264', `0605${'14'}${'ab'.repeat(20)}` + '80', undefined, false],
  ['one that ends early', 'h264', '0606', undefined, false],
  ['another kind', 'h264', '068902aabb80', undefined, false],
])('%s', (_, codec, hex, recoveryPictures, isSigned) => {
  expect(readSei(codec, Buffer.from(hex, 'hex'))).toEqual({ recoveryPictures, isSigned });
});
