import { describe, expect, it } from 'vitest';
import { bytesOf as bytesOfAll, FakeFootage, timeBox } from '../../../../test/harness/fake-footage.js';
import type { Fragment, InitSegment } from '../../lib/fragment.js';
import { box, fullBox, u32, u64 } from '../../lib/isobmff/box-writer.js';
import { createPlayback } from './playback.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const camera = 'camera';
const timescale = 1000;

function initSegment(id: string): InitSegment {
  const bytes = Buffer.concat([box('ftyp', Buffer.from('isom')), box('moov')]);
  return { id, bytes, codec: 'avc1.64001f', width: 16, height: 16, timescale, trackId: 1 };
}
const init = initSegment('init-a');

/** A fragment of five frames a second, 10 bytes each, whose frames are shown in the order that `offsets` gives. */
function fragment(atMs: number, options: Partial<Fragment> & { offsets?: number[]; frames?: number } = {}): Fragment {
  const { offsets, frames = 5, ...changes } = options;
  const samples = Array.from({ length: frames }, (_, index) => offsets?.[index] ?? 0);
  const media = BigInt(atMs);
  const trun = (dataOffset: number) =>
    fullBox(...(['trun', 1, 0xa01, u32(frames, dataOffset)] as const), ...samples.map((offset) => u32(10, offset)));
  const moof = (dataOffset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(1)),
      box('traf', fullBox('tfhd', 0, 0x20028, u32(1, 200, 0)), fullBox('tfdt', 1, 0, u64(media)), trun(dataOffset)),
    );
  return {
    init,
    bytes: Buffer.concat([moof(moof(0).length + 8), box('mdat', Buffer.alloc(10 * frames))]),
    independent: false,
    startAtMs: startAtMs + atMs,
    durationMs: frames * 200,
    baseMediaDecodeTime: media,
    sampleCount: frames,
    timeSource: 'rtcp',
    run: 1,
    ...changes,
  };
}

/** One-second fragments from `fromS` to `toS`, a keyframe every `gopS`. */
function second(fromS: number, toS: number, gopS: number, change: (index: number) => Partial<Fragment> = () => ({})) {
  return Array.from({ length: toS - fromS }, (_, index) =>
    fragment((fromS + index) * 1000, { independent: index % gopS === 0, ...change(index) }),
  );
}

function playbackOf(footage: FakeFootage) {
  return createPlayback({ footage, pictures: { picture: () => Promise.reject(new Error('no pictures here')) } });
}

async function playlist(
  fragments: (Fragment | 'new file')[],
  range: [number, number] = [0, 3600],
  mode: 'full' | 'keyframes' = 'full',
): Promise<string[]> {
  const footage = new FakeFootage('f');
  fragments.forEach((item, index) => {
    if (item !== 'new file') footage.append(camera, item, fragments[index - 1] === 'new file');
  });
  const [fromS, toS] = range;
  const text = await playbackOf(footage).playlist(camera, startAtMs + fromS * 1000, startAtMs + toS * 1000, mode);
  expect(text.endsWith('\n')).toBe(true);
  return text.trimEnd().split('\n');
}

const head = (targetDuration: number, independent = true) => [
  '#EXTM3U',
  '#EXT-X-VERSION:7',
  `#EXT-X-TARGETDURATION:${targetDuration}`,
  '#EXT-X-MEDIA-SEQUENCE:0',
  '#EXT-X-PLAYLIST-TYPE:VOD',
  ...(independent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
];
const bytesOf = fragment(0).bytes.length;
const stride = bytesOf + timeBox.length;
/** Where a fragment begins in its file. */
const at = (index: number) => initBytes + timeBox.length + index * stride;
const initBytes = init.bytes.length;
const map = (file: number) => `#EXT-X-MAP:URI="files/f-${file}.mp4",BYTERANGE="${initBytes}@0"`;
const segment = (time: string, seconds: string, file: number, count: number, after: number) => [
  `#EXT-X-PROGRAM-DATE-TIME:2026-11-22T${time}Z`,
  `#EXTINF:${seconds},`,
  `#EXT-X-BYTERANGE:${count * stride - timeBox.length}@${at(after)}`,
  `files/f-${file}.mp4`,
];
const tail = ['#EXT-X-ENDLIST'];

describe('the playlist of recorded footage', () => {
  it('merges whole groups of pictures up to six seconds', async () => {
    expect(await playlist(second(0, 9, 2))).toEqual([
      ...head(6),
      map(1),
      ...segment('07:30:00.000', '6.00000', 1, 6, 0),
      ...segment('07:30:06.000', '3.00000', 1, 3, 6),
      ...tail,
    ]);
  });

  it('begins with the keyframe before the range and ends with the fragment that reaches its end', async () => {
    expect(await playlist(second(0, 20, 4), [5.5, 9.2])).toEqual([
      ...head(6),
      map(1),
      ...segment('07:30:04.000', '6.00000', 1, 6, 4),
      ...tail,
    ]);
  });

  it('states the instant of the frame shown first, also where B-frames delay it', async () => {
    // I P B B of a stream that reorders: everything is shown 400 ms after it is decoded.
    const offsets = [400, 800, 200, 200, 400];
    const fragments = second(0, 6, 2).map((plain, index) =>
      fragment(index * 1000, { independent: plain.independent, offsets }),
    );
    const lines = await playlist(fragments, [2.1, 6]);
    expect(lines).toEqual([
      ...head(6),
      map(1),
      // The range begins before 07:30:02.400, the first frame of the second group: the first group is needed.
      ...segment('07:30:00.400', '6.00000', 1, 6, 0),
      ...tail,
    ]);
    expect(await playlist(fragments, [2.4, 6])).toEqual([
      ...head(4),
      map(1),
      ...segment('07:30:02.400', '4.00000', 1, 4, 2),
      ...tail,
    ]);
  });

  it('keeps a group of a minute as one segment', async () => {
    const lines = await playlist(second(0, 65, 60));
    expect(lines).toEqual([
      ...head(60),
      map(1),
      ...segment('07:30:00.000', '60.00000', 1, 60, 0),
      ...segment('07:31:00.000', '5.00000', 1, 5, 60),
      ...tail,
    ]);
  });

  it('splits an endless group, and then does not call segments independent', async () => {
    const lines = await playlist(second(0, 100, 1000));
    expect(lines).toEqual([
      ...head(70, false),
      map(1),
      ...segment('07:30:00.000', '70.00000', 1, 70, 0),
      ...segment('07:31:10.000', '30.00000', 1, 30, 70),
      ...tail,
    ]);
  });

  it('goes on into the next file without a discontinuity', async () => {
    const lines = await playlist([...second(0, 4, 2), 'new file', ...second(4, 6, 2)]);
    expect(lines).toEqual([
      ...head(4),
      map(1),
      ...segment('07:30:00.000', '4.00000', 1, 4, 0),
      map(2),
      ...segment('07:30:04.000', '2.00000', 2, 2, 0),
      ...tail,
    ]);
  });

  it('marks a reconnection, and skips what cannot be decoded after it', async () => {
    const again = second(0, 4, 2, (index) => ({
      run: 2,
      startAtMs: startAtMs + 60_000 + index * 1000,
      independent: index === 1,
    }));
    expect(await playlist([...second(0, 2, 2), ...again])).toEqual([
      ...head(3),
      map(1),
      ...segment('07:30:00.000', '2.00000', 1, 2, 0),
      '#EXT-X-DISCONTINUITY',
      map(2),
      ...segment('07:31:01.000', '3.00000', 2, 3, 1),
      ...tail,
    ]);
  });

  it('marks a change of stream parameters', async () => {
    const changed = second(2, 4, 2, () => ({ init: initSegment('init-b') }));
    expect(await playlist([...second(0, 2, 2), ...changed])).toEqual([
      ...head(2),
      map(1),
      ...segment('07:30:00.000', '2.00000', 1, 2, 0),
      '#EXT-X-DISCONTINUITY',
      map(2),
      ...segment('07:30:02.000', '2.00000', 2, 2, 0),
      ...tail,
    ]);
  });

  it.each([
    ['at a keyframe', 2, ['#EXT-X-DISCONTINUITY'], true],
    ['between keyframes', 1, [], false],
  ])('follows a step of the clock %s', async (_where, at, mark, independent) => {
    const fragments = second(0, 4, 2, (index) => ({
      startAtMs: startAtMs + index * 1000 + (index >= at ? 5000 : 0),
    }));
    const second0 = `07:30:0${at + 5}.000`;
    const lines = await playlist(fragments);
    expect(lines.slice(0, head(2, independent).length)).toEqual(head(independent ? 2 : 3, independent));
    expect(lines.slice(head(2, independent).length)).toEqual([
      map(1),
      ...segment('07:30:00.000', `${at}.00000`, 1, at, 0),
      ...mark,
      ...(at === 2 ? segment(second0, '2.00000', 1, 2, 2) : segment(second0, '3.00000', 1, 3, 1)),
      ...tail,
    ]);
  });

  it('of keyframes has the same times, one picture in two seconds', async () => {
    const again = second(0, 3, 3, (index) => ({ run: 2, startAtMs: startAtMs + 60_000 + index * 1000 }));
    const url = (file: number, after: number) => `keyframes/f-${file}-${at(after)}.m4s`;
    expect(await playlist([...second(0, 6, 1), ...again], [0, 3600], 'keyframes')).toEqual([
      ...head(3),
      '#EXT-X-MAP:URI="inits/f-1.mp4"',
      ...['#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:00.000Z', '#EXTINF:2.00000,', url(1, 0)],
      ...['#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:02.000Z', '#EXTINF:2.00000,', url(1, 2)],
      ...['#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:04.000Z', '#EXTINF:2.00000,', url(1, 4)],
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="inits/f-2.mp4"',
      ...['#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:31:00.000Z', '#EXTINF:3.00000,', url(2, 0)],
      ...tail,
    ]);
  });

  it('without footage says where the nearest is', async () => {
    const again = second(0, 3, 3, (index) => ({ run: 2, startAtMs: startAtMs + 7_200_000 + index * 1000 }));
    await expect(playlist([...second(0, 10, 2), ...again], [60, 120])).rejects.toMatchObject({
      kind: 'not_found',
      code: 'no_footage',
      details: { sinceAt: '2026-11-22T07:30:10.000Z', nextAt: '2026-11-22T09:30:00.000Z' },
    });
    await expect(playlist(second(100, 101, 1), [60, 70])).rejects.toMatchObject({
      details: { sinceAt: null, nextAt: '2026-11-22T07:31:40.000Z' },
    });
    await expect(playlist([], [60, 70])).rejects.toMatchObject({ details: { sinceAt: null, nextAt: null } });
  });

  it.each([
    [5, 5],
    [6, 5],
    [0, 200_000],
    [0, Number.NaN],
  ])('refuses the range from %d s to %d s', async (from, to) => {
    await expect(playlist(second(0, 2, 2), [from, to])).rejects.toMatchObject({ kind: 'invalid', code: 'bad_range' });
  });

  it('of a day stays bounded, and reads each header once', async () => {
    const footage = new FakeFootage('f');
    for (let atS = 0; atS < 86_400; atS += 6)
      footage.append(camera, fragment(atS * 1000, { independent: true, frames: 30 }));
    const playback = playbackOf(footage);
    const text = await playback.playlist(camera, startAtMs, startAtMs + 86_400_000, 'full');
    expect(text.split('#EXTINF').length - 1).toBe(14_400);
    // The header of each segment once, and never again.
    const { reads } = footage;
    expect(reads).toBeLessThan(14_500);
    expect(await playback.playlist(camera, startAtMs, startAtMs + 86_400_000, 'full')).toBe(text);
    expect(footage.reads).toBe(reads);
    const fast = await playback.playlist(camera, startAtMs, startAtMs + 86_400_000, 'keyframes');
    expect(fast.split('#EXTINF').length - 1).toBeLessThanOrEqual(20_000);
  });
});

it('keeps the instants of a long range where the delay of B-frames changes inside of a file, and back', async () => {
  const footage = new FakeFootage('f');
  const groups = 300;
  const later = (group: number) => group >= 120 && group < 140;
  // Each segment is one group of 8 s; a few of them are delayed by 200 ms more than the others.
  for (let group = 0; group < groups; group++)
    for (let index = 0; index < 8; index++)
      footage.append(
        camera,
        fragment((group * 8 + index) * 1000, {
          independent: index === 0,
          offsets: later(group) ? [400, 600, 400, 400, 400] : [200, 400, 200, 200, 200],
        }),
      );
  const end = startAtMs + groups * 8000;
  const playback = playbackOf(footage);
  for (const mode of ['full', 'keyframes'] as const) {
    const text = await playback.playlist(camera, startAtMs, end, mode);
    const instants = [...text.matchAll(/DATE-TIME:(.+)/g)].map((match) => Date.parse(match[1] ?? '') - startAtMs);
    const firsts = Array.from({ length: groups }, (_, group) => group * 8000 + (later(group) ? 400 : 200));
    expect(instants).toEqual(firsts);
  }
});

describe('the bytes of recorded footage', () => {
  const footage = new FakeFootage('f');
  for (const item of [...second(0, 20, 2), ...second(0, 4, 2, () => ({ run: 2, startAtMs: startAtMs + 90_000 }))])
    footage.append(camera, item);
  const playback = playbackOf(footage);
  const guard = { fromMs: startAtMs + 5000, toMs: startAtMs + 9000 };

  it.each([
    ['the init segment', 0, initBytes],
    ['one fragment', at(4), at(4) + bytesOf],
    ['all that the range needs', at(4), at(8) + bytesOf],
    ['part of a fragment', at(5) + 3, at(5) + 4],
  ])('gives %s', async (_what, start, end) => {
    const range = await playback.fileRange(camera, 'f-1', start, end, guard);
    expect(range).toMatchObject({
      startByte: start,
      endByte: end,
      totalBytes: at(20) - timeBox.length,
      contentType: 'video/mp4',
    });
    expect(await bytesOfAll(range.pieces)).toEqual(await footage.read('f-1', start, end - start));
  });

  it.each([
    ['before the range', at(3), at(3) + bytesOf, 'forbidden'],
    ['between fragments', at(5) - 8, at(5) + 8, 'forbidden'],
    ['past the last fragment', at(8), at(8) + bytesOf + 1, 'forbidden'],
    ['behind the range', at(8), at(10), 'forbidden'],
    ['from init on', 0, at(1), 'forbidden'],
    ['nothing', at(5), at(5), 'forbidden'],
    ['below zero', -1, 4, 'forbidden'],
    ['past the end', at(19), at(30), 'forbidden'],
  ])('refuses bytes %s', async (_what, start, end, kind) => {
    await expect(playback.fileRange(camera, 'f-1', start, end, guard)).rejects.toMatchObject({ kind });
  });

  it('refuses the file of another camera', async () => {
    await expect(playback.fileRange('other', 'f-1', at(4), at(5), guard)).rejects.toMatchObject({
      kind: 'not_found',
      code: 'footage_gone',
    });
    await expect(playback.init('other', 'f-1')).rejects.toMatchObject({ code: 'footage_gone' });
    await expect(playback.fileRange(camera, 'f-2', at(0), at(1), guard)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});
