import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { BoxStream, findBox, iterateBoxes } from './boxes.js';
import { hasVideo, parseInitSegment } from './init-segment.js';
import { parseMoof, parseTrackDefaults } from './moof.js';

function encode(...encoder: string[]): Buffer {
  return execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=10', '-t', '2', ...encoder],
    ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', 'pipe:1'],
  ]);
}
const bad = expect.objectContaining({ kind: 'invalid', code: 'bad_mp4' }) as Error;
let mp4: Buffer;
let init: Buffer;
let fragment: Buffer;

beforeAll(() => {
  mp4 = encode('-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '10', '-pix_fmt', 'yuv420p');
  const boxes = [...iterateBoxes(mp4)];
  const moof = boxes.findIndex(({ type }) => type === 'moof');
  init = mp4.subarray(0, boxes[moof]!.start);
  fragment = mp4.subarray(boxes[moof]!.start, boxes[moof + 1]!.end);
});

describe('boxes', () => {
  it('are found by path', () => {
    expect(findBox(mp4, 'moov', 'trak', 'mdia', 'hdlr')?.type).toBe('hdlr');
    expect(findBox(mp4, 'moov', 'none')).toBeUndefined();
  });

  it('come whole out of a stream, however it is cut', () => {
    const whole = [...iterateBoxes(mp4)].map(({ type, start, end }) => `${type} ${end - start}`);
    for (const step of [1, 7, 1000, mp4.length]) {
      const stream = new BoxStream();
      const seen: string[] = [];
      for (let at = 0; at < mp4.length; at += step)
        for (const box of stream.push(mp4.subarray(at, at + step))) seen.push(`${box.type} ${box.bytes.length}`);
      expect(seen).toEqual(whole);
      expect(stream.pendingBytes).toBe(0);
    }
  });

  it.each([
    ['half a header', Buffer.from([0, 0, 0])],
    ['a box beyond the end', Buffer.from([0, 0, 1, 0, 0x66, 0x72, 0x65, 0x65])],
    ['a box shorter than its header', Buffer.from([0, 0, 0, 4, 0x66, 0x72, 0x65, 0x65])],
    ['a box without length', Buffer.from([0, 0, 0, 0, 0x66, 0x72, 0x65, 0x65])],
    ['zeros', Buffer.alloc(16)],
  ])('refuses %s', (_name, bytes) => {
    expect(() => [...iterateBoxes(bytes)]).toThrow(bad);
  });

  it('bounds what a stream may hold back', () => {
    expect(() => new BoxStream(100).push(Buffer.from([0, 0, 1, 0, 0x66, 0x72, 0x65, 0x65]))).toThrow(bad);
  });
});

describe('parseInitSegment', () => {
  it.each([
    [['-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.0', '-pix_fmt', 'yuv420p'], 'avc1.42c01e'],
    [['-c:v', 'libx264', '-profile:v', 'high', '-level', '4.0', '-pix_fmt', 'yuv420p'], 'avc1.640028'],
    [
      ['-c:v', 'libx265', '-x265-params', 'log-level=none', '-tag:v', 'hvc1', '-pix_fmt', 'yuv420p'],
      /^hvc1\.1\.6\.L\d+\.90$/,
    ],
  ])('%j', (encoder, codec) => {
    const parsed = parseInitSegment(encode('-preset', 'veryfast', ...encoder));
    expect(parsed.codec).toMatch(codec);
    expect(parsed).toMatchObject({ width: 96, height: 64, trackId: 1 });
    expect(parsed.id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells what is no video that can be recorded', () => {
    expect(hasVideo(init)).toBe(true);
    const other = encode('-c:v', 'mpeg4');
    expect(() => parseInitSegment(Buffer.from(other.toString('latin1').replace('mp4v', 'abcd'), 'latin1'))).toThrow(
      bad,
    );
  });

  it.each([
    [['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'], /^mp4v\.6C$/],
    [['-c:v', 'mpeg4'], /^mp4v\.20\.\d+$/],
  ])('knows what is kept as it came: %s', (encoder, codec) => {
    const init = encode(...encoder);
    expect(hasVideo(init)).toBe(true);
    expect(parseInitSegment(init).codec).toMatch(codec);
  });
});

describe('parseMoof', () => {
  it('finds the samples that ffprobe finds', () => {
    const packets = execFileSync(
      'ffprobe',
      ['-v', 'error', '-show_entries', 'packet=pts,dts,size,flags', '-of', 'csv=p=0', '-f', 'mp4', '-i', 'pipe:0'],
      { input: mp4 },
    );
    const expected = packets.toString().trim().split('\n').slice(0, 10);
    const moof = parseMoof(fragment, parseTrackDefaults(init, 1));
    let dts = Number(moof.baseMediaDecodeTime);
    const first = expected[0]!.split(',');
    const shift = Number(first[1]) - dts;
    const found = moof.samples.map((sample) => {
      const line = [dts + sample.compositionOffset + shift, dts + shift, sample.size, sample.isSync ? 'K_' : '__'];
      dts += sample.duration;
      return line.join(',');
    });
    expect(found).toEqual(expected.map((line) => line.slice(0, line.lastIndexOf(',') + 3)));
  });

  it('never reads past what is there, whatever the damage', () => {
    const defaults = parseTrackDefaults(init, 1);
    for (let round = 0; round < 2000; round++) {
      const spoiled = Buffer.from(fragment);
      const at = Math.floor(Math.random() * Math.min(400, spoiled.length));
      spoiled[at] = Math.floor(Math.random() * 256);
      const cut = round % 2 === 0 ? spoiled : spoiled.subarray(0, Math.floor(Math.random() * spoiled.length));
      let parsed;
      try {
        parsed = parseMoof(cut, defaults);
      } catch (error) {
        expect(error).toEqual(bad);
        continue;
      }
      for (const { offset, size } of parsed.samples) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset + size).toBeLessThanOrEqual(cut.length);
      }
    }
  });
});
