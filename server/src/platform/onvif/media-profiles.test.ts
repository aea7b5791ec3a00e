import { describe, expect, it } from 'vitest';
import { chooseStreams } from './media-profiles.js';

const profile = (profileToken: string, codec: string, width: number, height: number, bitrateKbps: number | null) => ({
  profileToken,
  codec,
  width,
  height,
  frameRate: 25,
  bitrateKbps,
});

describe('chooseStreams', () => {
  it.each([
    ['fewer pixels', [profile('a', 'H264', 1280, 720, 2000), profile('b', 'H264', 640, 360, 300)], 'a', 'b'],
    [
      'as many pixels at a lower bitrate',
      [profile('a', 'H264', 640, 360, 1000), profile('b', 'H264', 640, 360, 200)],
      'a',
      'b',
    ],
    [
      'as many pixels at the same bitrate',
      [profile('a', 'H264', 640, 360, 500), profile('b', 'H264', 640, 360, 500)],
      'a',
      null,
    ],
    [
      'as many pixels at bitrates that are not told',
      [profile('a', 'H264', 640, 360, null), profile('b', 'H264', 640, 360, null)],
      'a',
      null,
    ],
    [
      'H.265 is no sub-stream for a browser',
      [profile('a', 'H265', 1920, 1080, 4000), profile('b', 'H265', 640, 360, 300)],
      'a',
      null,
    ],
    [
      'H.264 beside an H.265 main stream',
      [profile('b', 'H264', 640, 360, 300), profile('a', 'H265', 1920, 1080, 4000)],
      'a',
      'b',
    ],
    [
      'H.264 before larger pictures in JPEG',
      [profile('j', 'JPEG', 1920, 1080, null), profile('a', 'H264', 1280, 720, 2000)],
      'a',
      null,
    ],
    [
      'JPEG and MPEG-4 where there is nothing else',
      [profile('m', 'MPV4ES', 640, 480, 500), profile('j', 'JPEG', 1280, 720, null)],
      'j',
      null,
    ],
  ])('%s', (_, profiles, main, sub) => {
    const chosen = chooseStreams(profiles);
    expect(chosen.main.profileToken).toBe(main);
    expect(chosen.sub?.profileToken ?? null).toBe(sub);
  });

  it('refuses a camera without video', () => {
    expect(() => chooseStreams([])).toThrow('the camera offers no video');
  });
});
