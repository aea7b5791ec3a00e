import { describe, expect, it } from 'vitest';
import { codecOf, streamsToTry } from './playable-codecs.js';

const facts = (codec: string) => ({
  profileToken: 'p',
  codec,
  width: 1,
  height: 1,
  frameRate: null,
  bitrateKbps: null,
});

describe('streams to try', () => {
  it.each([
    ['H264', 'H264', 'main', ['main', 'sub', 'converted']],
    ['H264', 'H264', 'sub', ['sub', 'main', 'converted']],
    ['H264', null, 'sub', ['main', 'converted']],
    ['H265', 'H264', 'main', ['sub', 'converted']],
    ['H265', 'H265', 'main', ['converted']],
    ['JPEG', null, 'main', ['converted']],
    ['', 'H264', 'main', ['main', 'sub', 'converted']],
  ] as const)('main %s, sub %s, wished %s: %j', (main, sub, wished, expected) => {
    const camera = { main: facts(main), sub: sub === null ? null : facts(sub) };
    expect(streamsToTry(camera, wished, ['h264'])).toEqual(expected);
  });

  it('takes H.265 where the browser plays it', () => {
    expect(streamsToTry({ main: facts('H265'), sub: null }, 'main', ['h264', 'h265'])).toEqual(['main', 'converted']);
  });

  it.each([
    ['H.265', 'h265'],
    ['HEVC', 'h265'],
    ['JPEG', 'mjpeg'],
    ['MPEG4', 'mpeg4'],
    ['unknown', undefined],
  ])('reads %s', (name, codec) => {
    expect(codecOf(name)).toBe(codec);
  });
});
